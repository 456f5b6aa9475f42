// The booking form without its DOM: what is valid, how it is kept, and how it is sent just once.

import { NoAnswer, Problem, newId } from "./api.js";
import { DAY_MS, HOUR_MS, dayInput } from "./time.js";

const DRAFT = "haulway.booking.draft";
const SENDING = "haulway.booking.sending";
const BOOKED = "haulway.booking.booked";
const DRAFT_FOR_MS = DAY_MS;
const SENDING_FOR_MS = 12 * HOUR_MS;
export const LATEST_DAYS = 90;
export const LIMITS = Object.freeze({ name: 200, address: 200, what: 2000 });

/** Arrival windows to choose from, in hours of the local day. */
export const WINDOWS = Object.freeze({ morning: [8, 12], afternoon: [12, 16], evening: [16, 19] });

export const EMPTY = Object.freeze({
  name: "",
  phone: "",
  address: "",
  what: "",
  day: "",
  window: "any",
  language: "en",
});

/** `+15555550123` for what a person typed, or null; without a country code it is a US number. */
export function phoneNumber(text) {
  const typed = text.trim().replace(/^00/, "+");
  const digits = typed.replace(/\D/g, "");
  if (typed.startsWith("+") && !digits.startsWith("1")) {
    return /^[2-9]\d{6,14}$/.test(digits) ? `+${digits}` : null;
  }
  const national = digits.replace(/^1/, "");
  return /^[2-9]\d{2}[2-9]\d{6}$/.test(national) ? `+1${national}` : null;
}

/** `(555) 555-0123`, also of a number that is still being typed; other countries' in peace. */
export function shownPhone(text) {
  if (/^\s*(\+(?!1)|00)/.test(text)) return text;
  const digits = text.replace(/\D/g, "").replace(/^1/, "").slice(0, 10);
  if (digits.length === 0) return text.trim() === "+" || /^\+?1$/.test(text.trim()) ? text : "";
  if (digits.length < 4) return `(${digits}`;
  const rest = digits.slice(3);
  return `(${digits.slice(0, 3)}) ${rest.length > 3 ? `${rest.slice(0, 3)}-${rest.slice(3)}` : rest}`;
}

/** What is wrong with each field: {field: key of the message}. Empty where all is well. */
export function faultsOf(form, now_ms) {
  const faults = {
    name: textFault(form.name, LIMITS.name),
    phone: phoneFault(form.phone),
    address: addressFault(form.address),
    what: textFault(form.what, LIMITS.what),
    day: dayFault(form, now_ms),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
}

function textFault(text, longest) {
  if (text.trim() === "") return "missing";
  return text.trim().length > longest ? "too_long" : null;
}

function phoneFault(text) {
  if (text.trim() === "") return "missing";
  return phoneNumber(text) === null ? "not_a_phone" : null;
}

function addressFault(text) {
  const fault = textFault(text, LIMITS.address);
  return fault ?? (text.trim().length < 6 ? "too_short" : null);
}

function dayFault({ day, window }, now_ms) {
  if (day === "") return null;
  const latest = dayInput(now_ms + LATEST_DAYS * DAY_MS);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day))) return "not_a_day";
  if (day < dayInput(now_ms)) return "past";
  if (day > latest) return "too_far";
  return endOf(day, window) <= now_ms ? "past" : null;
}

function endOf(day, window) {
  return window === "any" ? hourOf(day, 24) : hourOf(day, WINDOWS[window][1]);
}

/** The epoch milliseconds of an hour of that day in this device's zone. */
function hourOf(day, hour) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date, hour).getTime();
}

/** The request to `POST /api/bookings` that a form without faults stands for. */
export function requestOf(form) {
  const hours = WINDOWS[form.window] ?? [8, 19];
  const iso = (hour) => new Date(hourOf(form.day, hour)).toISOString();
  const arrival = form.day === "" ? {} : { window_start: iso(hours[0]), window_end: iso(hours[1]) };
  return {
    name: form.name.trim(),
    phone: phoneNumber(form.phone),
    address: form.address.trim(),
    what: form.what.trim(),
    ...arrival,
    language: form.language,
  };
}

/**
 * One booking from the first letter typed to its tracking link.
 *
 *     writing ──send──▶ sending ──201──▶ booked
 *        ▲                 │ no answer: `sending` stays on the device, with its key
 *        └──4xx: nothing was booked──┘
 *
 * The key and the very request are kept until an answer came, so that trying again, reloading or
 * coming back later can never book twice.
 */
export class Booking {
  #device;
  #tab;
  #newKey;

  constructor({ device, tab, newKey = newId }) {
    this.#device = device;
    this.#tab = tab;
    this.#newKey = newKey;
  }

  /** What was typed before, unless that was long ago. */
  draft(now_ms) {
    const kept = documentIn(this.#device.get(DRAFT));
    if (kept?.form && now_ms - kept.at_ms < DRAFT_FOR_MS) return { ...EMPTY, ...texts(kept.form) };
    return null;
  }

  keepDraft(form, now_ms) {
    this.#device.set(DRAFT, JSON.stringify({ form, at_ms: now_ms }));
  }

  /** {key, request, at_ms}: a booking that was sent and not answered yet, or null. */
  unanswered(now_ms) {
    const kept = documentIn(this.#device.get(SENDING));
    return kept?.key && kept.request && now_ms - kept.at_ms < SENDING_FOR_MS ? kept : null;
  }

  /** {job_id, tracking_url}: what this tab has booked, or null. */
  booked() {
    const kept = documentIn(this.#tab.get(BOOKED));
    return typeof kept?.tracking_url === "string" ? kept : null;
  }

  /** Note, before anything is sent, what is going to be sent and under which key. */
  prepare(form, now_ms) {
    const sending = { key: this.#newKey(), request: requestOf(form), at_ms: now_ms };
    this.#device.set(SENDING, JSON.stringify(sending));
    return sending;
  }

  /**
   * Send what was prepared: {job_id, tracking_url}. Raises NoAnswer or Problem; after one that
   * says that nothing was booked, the form is free again.
   */
  async send(sending, api) {
    const headers = { "idempotency-key": sending.key };
    const options = { body: sending.request, headers, repeatable: true };
    try {
      const { body } = await api.ask("POST", "/bookings", options);
      return this.#done(body);
    } catch (error) {
      if (isRefusal(error)) this.#device.remove(SENDING);
      throw error;
    }
  }

  /** Forget the unanswered booking. If it did arrive, sending the form again books twice. */
  giveUp() {
    this.#device.remove(SENDING);
  }

  /** Begin anew after a booking. */
  again() {
    this.#tab.remove(BOOKED);
  }

  #done({ job_id, tracking_url }) {
    const booked = { job_id, tracking_url };
    this.#tab.set(BOOKED, JSON.stringify(booked));
    this.#device.remove(SENDING);
    this.#device.remove(DRAFT);
    return booked;
  }
}

/** The service has answered that it did not book: the request may be changed and sent anew. */
export function isRefusal(error) {
  return error instanceof Problem && [400, 403, 413, 415, 422].includes(error.status);
}

/** Whether trying again by ourselves may help. */
export function isPassing(error) {
  return error instanceof NoAnswer || (error instanceof Problem && !isRefusal(error));
}

/** The tracking link, where it is one: it is about to become a link on our page. */
export function linkIn(booked, origin) {
  try {
    const url = new URL(booked.tracking_url, origin);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function texts(form) {
  return Object.fromEntries(
    Object.keys(EMPTY)
      .filter((name) => typeof form[name] === "string")
      .map((name) => [name, form[name]]),
  );
}

function documentIn(text) {
  try {
    const document = JSON.parse(text ?? "null");
    return typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}
