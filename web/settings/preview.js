// How customers will see it: booking page, tracking page, and the first text message.

import { accentsOf, brandParts, callLink } from "/shared/ui/business_brand.js";
import { el, fill } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { clockText } from "/settings/state/setting_values.js";

const WORDS = {
  en: {
    book: "Book a pickup",
    submit: "Book pickup",
    suspended: "Not taking bookings online now",
    requested: "After booking: “We received your request”",
    name: "Ada",
    window: " Tue, Dec 1, 8 AM-12 PM",
  },
  es: {
    book: "Reserve una recogida",
    submit: "Reservar recogida",
    suspended: "Ahora no aceptamos reservas en línea",
    requested: "Tras reservar: “Recibimos su solicitud”",
    name: "Ada",
    window: " mar 1 dic, 8:00-12:00",
  },
};
const LINK = "…/track/kX9bQ2vN7rT4wY1zA6cE3g";

/** The three as they would be with `settings`; `flow` has the words of statuses and texts. */
export function drawPreview(root, settings, flow) {
  const language = settings.language ?? "en";
  paint(root, settings.accent_color ?? null);
  const first = flow?.statuses?.[0];
  const top = () => header(settings, language);
  fill(
    root,
    screen("Booking page", "preview-booking", [top(), booking(settings, language)]),
    screen("Tracking page", "preview-tracking", [top(), tracking(first, language)]),
    screen("First text message", "preview-text", [message(first, settings, language)]),
  );
}

function paint(root, color) {
  const accents = color === null ? null : accentsOf(color);
  const names = { "--business-light": "light", "--business-on-light": "on_light" };
  const dark = { "--business-dark": "dark", "--business-on-dark": "on_dark" };
  for (const [property, name] of Object.entries({ ...names, ...dark })) {
    if (accents) root.style.setProperty(property, accents[name]);
    else root.style.removeProperty(property);
  }
  root.toggleAttribute("data-accent", accents !== null);
}

function screen(title, id, parts) {
  return el(
    "figure.screen",
    { "data-testid": id },
    el("figcaption.small.quiet", {}, title),
    el("div.glass", { inert: true }, parts),
  );
}

function header(settings, language) {
  return el(
    "div.mini-top",
    {},
    el("span.brand", {}, brandParts(settings)),
    callLink(settings, language),
  );
}

function booking(settings, language) {
  const words = WORDS[language];
  if (settings.suspended) return el("p.mini-title", {}, words.suspended);
  const windows = (settings.windows ?? []).map(({ start, end }) =>
    el("span.chip", {}, `${clockText(start)} – ${clockText(end)}`),
  );
  return [
    el("p.mini-title", {}, words.book),
    el("div.chips", {}, windows),
    el("span.button.main", {}, words.submit),
    settings.cancellation_policy && el("p.small", {}, localized(settings.cancellation_policy, language)),
    settings.accepts_bookings === "by_dispatcher" && el("p.small.quiet", {}, words.requested),
  ];
}

function tracking(status, language) {
  return el("p.mini-title", {}, status ? localized(status.label, language) : "…");
}

function message(status, settings, language) {
  const words = WORDS[language];
  const fields = {
    business: settings.name ?? "",
    first_name: words.name,
    window: words.window,
    eta: "",
    link: LINK,
  };
  const template = localized(status?.sms, language) || "{business}: …";
  const text = template.replace(/\{(\w+)\}/g, (_, name) => fields[name] ?? "");
  return el("p.bubble", { "data-testid": "preview-sms" }, text);
}
