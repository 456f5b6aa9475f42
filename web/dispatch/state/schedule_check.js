// Checks of a schedule before it is saved: errors, and probable mistakes.

import { DAY_MS, momentText, msOf } from "../../shared/ui/time.js";

const PLANNED_AHEAD_DAYS = 90;
const PLANNED_AHEAD_MS = PLANNED_AHEAD_DAYS * DAY_MS;

/** What is wrong with an arrival window, or null. */
export function windowError({ window_start, window_end }) {
  return window_start && window_end && msOf(window_end) <= msOf(window_start)
    ? "The end must be after the start."
    : null;
}

/**
 * A question about a probable mistake in a schedule {window_start, window_end, eta}, or null. Times
 * that were already saved, in `before`, are not questioned. A wrong year is found because the time is
 * in the past or more than 90 days ahead, not by comparing years: in December, January is near.
 */
export function scheduleWarning(schedule, { now_ms, zone, before = {} }) {
  const changed = Object.entries(schedule).filter(
    ([name, moment]) => moment && !(before[name] && msOf(before[name]) === msOf(moment)),
  );
  if (changed.length === 0) return null;
  const text = (moment) => momentText(moment, "en", zone, now_ms);
  const { window_start, window_end } = schedule;
  const last = window_end ?? window_start ?? schedule.eta;
  if (msOf(last) < now_ms) return `This time is in the past: ${text(last)}. Is that correct?`;
  const far = changed.find(([, moment]) => msOf(moment) > now_ms + PLANNED_AHEAD_MS);
  const ahead = `${PLANNED_AHEAD_DAYS} days ahead`;
  if (far) return `This is more than ${ahead}: ${text(far[1])}. Is that correct?`;
  const long = window_start && window_end && msOf(window_end) - msOf(window_start) > DAY_MS;
  return long ? `This window is longer than a day, until ${text(window_end)}. Is that correct?` : null;
}
