// Which people and trucks can be chosen for a job, and why not. The server has the final say; this
// only saves the dispatcher a refusal.

import { CREW_ROLES } from "./day.js";
import { spanText, spansText } from "./day_labels.js";
import { plannedJob, obstaclesTo } from "./fit.js";
import { isCovered, availabilityOver, spanOf } from "./availability.js";
import { DAY_MS } from "../../shared/ui/time.js";
import { dayAfter, dayAt } from "../../shared/ui/business_time.js";

/** The days to read: those of the window in any zone, and the day before, whose night may reach in. */
export function daysFor(schedule, now_ms) {
  const span = spanOf(schedule) ?? { begin_ms: now_ms, end_ms: now_ms };
  return {
    first: dayAt(span.begin_ms - 2 * DAY_MS, "UTC"),
    last: dayAt(span.end_ms + DAY_MS, "UTC"),
  };
}

/**
 * Everyone with the role: {id, name, why}. `why` says why they are not available in the job's arrival
 * window; null if they are, or if the job has no window yet. `told` is
 * {job_id, schedule, duration_minutes, customerOf(job_id), isEnded(engagement)}.
 */
export function peopleFor(role, crew, told) {
  const able = crew.members.filter(({ roles }) => roles.includes(role));
  return able.map((person) => ({
    id: person.member,
    name: person.name,
    why: whyOff(person, role, crew, told) ?? whyBusy(person, crew, told),
  }));
}

export function trucksFor(crew, told) {
  return crew.trucks.map((truck) => ({
    id: truck.truck,
    name: truck.name,
    why: whyBusy(truck, crew, told),
  }));
}

function whyOff(person, role, { time_zone: zone }, { schedule }) {
  const span = spanOf(schedule);
  if (span === null) return null;
  const dates = datesOf(span, zone);
  const barred = (date) => person.days?.[date]?.roles && !person.days[date].roles.includes(role);
  if (dates.some(barred)) return `not as ${CREW_ROLES[role].toLowerCase()} that day`;
  const present = availabilityOver(person, dates, zone);
  if (isCovered(span, present)) return null;
  return present.length === 0 ? "off that day" : `only available ${spansText(present, zone)}`;
}

/** The jobs with which this one does not fit: `on Ada, 8:00 – 10:00 AM`, `on Ada and Bob`. */
function whyBusy({ jobs = [] }, { time_zone: zone }, told) {
  const { job_id, schedule, duration_minutes, customerOf, isEnded } = told;
  const mine = plannedJob({ job_id, ...schedule, duration_minutes });
  if (mine === null) return null;
  const theirs = jobs.filter((each) => each.job_id !== job_id && !isEnded(each));
  const found = obstaclesTo(mine, theirs.map(plannedJob).filter(Boolean));
  if (found.length === 0) return null;
  const names = found.map((each) => customerOf(each.job_id));
  if (found.length > 1) return `on ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const [{ opens_ms, closes_ms }] = found;
  return `on ${names[0]}, ${spanText({ begin_ms: opens_ms, end_ms: closes_ms }, zone)}`;
}

/** All days that the span overlaps. */
function datesOf({ begin_ms, end_ms }, zone) {
  const last = dayAt(Math.max(begin_ms, end_ms - 1), zone);
  const dates = [];
  for (let date = dayAt(begin_ms, zone); date <= last; date = dayAfter(date, 1)) dates.push(date);
  return dates;
}
