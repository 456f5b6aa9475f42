// Which days and arrival windows a customer may book, by the business's clock and hours.

import { dayAfter, dayAt, momentAt } from "../ui/business_time.js";
import { DEFAULTS, WEEKDAYS } from "./business.js";

const MINUTE_MS = 60_000;

/** The name of an arrival window in a form: `08:00-12:00`. */
export function nameOf({ start, end }) {
  return `${start}-${end}`;
}

/** The window of that name; undefined where the business does not offer it. */
export function windowNamed(name, business) {
  return windowsOf(business).find((window) => nameOf(window) === name);
}

export function windowsOf(business) {
  return business?.windows ?? DEFAULTS.windows;
}

/** {start_ms, end_ms} of a window on that day. */
export function momentsOf(day, { start, end }, business) {
  const zone = business?.time_zone;
  return { start_ms: clockAt(day, start, zone), end_ms: clockAt(day, end, zone) };
}

function clockAt(day, clock, zone) {
  if (clock === "24:00") return momentAt(dayAfter(day, 1), "00:00", zone);
  return momentAt(day, clock, zone);
}

/** The last day that can be booked. */
export function latestDay(today, business) {
  return dayAfter(today, business?.public_horizon_days ?? DEFAULTS.public_horizon_days);
}

/** Whether the business works on that day at all. */
export function isOpen(day, business) {
  const { open_days, closed_dates } = business ?? DEFAULTS;
  return open_days.includes(weekdayOf(day)) && !closed_dates.includes(day);
}

/** `mon` to `sun`. */
export function weekdayOf(day) {
  return WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7];
}

/** The windows of that day that still begin late enough to be booked now. */
export function windowsLeft(day, now_ms, business) {
  const earliest_ms = now_ms + (business?.lead_minutes ?? DEFAULTS.lead_minutes) * MINUTE_MS;
  return windowsOf(business).filter(
    (window) => momentsOf(day, window, business).start_ms >= earliest_ms,
  );
}

/** The days that can be booked now, the nearest first, at most `most` of them. */
export function daysToBook(now_ms, business, most = Infinity) {
  const today = dayAt(now_ms, business?.time_zone);
  const last = latestDay(today, business);
  const days = [];
  for (let day = today; day <= last && days.length < most; day = dayAfter(day, 1)) {
    if (dayFault(day, "any", now_ms, business) === null) days.push(day);
  }
  return days;
}

/** Why that day and window cannot be booked: `past`, `too_far`, `closed`, `too_soon`; else null. */
export function dayFault(day, window, now_ms, business) {
  const today = dayAt(now_ms, business?.time_zone);
  if (day < today) return "past";
  if (day > latestDay(today, business)) return "too_far";
  if (!isOpen(day, business)) return "closed";
  const left = windowsLeft(day, now_ms, business);
  if (window === "any") return left.length > 0 ? null : lateFault(day, windowsOf(business), now_ms, business);
  const chosen = windowNamed(window, business);
  if (chosen === undefined) return "closed";
  if (left.includes(chosen)) return null;
  return lateFault(day, [chosen], now_ms, business);
}

function lateFault(day, windows, now_ms, business) {
  const over = windows.every((window) => momentsOf(day, window, business).start_ms < now_ms);
  return over ? "past" : "too_soon";
}
