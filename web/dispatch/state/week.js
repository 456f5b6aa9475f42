// A week of jobs, and each driver's stops of a day.

import { overlap, spanOf } from "./availability.js";
import { openJobs } from "./day.js";
import { planOf } from "./fit.js";
import { dayAfter, wholeDay } from "../../shared/ui/business_time.js";

const DAYS = 7;

/**
 * The week from Monday to Sunday that has the day: [{date, jobs, open}], the day's open jobs and how
 * many of them lack a driver or a truck.
 */
export function weekOf(cards, { date, zone }, hasTrucks) {
  const monday = dayAfter(date, -((new Date(`${date}T12:00Z`).getUTCDay() + 6) % DAYS));
  return Array.from({ length: DAYS }, (_, number) => {
    const each = dayAfter(monday, number);
    const day = { date: each, ...wholeDay(each, zone) };
    return {
      date: each,
      jobs: cards.filter((card) => !card.terminal && isOn(card, day)).length,
      open: openJobs(cards, day, hasTrucks).length,
    };
  });
}

function isOn({ schedule }, day) {
  const span = spanOf(schedule);
  return span !== null && overlap(span, day);
}

/**
 * A sheet for each driver with jobs: {name, stops: [{job_id, at_ms}]}, in an order in which the jobs
 * fit, each as early as it can begin. If they do not fit, in the order of their windows, without times.
 */
export function sheetsOf(people) {
  const sheets = people.map(({ name, blocks, loose }) => {
    const mine = blocks.filter(({ role, ended }) => role === "driver" && !ended);
    const plan = planOf(mine.map(({ planned }) => planned));
    const ordered = [...mine].sort((one, other) => one.begin_ms - other.begin_ms);
    const planned = plan
      ? plan.map(({ job, at_ms }) => ({ job_id: job.job_id, at_ms }))
      : ordered.map(({ job_id }) => ({ job_id, at_ms: null }));
    const others = loose.filter(({ role, ended }) => role === "driver" && !ended);
    return { name, stops: [...planned, ...others.map(({ job_id }) => ({ job_id, at_ms: null }))] };
  });
  return sheets.filter(({ stops }) => stops.length > 0);
}
