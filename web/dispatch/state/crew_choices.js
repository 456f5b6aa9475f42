// Who and which truck may be chosen for a job, and why not. The server decides in the end; this
// only spares the dispatcher a refusal.

import { CREW_ROLES } from "./day.js";
import { spanText, spansText } from "./day_labels.js";
import { isCovered, overlap, presenceOver, spanOf } from "./availability.js";
import { DAY_MS } from "../../shared/ui/time.js";
import { dayAfter, dayAt } from "../../shared/ui/business_time.js";

/** The days to ask for: in any zone those of the window, and the one whose night reaches into it. */
export function daysFor(schedule, now_ms) {
  const span = spanOf(schedule) ?? { begin_ms: now_ms, end_ms: now_ms };
  return {
    first: dayAt(span.begin_ms - 2 * DAY_MS, "UTC"),
    last: dayAt(span.end_ms + DAY_MS, "UTC"),
  };
}

/**
 * Everybody who may take the role: {id, name, why}. `why` says what keeps them from this job in its
 * arrival window; null where nothing does, or where the job has no window yet. `told` is
 * {job_id, schedule, customerOf(job_id), isEnded(engagement)}.
 */
export function peopleFor(role, crew, told) {
  const able = crew.members.filter(({ roles }) => roles.includes(role));
  return able.map((person) => ({
    id: person.member,
    name: person.name,
    why: awayWhy(person, role, crew, told) ?? takenWhy(person, crew, told),
  }));
}

export function trucksFor(crew, told) {
  return crew.trucks.map((truck) => ({
    id: truck.truck,
    name: truck.name,
    why: takenWhy(truck, crew, told),
  }));
}

function awayWhy(person, role, { time_zone: zone }, { schedule }) {
  const span = spanOf(schedule);
  if (span === null) return null;
  const dates = datesOf(span, zone);
  const barred = (date) => person.days?.[date]?.roles && !person.days[date].roles.includes(role);
  if (dates.some(barred)) return `not as ${CREW_ROLES[role].toLowerCase()} that day`;
  const present = presenceOver(person, dates, zone);
  if (isCovered(span, present)) return null;
  return present.length === 0 ? "off that day" : `only there ${spansText(present, zone)}`;
}

function takenWhy({ jobs = [] }, { time_zone: zone }, { job_id, schedule, customerOf, isEnded }) {
  const span = spanOf(schedule);
  if (span === null) return null;
  const clash = jobs.find((each) => {
    const other = spanOf(each);
    return each.job_id !== job_id && other !== null && overlap(span, other) && !isEnded(each);
  });
  return clash ? `on ${customerOf(clash.job_id)}, ${spanText(spanOf(clash), zone)}` : null;
}

/** All days that the span touches. */
function datesOf({ begin_ms, end_ms }, zone) {
  const last = dayAt(Math.max(begin_ms, end_ms - 1), zone);
  const dates = [];
  for (let date = dayAt(begin_ms, zone); date <= last; date = dayAfter(date, 1)) dates.push(date);
  return dates;
}
