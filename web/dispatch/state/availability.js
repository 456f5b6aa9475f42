// When a member is available, and whether spans of time overlap. Spans are {begin_ms, end_ms}.

import { msOf } from "../../shared/ui/time.js";
import { dayAfter, hoursAt, wholeDay } from "../../shared/ui/business_time.js";

export function overlap(one, other) {
  return one.begin_ms < other.end_ms && other.begin_ms < one.end_ms;
}

/** The arrival window of a card or an engagement as a span; null if one end is missing. */
export function spanOf({ window_start, window_end } = {}) {
  if (!window_start || !window_end) return null;
  return { begin_ms: msOf(window_start), end_ms: msOf(window_end) };
}

/** When a member is available on that day, in order, including a night that began the day before. */
export function availabilityOn(member, date, zone) {
  return availabilityOver(member, [date], zone);
}

/** The same for consecutive days. */
export function availabilityOver(member, dates, zone) {
  const all = [dayAfter(dates[0], -1), ...dates];
  const asked = {
    begin_ms: wholeDay(dates[0], zone).begin_ms,
    end_ms: wholeDay(dates.at(-1), zone).end_ms,
  };
  return all
    .flatMap((date) => spansOf(member, date, zone))
    .filter((span) => overlap(span, asked))
    .sort((one, other) => one.begin_ms - other.begin_ms);
}

/** Without an entry a member is available all day. */
function spansOf(member, date, zone) {
  const said = member.days?.[date];
  if (said === undefined) return [wholeDay(date, zone)];
  return (said.hours ?? []).map((hours) => hoursAt(date, hours, zone));
}

/** Whether `span` lies in the spans of `present` (in order), which may touch each other. */
export function isCovered(span, present) {
  let reached_ms = span.begin_ms;
  for (const { begin_ms, end_ms } of present)
    if (begin_ms <= reached_ms) reached_ms = Math.max(reached_ms, end_ms);
  return reached_ms >= span.end_ms;
}

/** The rest of the day: when a member with these spans is not available. */
export function timeOffOn(day, present) {
  const gaps = [];
  let from_ms = day.begin_ms;
  for (const { begin_ms, end_ms } of present) {
    if (begin_ms > from_ms) gaps.push({ begin_ms: from_ms, end_ms: begin_ms });
    from_ms = Math.max(from_ms, end_ms);
  }
  if (from_ms < day.end_ms) gaps.push({ begin_ms: from_ms, end_ms: day.end_ms });
  return gaps;
}
