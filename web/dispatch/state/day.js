// One day of the business: who works where, when each is free, and which jobs have no driver or
// truck. Spans are {begin_ms, end_ms}; times are in the business's zone.

import { hoursText, stateOf } from "./day_labels.js";
import { timeOffOn, isCovered, overlap, availabilityOn, spanOf } from "./availability.js";
import { fit, obstaclesTo, plannedJob } from "./fit.js";
import { HOUR_MS, msOf } from "../../shared/ui/time.js";
import { dayAt, momentAt, wholeDay } from "../../shared/ui/business_time.js";

export const CREW_ROLES = { driver: "Driver", first_mate: "Helper", supervisor: "Supervisor" };
const AXIS_FROM = "06:00";
const AXIS_UNTIL = "20:00";

/** The day that is shown: {date, zone, now_ms, begin_ms, end_ms, isToday}. */
export function dayOf(date, zone, now_ms) {
  const isToday = dayAt(now_ms, zone) === date;
  return { date, zone, now_ms, isToday, ...wholeDay(date, zone) };
}

/**
 * {people, trucks}: a row for everyone who can be assigned, and one for each truck. `told` has
 * `cardOf(job_id)`, which may be null, and `flows`.
 */
export function rowsOf(crew, day, told) {
  const people = crew.members.filter(({ roles }) => roles.some((role) => role in CREW_ROLES));
  return {
    people: people.map((member) => personRow(member, day, told)),
    trucks: crew.trucks.map((truck) => truckRow(truck, day, told)),
  };
}

function personRow(member, day, told) {
  const present = availabilityOn(member, day.date, day.zone);
  const row = rowOf(member, day, present, told);
  return {
    ...row,
    id: member.member,
    kind: "person",
    roles: member.roles.filter((role) => role in CREW_ROLES),
    only: member.days?.[day.date]?.roles ?? null,
    off: timeOffOn(day, present),
    hours: hoursText(day, present),
    crew_location: member.crew_location ?? null,
  };
}

function truckRow(truck, day, told) {
  const row = rowOf(truck, day, [day], told);
  return { ...row, id: truck.truck, kind: "truck", off: [], hours: null, crew_location: null };
}

function rowOf({ name, jobs = [] }, day, present, told) {
  const engaged = jobs.map((engagement) => engagedIn(engagement, told));
  const blocks = engaged.filter(({ span }) => span !== null && overlap(span, day));
  const loose = engaged.filter((each) => !blocks.includes(each) && isLooseOn(each, day));
  const lanes = inLanes(blocks.map((block) => ({ ...block, ...block.span })));
  const active = blocks.filter(({ ended }) => !ended);
  const crowded = fit(active.map(({ planned }) => planned)) ? [] : active;
  const warned = lanes.map((block) => ({ ...block, warning: warningOf(block, crowded, present) }));
  return { name, blocks: warned, loose, state: stateOf(warned, loose, present, day) };
}

/** What is shown of a job that someone is assigned to. */
function engagedIn(engagement, { cardOf, flows }) {
  const { job_id, role = null, window_start, window_end, duration_minutes } = engagement;
  const card = cardOf(job_id);
  const status = statusOf(engagement, card, flows);
  const schedule = { window_start, window_end };
  return {
    job_id,
    role,
    under_way: status ? status.under_way === true : engagement.under_way,
    schedule,
    span: spanOf(schedule),
    planned: plannedJob({ job_id, window_start, window_end, duration_minutes }),
    customer: card?.customer ?? job_id,
    status: status?.label.en ?? engagement.status,
    colour: status?.colour ?? null,
    ended: Boolean(status?.end),
  };
}

/** The status by the board, which may be newer than the roster; null if the board has no card. */
function statusOf(engagement, card, flows) {
  const name = card?.status ?? engagement.status;
  return flows[card?.flow]?.statuses.find((status) => status.name === name) ?? null;
}

/** Whether the job of an engagement is over, as far as the board knows. */
export function hasEnded(engagement, card, flows) {
  return Boolean(statusOf(engagement, card, flows)?.end);
}

/**
 * A job that is under way belongs to today, whenever it was planned. So does a job without a window.
 * A job with only one end of its window belongs to the day of that end.
 */
function isLooseOn({ schedule, span, ended, under_way }, day) {
  if (under_way && day.isToday) return true;
  if (span !== null) return false;
  const moment = schedule.window_start ?? schedule.window_end;
  if (!moment) return day.isToday && !ended;
  return msOf(moment) >= day.begin_ms && msOf(moment) < day.end_ms;
}

/** The blocks in order of time, each with the first `lane` where it overlaps no other. */
export function inLanes(blocks) {
  const ends = [];
  const ordered = [...blocks].sort((one, other) => one.begin_ms - other.begin_ms);
  return ordered.map((block) => {
    const free = ends.findIndex((end_ms) => end_ms <= block.begin_ms);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = block.end_ms;
    return { ...block, lane };
  });
}

/** `crowded` are the jobs of a row that do not all fit; none if they do. */
function warningOf(block, crowded, present) {
  if (block.ended) return null;
  const others = crowded.filter((each) => each.job_id !== block.job_id);
  const inTheWay = obstaclesTo(block.planned, others.map(({ planned }) => planned));
  if (inTheWay.length > 0) {
    const ids = new Set(inTheWay.map(({ job_id }) => job_id));
    const names = others.filter(({ job_id }) => ids.has(job_id)).map(({ customer }) => customer);
    return `no time beside ${names.join(", ")}`;
  }
  return isCovered(block.span, present) ? null : "outside their hours";
}

// The axis

/** {begin_ms, end_ms, ticks}: 6 AM to 8 PM, and more whole hours if there is work outside. */
export function axisOf({ people, trucks }, day) {
  const rows = [...people, ...trucks];
  const spans = rows.flatMap(({ blocks }) => blocks).concat(statedHours(people, day));
  const usual = [AXIS_FROM, AXIS_UNTIL].map((at) => momentAt(day.date, at, day.zone));
  const begin_ms = Math.min(usual[0], ...spans.map((span) => span.begin_ms));
  const end_ms = Math.max(usual[1], ...spans.map((span) => span.end_ms));
  const ticks = ticksBetween(Math.max(begin_ms, day.begin_ms), Math.min(end_ms, day.end_ms), day);
  return { begin_ms: ticks[0], end_ms: ticks.at(-1), ticks: ticks.slice(0, -1) };
}

/** The hours of people who are not available all day. */
function statedHours(people, day) {
  const stated = people.filter(({ hours }) => hours !== null);
  return stated.flatMap(({ off }) => timeOffOn(day, off));
}

/** Whole hours; a day when clocks change has one less or one more. */
function ticksBetween(from_ms, until_ms, day) {
  const first = Math.floor((from_ms - day.begin_ms) / HOUR_MS);
  const last = Math.ceil((until_ms - day.begin_ms) / HOUR_MS);
  const hours = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return hours.map((hour) => Math.min(day.begin_ms + hour * HOUR_MS, day.end_ms));
}

/** Where a span lies on the axis, as fractions of its length: {from, to}, cut off at its ends. */
export function placeOn(axis, { begin_ms, end_ms }) {
  const part = (ms) => (ms - axis.begin_ms) / (axis.end_ms - axis.begin_ms);
  const inside = (ms) => Math.min(1, Math.max(0, part(ms)));
  return { from: inside(begin_ms), to: inside(end_ms) };
}

// What is left to plan

/** The day's jobs without a driver or, if the business has trucks, without a truck. */
export function openJobs(cards, day, hasTrucks) {
  const ours = cards.filter((card) => !card.terminal && isOn(card, day));
  return ours
    .map((card) => ({ card, missing: missingFor(card, hasTrucks) }))
    .filter(({ missing }) => missing.length > 0)
    .sort((one, other) => arrivalMs(one.card) - arrivalMs(other.card));
}

/** Open jobs without any arrival window, the oldest first. */
export function unplannedJobs(cards) {
  const without = ({ terminal, schedule }) =>
    !terminal && !schedule?.window_start && !schedule?.window_end;
  return cards
    .filter(without)
    .sort((one, other) => msOf(one.created_at) - msOf(other.created_at));
}

function missingFor({ crew = [], truck = null }, hasTrucks) {
  const driven = crew.some(({ role }) => role === "driver");
  return [!driven && "driver", hasTrucks && !truck && "truck"].filter(Boolean);
}

function isOn(card, day) {
  const span = spanOf(card.schedule);
  if (span !== null) return overlap(span, day);
  const at_ms = arrivalMs(card);
  return at_ms >= day.begin_ms && at_ms < day.end_ms;
}

function arrivalMs({ schedule }) {
  const moment = schedule?.window_start ?? schedule?.window_end;
  return moment ? msOf(moment) : Number.NaN;
}
