// Which people and trucks can be chosen for a job, and why not. The server has the final say; this
// only saves the dispatcher a refusal.

import { CREW_ROLES } from "./day.js";
import { spanText, spansText } from "./day_labels.js";
import { isCovered, overlap, availabilityOver, spanOf } from "./availability.js";
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
 * {job_id, schedule, customerOf(job_id), isEnded(engagement)}.
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

function whyBusy({ jobs = [] }, { time_zone: zone }, { job_id, schedule, customerOf, isEnded }) {
  const span = spanOf(schedule);
  if (span === null) return null;
  const clash = jobs.find((each) => {
    const other = spanOf(each);
    return each.job_id !== job_id && other !== null && overlap(span, other) && !isEnded(each);
  });
  return clash ? `on ${customerOf(clash.job_id)}, ${spanText(spanOf(clash), zone)}` : null;
}

/** All days that the span overlaps. */
function datesOf({ begin_ms, end_ms }, zone) {
  const last = dayAt(Math.max(begin_ms, end_ms - 1), zone);
  const dates = [];
  for (let date = dayAt(begin_ms, zone); date <= last; date = dayAfter(date, 1)) dates.push(date);
  return dates;
}
