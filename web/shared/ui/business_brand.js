// The business on its pages: name, sign, accent color, "Call us", and what stands at the foot.

import { el, fill } from "./elements.js";
import { LANGUAGES } from "./i18n.js";
import { icon } from "./icons.js";
import { shownPhone } from "./phone_number.js";

const LIGHT_PAGE = "#f6f5f1";
const DARK_PAGE = "#141412";
const LEAST = 3; // WCAG 2.2, 1.4.11: what is not text stands out from what is around it
const STEP = 0.08;
const INK = "#1d1c19"; // what a business has before it chose a color: the pages' own, in style.css
const OWN = { light: INK, on_light: "#ffffff", dark: "#f3f1eb", on_dark: "#1a1917" };

const WORDS = {
  en: {
    call: "Call us",
    office: "Call the office",
    call_number: "Call us at {phone}",
    website: "Website",
    privacy: "Privacy",
    terms: "Terms",
    powered: "Powered by Haulway",
  },
  es: {
    call: "Llámenos",
    office: "Llamar a la oficina",
    call_number: "Llámenos al {phone}",
    website: "Sitio web",
    privacy: "Privacidad",
    terms: "Condiciones",
    powered: "Con tecnología de Haulway",
  },
};

/** `Board · Haul & Co`; the title alone while the name is not known. */
export function pageTitle(title, business) {
  return [title, business?.name].filter(Boolean).join(" · ");
}

/** The name with the logo, or a sign of its first letter in the business's color. */
export function brandParts(business) {
  const name = business?.name ?? "";
  if (name === "") return [];
  const sign = business.logo ? logoPicture(business.logo) : monogram(name);
  return [sign, el("span.brand-name", {}, name)];
}

function monogram(name) {
  const [first] = name.match(/[\p{L}\p{N}]/u) ?? ["·"];
  return el("span.monogram", { "aria-hidden": "true" }, first.toLocaleUpperCase());
}

/** With its size, so that nothing moves when it comes; without it the name stands alone. */
function logoPicture({ path, width, height }) {
  const hide = ({ target }) => {
    target.hidden = true;
  };
  return el("img.logo", { src: path, width, height, alt: "", onerror: hide, "data-testid": "logo" });
}

/** A link that calls the business; null where it has no number. */
export function callLink(business, language) {
  const { call, call_number } = WORDS[language];
  return phoneLink(business, call, call_number);
}

/** The same for its crew. */
export function officeLink(business, language) {
  const { office } = WORDS[language];
  return phoneLink(business, office, `${office}: {phone}`);
}

function phoneLink(business, text, label) {
  if (!business?.phone) return null;
  return el(
    "a.button.compact.call",
    {
      href: `tel:${business.phone}`,
      "aria-label": label.replace("{phone}", shownPhone(business.phone)),
      "data-testid": "call",
      "data-focus": "call",
    },
    icon("phone"),
    el("span", {}, text),
  );
}

/** What stands at the foot of a customer's page. */
export function footParts(business, language) {
  const words = WORDS[language];
  const { phone, website, privacy_url, terms_url } = business ?? {};
  const links = [
    phone && el("a", { href: `tel:${phone}` }, shownPhone(phone)),
    website && outside(website, words.website),
    privacy_url && outside(privacy_url, words.privacy),
    terms_url && outside(terms_url, words.terms),
  ].filter(Boolean);
  return [
    business?.name && el("p.small", {}, el("bdi", {}, business.name)),
    links.length > 0 && el("p.small.links", { "data-testid": "business-links" }, links),
    el("p.powered", { "data-testid": "powered" }, words.powered),
  ];
}

function outside(href, text) {
  return el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text);
}

/**
 * Put the business on a customer's page, in its places `#brand`, `#call` and `#business-foot`.
 *
 * The languages that can be chosen are those that it offers.
 */
export function showBusiness(business, language, page = document) {
  applyAccent(business?.accent_color ?? null);
  fillPlace(page, "brand", brandParts(business));
  fillPlace(page, "call", [callLink(business, language)]);
  fillPlace(page, "business-foot", footParts(business, language));
  const offered = business?.languages ?? LANGUAGES;
  const choice = page.querySelector(".switch");
  if (choice) choice.hidden = offered.length < 2;
}

/** Put name and color on a page of those who work here; Haulway's stay while they are not known. */
export function showBrand(business, page = document) {
  if (!business?.name) return;
  applyAccent(business.accent_color);
  const place = page.querySelector(".top .brand, .toolbar .brand");
  const shown = `${business.name} ${business.logo?.path ?? ""}`;
  if (place && place.dataset.business !== shown) {
    place.dataset.business = shown;
    fill(place, brandParts(business));
  }
}

/** Once more only where it would look different, so that nothing under a finger is replaced. */
function fillPlace(page, id, parts) {
  const place = page.getElementById(id);
  if (place === null) return;
  const next = fill(document.createElement("div"), parts);
  const same = next.textContent === place.textContent && sameAddresses(next, place);
  if (!same) fill(place, [...next.childNodes]);
}

function sameAddresses(one, other) {
  const addresses = (node) =>
    [...node.querySelectorAll("a, img")].map(({ href, src }) => href ?? src).join();
  return addresses(one) === addresses(other);
}

// The accent color, made readable: on light and on dark pages, and under text.

/**
 * {light, on_light, dark, on_dark}: the color for each color scheme, and the color of text on it.
 *
 * A color that would be lost on the page is moved towards the other end until it is not. Text on
 * it is black or white, one of which always has a contrast of more than 4.5.
 */
export function accentsOf(color) {
  if (color.toLowerCase() === INK) return OWN;
  const light = standingOut(color, LIGHT_PAGE, "#000000");
  const dark = standingOut(color, DARK_PAGE, "#ffffff");
  return { light, on_light: textOn(light), dark, on_dark: textOn(dark) };
}

/** `#ffffff` or `#000000`, which of them reads better. */
export function textOn(color) {
  return contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000";
}

/** The contrast of two colors, 1 to 21 (WCAG 2.2). */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Give the page that accent; null takes it back. */
export function applyAccent(color, root = document.documentElement) {
  const names = ["light", "on_light", "dark", "on_dark"];
  const accents = color === null ? {} : accentsOf(color);
  for (const name of names) {
    const property = `--business-${name.replace("_", "-")}`;
    if (accents[name]) root.style.setProperty(property, accents[name]);
    else root.style.removeProperty(property);
  }
  root.toggleAttribute("data-accent", color !== null);
}

function standingOut(color, page, end) {
  let moved = color;
  for (let share = STEP; contrast(moved, page) < LEAST && share <= 1; share += STEP) {
    moved = mixed(color, end, share);
  }
  return moved;
}

function mixed(color, end, share) {
  const [from, to] = [channels(color), channels(end)];
  const parts = from.map((value, index) => Math.round(value + (to[index] - value) * share));
  return `#${parts.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function channels(color) {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function luminance(color) {
  const [red, green, blue] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
