// Which days and arrival windows a customer may book, by the business's clock and hours.

import { dayAfter, dayAt, momentAt } from "../ui/business_time.js";
import { DAY_MS, MINUTE_MS } from "../ui/time.js";
import { DEFAULTS, WEEKDAYS } from "./business.js";

/** In a form, in the place of a window: the day is full, and wanted anyway. */
export const ANY_TIME = "any";

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
function latestDay(today, business) {
  return dayAfter(today, business?.public_horizon_days ?? DEFAULTS.public_horizon_days);
}

/** Whether the business works on that day at all. */
function isOpen(day, business) {
  const { open_days, closed_dates } = business ?? DEFAULTS;
  return open_days.includes(weekdayOf(day)) && !closed_dates.includes(day);
}

/** `mon` to `sun`. */
function weekdayOf(day) {
  return WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7];
}

/** The windows of that day that can be booked now: late enough, and within the horizon. */
export function windowsLeft(day, now_ms, business) {
  return windowsOf(business).filter(
    (window) => timeFault(momentsOf(day, window, business), now_ms, business) === null,
  );
}

/** Whether every window that is left on that day is full. */
export function isFullDay(day, now_ms, business, slots) {
  const windows = windowsLeft(day, now_ms, business);
  return (
    windows.length > 0 &&
    windows.every((window) => slots.isFull(momentsOf(day, window, business).start_ms))
  );
}

/** The day and the name of the window that begins then; null where the business does not offer it. */
export function placeOf(window_start, business) {
  const start_ms = Date.parse(window_start);
  const day = dayAt(start_ms, business?.time_zone);
  const found = windowsOf(business).find(
    (window) => momentsOf(day, window, business).start_ms === start_ms,
  );
  return found === undefined ? null : { day, window: nameOf(found) };
}

/** The days that can be booked now, the nearest first. */
export function daysToBook(now_ms, business) {
  const today = dayAt(now_ms, business?.time_zone);
  const last = latestDay(today, business);
  const days = [];
  for (let day = today; day <= last; day = dayAfter(day, 1)) {
    if (isOpen(day, business) && windowsLeft(day, now_ms, business).length > 0) days.push(day);
  }
  return days;
}

/**
 * Why that day and window cannot be booked: `past`, `too_far`, `closed`, `no_window` (none that the
 * business offers is chosen), `too_soon`; else null.
 */
export function dayFault(day, name, now_ms, business) {
  const today = dayAt(now_ms, business?.time_zone);
  if (day < today) return "past";
  if (day > latestDay(today, business)) return "too_far";
  if (!isOpen(day, business)) return "closed";
  const window = windowNamed(name, business);
  if (window === undefined) return "no_window";
  return timeFault(momentsOf(day, window, business), now_ms, business);
}

function timeFault({ start_ms, end_ms }, now_ms, business) {
  const { lead_minutes, public_horizon_days } = business ?? DEFAULTS;
  if (start_ms <= now_ms) return "past";
  if (start_ms < now_ms + lead_minutes * MINUTE_MS) return "too_soon";
  return end_ms > now_ms + public_horizon_days * DAY_MS ? "too_far" : null;
}
