// What makes a schedule worth a second look before it is saved. No DOM.

import { DAY_MS, momentText, msOf } from "../../shared/ui/time.js";

const PLANNED_AHEAD_DAYS = 90;
const PLANNED_AHEAD_MS = PLANNED_AHEAD_DAYS * DAY_MS;

/** What is wrong with an arrival window, or null. */
export function badWindow({ window_start, window_end }) {
  return window_start && window_end && msOf(window_end) <= msOf(window_start)
    ? "The end must be after the start."
    : null;
}

/**
 * What may be a slip of the hand in a schedule {window_start, window_end, eta}, as a question; null
 * where nothing is odd. What was saved already, in `before`, is not asked about again. A slip of the
 * year is a time that is over or far ahead; January is near in December.
 */
export function doubtAbout(schedule, { now_ms, zone, before = {} }) {
  const changed = Object.entries(schedule).filter(
    ([name, moment]) => moment && !(before[name] && msOf(before[name]) === msOf(moment)),
  );
  if (changed.length === 0) return null;
  const said = (moment) => momentText(moment, "en", zone, now_ms);
  const { window_start, window_end } = schedule;
  const last = window_end ?? window_start ?? schedule.eta;
  if (msOf(last) < now_ms) return `This time is over: ${said(last)}. Is that meant?`;
  const far = changed.find(([, moment]) => msOf(moment) > now_ms + PLANNED_AHEAD_MS);
  const ahead = `${PLANNED_AHEAD_DAYS} days ahead`;
  if (far) return `This is more than ${ahead}: ${said(far[1])}. Is that meant?`;
  const long = window_start && window_end && msOf(window_end) - msOf(window_start) > DAY_MS;
  return long ? `This window is longer than a day, until ${said(window_end)}. Is that meant?` : null;
}
