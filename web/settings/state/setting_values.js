// From what is typed to the values of settings: {value}, or {fault} in words. The server has the
// last word (422).

import { WEEKDAYS } from "../../shared/jobs/business.js";
import { phoneNumber } from "../../shared/ui/phone_number.js";

const COLOR = /^#[0-9a-f]{6}$/i;
const CODE = /^[A-Z0-9]{1,10}$/;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const MOST_JOBS = 100;
export const DAY_NAMES = Object.freeze({
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
});

export const LOAD_NAMES = Object.freeze({
  minimum: "Minimum",
  quarter: "Quarter load",
  half: "Half load",
  three_quarters: "Three quarters",
  full: "Full load",
});

const value = (found) => ({ value: found });
const fault = (text) => ({ fault: text });

export function requiredText(text, question) {
  return text.trim() === "" ? fault(question) : value(text.trim());
}

/** The text; null where there is none. */
export function optionalText(text) {
  return value(text.trim() || null);
}

export function optionalPhone(text) {
  if (text.trim() === "") return value(null);
  const number = phoneNumber(text);
  if (number !== null) return value(number);
  return fault("This does not look like a phone number. Write ten digits, or + and a country code.");
}

/** A web address; without a scheme it is one of https. */
export function optionalAddress(text) {
  const typed = text.trim();
  if (typed === "") return value(null);
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  const right = url && ["http:", "https:"].includes(url.protocol) && url.hostname.includes(".");
  if (!right) return fault("Write a web address, like https://example.com/privacy.");
  return value(url.href);
}

export function optionalColor(text) {
  const typed = text.trim();
  if (typed === "") return value(null);
  const color = typed.startsWith("#") ? typed : `#${typed}`;
  return COLOR.test(color)
    ? value(color.toLowerCase())
    : fault("Write a color as # and six digits, like #1d4ed8.");
}

export function wholeNumber(text, { least, most }) {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) {
    return value(number);
  }
  return fault(`Write a whole number from ${least} to ${most}.`);
}

/** A time of the day, as HH:MM. */
export function clockValue(text) {
  return CLOCK.test(text) ? value(text) : fault("Give a time.");
}

/** Times {start, end} of one day, in their order. */
export function spansValue(spans) {
  const ordered = spans.toSorted((one, other) => one.start.localeCompare(other.start));
  for (const [index, { start, end }] of ordered.entries()) {
    if (!CLOCK.test(start) || !CLOCK.test(end)) return fault("Give both times.");
    if (end <= start) {
      return fault(`${clockText(start)} to ${clockText(end)} ends before it begins.`);
    }
    const next = ordered[index + 1];
    if (next && next.start < end) {
      return fault(`The times overlap: ${clockText(end)} is after ${clockText(next.start)}.`);
    }
  }
  return value(ordered);
}

export function windowsValue(spans) {
  if (spans.length === 0) return fault("Offer at least one arrival window.");
  return spansValue(spans);
}

/** {mon: [{start, end}], …} with the open days only; a fault names its day. */
export function hoursValue(spansByDay) {
  const open = WEEKDAYS.filter((day) => spansByDay[day]?.length > 0);
  if (open.length === 0) return fault("Open on at least one day, or pause online bookings.");
  const hours = {};
  for (const day of open) {
    const found = spansValue(spansByDay[day]);
    if (found.fault) return { fault: `${DAY_NAMES[day]}: ${found.fault}`, day };
    hours[day] = found.value;
  }
  return value(hours);
}

export function isDay(date) {
  return DAY.test(date) && !Number.isNaN(Date.parse(date));
}

export function datesValue(dates) {
  const wrong = dates.find((date) => !isDay(date));
  return wrong === undefined ? value([...new Set(dates)].sort()) : fault(`${wrong} is no date.`);
}

/**
 * How many jobs windows take, {"mon": {"08:00": 4}}: the days, weekdays or dates, on which a number was
 * typed, and of each the windows with one.
 */
export function capacityValue(typedByDay) {
  const days = {};
  for (const [day, typed] of Object.entries(typedByDay)) {
    const given = Object.entries(typed).filter(([, text]) => text.trim() !== "");
    const numbers = given.map(([start, text]) => [start, wholeNumber(text, { least: 0, most: MOST_JOBS })]);
    const wrong = numbers.find(([, read]) => read.fault);
    if (wrong) return fault(`${DAY_NAMES[day] ?? day}, ${clockText(wrong[0])}: ${wrong[1].fault}`);
    if (given.length > 0) {
      days[day] = Object.fromEntries(numbers.map(([start, read]) => [start, read.value]));
    }
  }
  return value(days);
}

/** {full: 180} of the loads that take another time than usual. */
export function loadDurationsValue(chosen) {
  const given = Object.entries(chosen).filter(([, minutes]) => minutes !== "");
  return value(Object.fromEntries(given.map(([size, minutes]) => [size, Number(minutes)])));
}

/** Postal codes or their beginnings, as people separate them. */
export function codesValue(text) {
  const codes = text.toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const wrong = codes.find((code) => !CODE.test(code));
  if (wrong !== undefined) return fault(`“${wrong}” is no beginning of a postal code.`);
  return value([...new Set(codes)]);
}

export function quietValue({ begin, end }) {
  return CLOCK.test(begin) && CLOCK.test(end) ? value({ begin, end }) : fault("Give both times.");
}

/** {en, es} without what is empty; null where both are. */
export function policyValue(texts) {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  if (given.length === 0) return value(null);
  return value(Object.fromEntries(given.map(([language, text]) => [language, text.trim()])));
}

export function languagesValue(languages) {
  return languages.length > 0 ? value(languages) : fault("Offer at least one language.");
}

/** `8:00 AM` for `08:00`. */
export function clockText(clock) {
  const format = { hour: "numeric", minute: "2-digit", timeZone: "UTC" };
  return new Date(`2026-01-01T${clock}:00Z`).toLocaleTimeString("en-US", format);
}
