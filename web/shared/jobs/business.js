// What a page knows of the business without a session: its name, clock, hours and how to reach it.

import { isZone } from "../ui/business_time.js";

const KEPT = "haulway.business.";
const PHONE = /^\+\d{7,15}$/;
const COLOR = /^#[0-9a-f]{6}$/i;
const URL_OF_WEB = /^https?:\/\//i;
const LOGO = /^\/logos\/[a-z0-9-]{1,31}\/\d{6}-[0-9a-f]{32}\.png$/;
const CURRENCY = /^[A-Z]{3}$/;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const LANGUAGES = ["en", "es"];
const OPTIONAL_TEXTS = ["reminders", "on_my_way", "arriving"];

/** Weekdays as settings name them, in the order of a week that begins on Monday. */
export const WEEKDAYS = Object.freeze(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);

/** What holds where the business has not said otherwise, or is not known yet. */
export const DEFAULTS = Object.freeze({
  name: "",
  phone: null,
  website: null,
  language: "en",
  languages: LANGUAGES,
  accent_color: null,
  logo: null,
  windows: [
    { start: "08:00", end: "12:00" },
    { start: "12:00", end: "16:00" },
    { start: "16:00", end: "19:00" },
  ],
  open_days: WEEKDAYS,
  closed_dates: [],
  accepts_bookings: "at_once",
  reschedule_cutoff_minutes: 1440,
  cancel_reason_required: true,
  lead_minutes: 0,
  public_horizon_days: 90,
  privacy_url: null,
  terms_url: null,
  cancellation_policy: null,
  optional_texts: [],
  own_labels: {},
  suspended: false,
  currency: "USD",
  price_guide: null,
});

/** The business at that path of the API, as this device learned it last; null where it did not. */
export function storedBusiness(memory, path) {
  try {
    return businessIn(JSON.parse(memory.get(KEPT + path) ?? "null"));
  } catch {
    return null;
  }
}

/**
 * The business as the API tells it, else as it was kept; null where neither is known. `kept` says
 * what of it stays on the device.
 */
export async function readBusiness(api, memory, path, { tries, kept = (all) => all } = {}) {
  try {
    const business = businessIn((await api.get(path, { tries })).body);
    if (business) memory.set(KEPT + path, JSON.stringify(kept(business)));
    return business ?? storedBusiness(memory, path);
  } catch {
    return storedBusiness(memory, path); // no answer: the page goes by what it knows
  }
}

/** A document of the API with every field in its range; null without a zone that this browser has. */
export function businessIn(document) {
  if (!isZone(document?.time_zone)) return null;
  const { name, business, time_zone, cancellation_policy: policy } = document;
  const languages = listOf(document.languages, (each) => LANGUAGES.includes(each));
  const windows = listOf(document.windows, isWindow);
  return {
    name: String(name ?? business ?? ""),
    time_zone,
    phone: fitting(document.phone, PHONE),
    website: fitting(document.website, URL_OF_WEB),
    languages: languages ?? DEFAULTS.languages,
    language: LANGUAGES.includes(document.language) ? document.language : DEFAULTS.language,
    accent_color: fitting(document.accent_color, COLOR),
    logo: logoIn(document.logo),
    windows: windows ?? DEFAULTS.windows,
    open_days: listOf(document.open_days, (day) => WEEKDAYS.includes(day)) ?? DEFAULTS.open_days,
    closed_dates: listOf(document.closed_dates, (day) => DAY.test(day)) ?? [],
    accepts_bookings: document.accepts_bookings === "by_dispatcher" ? "by_dispatcher" : "at_once",
    reschedule_cutoff_minutes: numberOf(
      document.reschedule_cutoff_minutes,
      DEFAULTS.reschedule_cutoff_minutes,
    ),
    cancel_reason_required: document.cancel_reason_required !== false,
    lead_minutes: numberOf(document.lead_minutes, DEFAULTS.lead_minutes),
    public_horizon_days: numberOf(document.public_horizon_days, DEFAULTS.public_horizon_days),
    privacy_url: fitting(document.privacy_url, URL_OF_WEB),
    terms_url: fitting(document.terms_url, URL_OF_WEB),
    cancellation_policy: policy && typeof policy === "object" ? policy : null,
    optional_texts: listOf(document.optional_texts, (each) => OPTIONAL_TEXTS.includes(each)) ?? [],
    own_labels: labelsIn(document.own_labels),
    suspended: document.suspended === true,
    currency: fitting(document.currency, CURRENCY) ?? DEFAULTS.currency,
    price_guide: hasPrices(document.price_guide) ? document.price_guide : null,
  };
}

/** {"haul.on_hold": {en, es}}: what it calls statuses where that is not what the view says. */
function labelsIn(labels) {
  const known = ({ en, es }) => Object.entries({ en, es }).filter(([, text]) => text && typeof text === "string");
  const each = Object.entries(labels ?? {}).map(([name, label]) => [name, Object.fromEntries(known(label ?? {}))]);
  return Object.fromEntries(each);
}

/** {path, width, height}; null where there is none. */
function logoIn(logo) {
  const { path, width, height } = logo ?? {};
  return fitting(path, LOGO) && width > 0 && height > 0 ? { path, width, height } : null;
}

/** The amounts that an estimate cannot do without. */
function hasPrices(guide) {
  return Number.isInteger(guide?.minimum_cents) && Number.isInteger(guide?.full_cents);
}

function fitting(text, shape) {
  return typeof text === "string" && shape.test(text) ? text : null;
}

/** The entries that fit; null where there is no list, or one without a single good entry. */
function listOf(list, fits) {
  const good = Array.isArray(list) ? list.filter(fits) : [];
  return good.length > 0 ? good : null;
}

function isWindow(window) {
  return CLOCK.test(window?.start) && CLOCK.test(window?.end) && window.start < window.end;
}

function numberOf(value, fallback) {
  return Number.isInteger(value) && value >= 0 ? value : fallback;
}
