// When somebody is there, and whether spans of time meet. Spans are {begin_ms, end_ms}.

import { msOf } from "./time.js";
import { hoursAt, wholeDay } from "./zone.js";

export function overlap(one, other) {
  return one.begin_ms < other.end_ms && other.begin_ms < one.end_ms;
}

/** The arrival window of a card or an engagement as a span; null where an end of it is missing. */
export function spanOf({ window_start, window_end } = {}) {
  if (!window_start || !window_end) return null;
  return { begin_ms: msOf(window_start), end_ms: msOf(window_end) };
}

/** When somebody is there on that day, in order. A day nobody said anything about is a whole one. */
export function presenceOn(member, date, zone) {
  const said = member.days?.[date];
  if (said === undefined) return [wholeDay(date, zone)];
  const spans = (said.hours ?? []).map((hours) => hoursAt(date, hours, zone));
  return spans.sort((one, other) => one.begin_ms - other.begin_ms);
}

/** Whether `span` lies in the spans of `present` (in order), which may touch each other. */
export function isCovered(span, present) {
  let reached_ms = span.begin_ms;
  for (const { begin_ms, end_ms } of present)
    if (begin_ms <= reached_ms) reached_ms = Math.max(reached_ms, end_ms);
  return reached_ms >= span.end_ms;
}

/** The rest of the day: when somebody with these spans is not there. */
export function absenceOn(day, present) {
  const gaps = [];
  let from_ms = day.begin_ms;
  for (const { begin_ms, end_ms } of present) {
    if (begin_ms > from_ms) gaps.push({ begin_ms: from_ms, end_ms: begin_ms });
    from_ms = Math.max(from_ms, end_ms);
  }
  if (from_ms < day.end_ms) gaps.push({ begin_ms: from_ms, end_ms: day.end_ms });
  return gaps;
}
