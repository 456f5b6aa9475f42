// What people read of an ETA: both ends of the time at which the crew is expected.

import { MINUTE_MS, dateText, daysApart, msOf, windowText } from "../ui/time.js";

export const ETA_SPAN_MINUTES = 15; // as ETA_SPAN in statemachine/job/visit.py

/** `10:40 – 10:55 AM`, with the date if that is not today. */
export function etaText(eta, { language, zone, now_ms }) {
  const window_end = new Date(msOf(eta) + ETA_SPAN_MINUTES * MINUTE_MS).toISOString();
  const times = windowText({ window_start: eta, window_end }, language, zone, now_ms);
  const isToday = daysApart(msOf(eta), now_ms, zone) === 0;
  return isToday ? times : `${dateText(eta, language, zone, now_ms)}, ${times}`;
}

/** Whether the ETA has passed, so that it promises nothing. */
export function isOver(eta, now_ms) {
  return msOf(eta) + ETA_SPAN_MINUTES * MINUTE_MS <= now_ms;
}
