// Dates and times in the business's time zone. A date is `2026-11-21`, a time of day `07:30`.

import { DAY_MS } from "./time.js";

const FIRST_YEAR = 2000;
const LAST_YEAR = 2199;
const TYPED = /^(\d{4})-(\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)/;

/** The date of that moment in `zone`. */
export function dayAt(ms, zone) {
  const { year, month, day } = wallParts(ms, zone);
  return `${year}-${month}-${day}`;
}

/**
 * The moment of that date and time in `zone`. If clocks are set back and the time occurs twice, the
 * first one; if clocks are set forward and it does not occur, the same number of minutes later.
 */
export function momentAt(date, clock, zone) {
  const wall_ms = Date.parse(`${date}T${clock}Z`);
  const around = [-DAY_MS, DAY_MS].map((far_ms) => wall_ms - aheadMs(wall_ms + far_ms, zone));
  const right = around.filter((ms) => ms + aheadMs(ms, zone) === wall_ms);
  return right.length > 0 ? Math.min(...right) : around[0];
}

/** That many days later; earlier if negative. */
export function dayAfter(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** {begin_ms, end_ms} of the whole day: 23 or 25 hours when clocks change. */
export function wholeDay(date, zone) {
  return {
    begin_ms: momentAt(date, "00:00", zone),
    end_ms: momentAt(dayAfter(date, 1), "00:00", zone),
  };
}

/** The moments of hours {begin, end}; if they end before they begin, they go past midnight. */
export function hoursAt(date, { begin, end }, zone) {
  const endsOn = end <= begin ? dayAfter(date, 1) : date;
  return { begin_ms: momentAt(date, begin, zone), end_ms: momentAt(endsOn, end, zone) };
}

/** `Saturday, November 21`; with its year if that is not this year. */
export function longDayText(date, now_ms = Date.now(), zone = undefined) {
  const year = date.slice(0, 4) === dayAt(now_ms, zone).slice(0, 4) ? undefined : "numeric";
  const parts = { weekday: "long", month: "long", day: "numeric", year, timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-US", parts).format(Date.parse(`${date}T00:00:00Z`));
}

/** The value of an `<input type="datetime-local">` for a moment, in `zone`. */
export function inputOf(moment, zone) {
  if (!moment) return "";
  const { year, month, day, hour, minute } = wallParts(new Date(moment).getTime(), zone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** The moment of such an input as an ISO text; null if it is empty or not a time. */
export function momentIn(text, zone) {
  const [, year, date, clock] = TYPED.exec(fullYear(text ?? "")) ?? [];
  if (year === undefined || year < FIRST_YEAR || year > LAST_YEAR) return null;
  if (Number.isNaN(Date.parse(`${year}-${date}T${clock}Z`))) return null;
  return new Date(momentAt(`${year}-${date}`, clock, zone)).toISOString();
}

/** A date input's value with a two-digit year completed: `0026-…` becomes `2026-…`. */
export function fullYear(text) {
  return text.replace(/^00(?=\d\d-)/, "20");
}

/** `Eastern Time`, `hora oriental`. */
export function zoneName(zone, language = "en", now_ms = Date.now()) {
  const options = { timeZone: zone, timeZoneName: "longGeneric" };
  const parts = new Intl.DateTimeFormat(`${language}-US`, options).formatToParts(now_ms);
  return parts.find(({ type }) => type === "timeZoneName").value;
}

/** `All times are Eastern Time`; empty if this device has the same time. */
export function zoneText(zone, now_ms = Date.now()) {
  return isDeviceTime(zone, now_ms) ? "" : `All times are ${zoneName(zone, "en", now_ms)}`;
}

/** Whether this device has the same time as `zone`, now and throughout the year. */
export function isDeviceTime(zone, now_ms = Date.now()) {
  if (zone === undefined || zone === ownZone()) return true;
  const quarters = [0, 91, 182, 273].map((days) => now_ms + days * DAY_MS);
  return quarters.every((ms) => aheadMs(ms, zone) === aheadMs(ms, ownZone()));
}

/** Whether this browser knows the zone. */
export function isZone(zone) {
  try {
    return typeof zone === "string" && zoneName(zone) !== "";
  } catch {
    return false;
  }
}

function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** How far `zone` is ahead of UTC at that moment. */
function aheadMs(ms, zone) {
  const { year, month, day, hour, minute, second } = wallParts(ms, zone);
  const wall_ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return wall_ms - Math.floor(ms / 1000) * 1000;
}

const formats = new Map();

function wallParts(ms, zone) {
  if (!formats.has(zone)) {
    const two = "2-digit";
    const shape = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two };
    const format = new Intl.DateTimeFormat("en-US", { ...shape, hourCycle: "h23", timeZone: zone });
    formats.set(zone, format);
  }
  const parts = formats.get(zone).formatToParts(ms);
  const wall = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return { ...wall, year: wall.year.padStart(4, "0") };
}
