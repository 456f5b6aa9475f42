// The day in words: who is free and until when, who is busy, who is off.

import { timeOffOn } from "./availability.js";
import { clockText, dateText, momentText, msOf, windowText } from "../../shared/ui/time.js";

/** {tone, text}; tone is `free`, `busy`, `off`, or (not today) `plan`. */
export function stateOf(blocks, loose, present, day) {
  const active = blocks.filter(({ ended }) => !ended);
  if (!day.isToday) return planOf(active, present);
  return busyNow(active, loose, day) ?? freeNow(active, present, day);
}

function planOf(active, present) {
  const jobs = active.length === 0 ? null : counted(active.length, "job");
  if (present.length === 0) return { tone: "off", text: jobs ? `off, but has ${jobs}` : "off" };
  return { tone: "plan", text: jobs ?? "no jobs" };
}

function busyNow(active, loose, day) {
  const { now_ms, zone } = day;
  const until_ms = busyUntil(active, now_ms);
  if (until_ms > now_ms) return { tone: "busy", text: `busy until ${clock(until_ms, zone)}` };
  const out = [...active, ...loose].filter(({ under_way }) => under_way);
  if (out.length === 0) return null;
  const planned = out.map(({ span }) => span?.end_ms ?? 0);
  const last_ms = Math.max(...planned);
  const late = last_ms > 0 ? `, planned until ${onDay(last_ms, day)}` : "";
  return { tone: "busy", text: `on a job${late}` };
}

/** The end of the current job and of those that follow it without a gap. */
function busyUntil(active, now_ms) {
  let until_ms = now_ms;
  for (const { begin_ms, end_ms } of active)
    if (begin_ms <= until_ms) until_ms = Math.max(until_ms, end_ms);
  return until_ms;
}

function freeNow(active, present, { now_ms, zone, end_ms }) {
  if (present.length === 0) return { tone: "off", text: "off today" };
  const here = present.find((span) => span.begin_ms <= now_ms && now_ms < span.end_ms);
  if (!here) return notYet(present, now_ms, zone);
  const next = active.find(({ begin_ms }) => begin_ms > now_ms);
  const until_ms = Math.min(next?.begin_ms ?? end_ms, here.end_ms);
  const text = until_ms < end_ms ? `free until ${clock(until_ms, zone)}` : "free now";
  return { tone: "free", text };
}

function notYet(present, now_ms, zone) {
  const next = present.find(({ begin_ms }) => begin_ms > now_ms);
  const text = next ? `available from ${clock(next.begin_ms, zone)}` : "done for today";
  return { tone: "off", text };
}

/** `7:00 – 11:30 AM`; null if available all day, or not at all. */
export function hoursText(day, present) {
  const always = timeOffOn(day, present).length === 0;
  return always || present.length === 0 ? null : spansText(present, day.zone);
}

/** `7:00 – 11:30 AM, 1:00 – 3:00 PM`. */
export function spansText(spans, zone) {
  return spans.map((span) => spanText(span, zone)).join(", ");
}

export function spanText({ begin_ms, end_ms }, zone) {
  return windowText({ window_start: begin_ms, window_end: end_ms }, "en", zone);
}

/** The time, with its date if it is on another day. */
function onDay(ms, { begin_ms, end_ms, zone }) {
  const isHere = ms >= begin_ms && ms <= end_ms;
  return isHere ? clock(ms, zone) : momentText(ms, "en", zone);
}

/** `9:00 – 11:00 AM`, with its date if it begins on another day; null without a window. */
export function plannedText(schedule, { begin_ms, end_ms, zone }) {
  const moment = schedule.window_start ?? schedule.window_end;
  if (!moment) return null;
  const text = windowText(schedule, "en", zone);
  const isHere = msOf(moment) >= begin_ms && msOf(moment) < end_ms;
  return isHere ? text : `${dateText(moment, "en", zone)}, ${text}`;
}

function clock(ms, zone) {
  return clockText(ms, "en", zone);
}

function counted(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
