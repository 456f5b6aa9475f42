// The state of the booking form: validation, the stored draft, and sending exactly once.

import { NoAnswer, Problem, newId } from "../api/api.js";
import { expectLink } from "./recent_bookings.js";
import { phoneNumber } from "../ui/phone_number.js";
import { MAIN } from "../ui/storage.js";
import { DAY_MS, HOUR_MS } from "../ui/time.js";
import { estimateOf } from "./price_guide.js";
import { ANY_TIME, dayFault, momentsOf, windowNamed } from "./booking_calendar.js";

const DRAFT = "haulway.booking.draft";
const SENDING = "haulway.booking.sending";
const BOOKED = "haulway.booking.booked";
const DRAFT_FOR_MS = DAY_MS;
const SENDING_FOR_MS = 12 * HOUR_MS;
export const LIMITS = Object.freeze({ name: 200, address: 200, what: 2000 });

export const EMPTY = Object.freeze({
  name: "",
  phone: "",
  address: "",
  what: "",
  day: "",
  window: "",
  language: "en",
  /** The load that is expected; empty: not sure. */
  load: "",
  /** {name: count} and names, of the price guide. */
  items: {},
  surcharges: [],
});

/**
 * The error of each field: {field: key of the message}; empty if there are none. Days and
 * windows are those of `business`; null while it is not known.
 */
export function faultsOf(form, now_ms, business) {
  const faults = {
    name: textFault(form.name, LIMITS.name),
    phone: phoneFault(form.phone),
    address: addressFault(form.address),
    what: textFault(form.what, LIMITS.what),
    day: whenFault(form, now_ms, business),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
}

function textFault(text, longest) {
  if (!/[\p{L}\p{N}]/u.test(text)) return "missing"; // spaces and invisible characters do not count
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

function whenFault({ day, window }, now_ms, business) {
  if (day === "") return null;
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day))) return "not_a_day";
  const fault = dayFault(day, window, now_ms, business);
  return fault === "no_window" && window === ANY_TIME ? null : fault;
}

/** {window_start, window_end} of a day and the name of a window that the business offers. */
export function arrivalOf(day, name, business) {
  const { start_ms, end_ms } = momentsOf(day, windowNamed(name, business), business);
  const iso = (ms) => new Date(ms).toISOString();
  return { window_start: iso(start_ms), window_end: iso(end_ms) };
}

/** Whether the list that was typed or tapped has the thing. */
export function includesThing(text, thing) {
  return thingsIn(text).some((each) => sameThing(each, thing));
}

/** The list with `thing` added, or removed if it was there. */
export function toggled(text, thing) {
  const things = thingsIn(text);
  const others = things.filter((each) => !sameThing(each, thing));
  const added = others.length === 0 ? thing : thing.toLowerCase();
  return (others.length < things.length ? others : [...others, added]).join(", ");
}

function thingsIn(text) {
  return text
    .split(/[,;\n]/)
    .map((thing) => thing.trim())
    .filter(Boolean);
}

function sameThing(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

/** The version of `texts_consent` in web/book/words.js; docs/messages.md has all of them. */
export const CONSENT_WORDING = "booking-1";

/** The `POST /api/bookings` request of a form without errors. */
export function requestOf(form, business) {
  return {
    name: form.name.trim(),
    phone: phoneNumber(form.phone),
    address: form.address.trim(),
    what: form.what.trim(),
    ...timeIn(form, business),
    language: form.language,
    consent_wording: CONSENT_WORDING,
    ...(business?.price_guide && { estimate: wantedIn(form, business.price_guide) }),
  };
}

/** A window, a day that is full, or nothing for any day. */
function timeIn({ day, window }, business) {
  if (day === "") return {};
  return window === ANY_TIME ? { preferred_day: day } : arrivalOf(day, window, business);
}

/** The range of a form by the price guide of the business. */
export function estimateIn(form, { price_guide }) {
  return estimateOf(price_guide, wantedIn(form, price_guide));
}

/** What the service is told. What is no longer in the guide is left out: a draft may be old. */
export function wantedIn({ load = "", items = {}, surcharges = [] }, guide) {
  const has = (list, name) => (list ?? []).some((entry) => entry.name === name);
  return {
    load_size: load || null,
    items: Object.entries(items)
      .filter(([name]) => has(guide.items, name))
      .map(([name, count]) => ({ name, count })),
    surcharges: surcharges.filter((name) => has(guide.surcharges, name)),
  };
}

/**
 * One booking from the draft to its tracking link.
 *
 *     writing ──send──▶ sending ──201──▶ booked
 *        ▲                 │ no answer: `sending` stays on the device, with its key
 *        └──4xx: nothing was booked──┘
 *
 * The key and the request are stored until an answer comes, so that trying again, reloading, or
 * coming back later cannot book twice.
 */
export class Booking {
  #device;
  #tab;
  #newKey;

  #tenant;

  /** `tenant`: the business that is booked with; the memories are its own. */
  constructor({ device, tab, tenant = MAIN, newKey = newId }) {
    this.#device = device;
    this.#tab = tab;
    this.#tenant = tenant;
    this.#newKey = newKey;
  }

  /** What was typed before, or null if that was more than a day ago. */
  draft(now_ms) {
    const kept = documentIn(this.#device.get(DRAFT));
    if (kept?.form && now_ms - kept.at_ms < DRAFT_FOR_MS) return { ...EMPTY, ...texts(kept.form) };
    return null;
  }

  keepDraft(form, now_ms) {
    this.#device.set(DRAFT, JSON.stringify({ form, at_ms: now_ms }));
  }

  /** {key, request, at_ms}: a booking that is sent and not answered yet, or null. */
  unanswered(now_ms) {
    const kept = documentIn(this.#device.get(SENDING));
    return kept?.key && kept.request && now_ms - kept.at_ms < SENDING_FOR_MS ? kept : null;
  }

  /** {job_id, tracking_url, request}: what this tab has booked, or null. */
  booked() {
    const kept = documentIn(this.#tab.get(BOOKED));
    return typeof kept?.tracking_url === "string" ? kept : null;
  }

  /** Stores the request and its key before anything is sent. */
  prepare(form, now_ms, business) {
    const request = { ...requestOf(form, business), tenant: this.#tenant };
    const sending = { key: this.#newKey(), request, at_ms: now_ms };
    this.#device.set(SENDING, JSON.stringify(sending));
    return sending;
  }

  /**
   * Sends the prepared request: {job_id, tracking_url, request}. Raises NoAnswer or Problem. If the
   * Problem says that nothing was booked, the form can be changed and sent again.
   */
  async send(sending, api) {
    const headers = { "idempotency-key": sending.key };
    const options = { body: sending.request, headers, repeatable: true };
    try {
      const { body } = await api.ask("POST", "/bookings", options);
      return await this.#done(body, sending);
    } catch (error) {
      if (isRefusal(error)) this.#device.remove(SENDING);
      throw error;
    }
  }

  /** Drops the unanswered booking. If it did arrive, sending the form again books twice. */
  giveUp() {
    this.#device.remove(SENDING);
  }

  /** Starts a new booking. */
  again() {
    this.#tab.remove(BOOKED);
  }

  async #done({ job_id, tracking_url, tracking_token, estimate }, { request, at_ms }) {
    const booked = { job_id, tracking_url, request, ...(estimate && { estimate }) };
    this.#tab.set(BOOKED, JSON.stringify(booked));
    this.#device.remove(SENDING);
    this.#device.remove(DRAFT);
    await expectLink(this.#device, tracking_token ?? "", at_ms);
    return booked;
  }
}

/** The service says that nothing was booked: the request may be changed and sent again. */
export function isRefusal(error) {
  if (!(error instanceof Problem)) return false;
  return isSuspension(error) || isFull(error) || [400, 403, 413, 415, 422].includes(error.status);
}

/** The business takes no bookings online any more. */
export function isSuspension(error) {
  return error instanceof Problem && error.slug === "business-suspended";
}

/** The window has no place left; another one may. */
export function isFull(error) {
  return error instanceof Problem && error.slug === "slot-full";
}

/** Whether an automatic retry may help. */
export function isPassing(error) {
  return error instanceof NoAnswer || (error instanceof Problem && !isRefusal(error));
}

/** The tracking link; null if it is not a web address, because the page links to it. */
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
      .filter((name) => sameKind(form[name], EMPTY[name]))
      .map((name) => [name, form[name]]),
  );
}

function sameKind(one, other) {
  return one !== null && typeof one === typeof other && Array.isArray(one) === Array.isArray(other);
}

function documentIn(text) {
  try {
    const document = JSON.parse(text ?? "null");
    return typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}
