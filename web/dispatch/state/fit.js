// Whether one member, or one truck, can do several jobs: the rule of statemachine/schedule/fit.py, whose text
// explains it. statemachine/schedule/fit_cases.json has the cases that both pass. Times are in milliseconds.
//
// A planned job is {job_id, opens_ms, closes_ms, duration_ms}.

import { MINUTE_MS, msOf } from "../../shared/ui/time.js";

const MOST_EXACT = 12;
const USUAL_MINUTES = 60;

/** The planned job of a card or an engagement; null without both ends of its window. */
export function plannedJob({ job_id, window_start, window_end, duration_minutes }) {
  if (!window_start || !window_end) return null;
  return {
    job_id,
    opens_ms: msOf(window_start),
    closes_ms: msOf(window_end),
    duration_ms: (duration_minutes ?? USUAL_MINUTES) * MINUTE_MS,
  };
}

/** [{job, at_ms}]: an order in which the jobs fit, each as early as it can begin; null if none. */
export function planOf(jobs) {
  const plans = groupsOf(jobs).map(planOfGroup);
  return plans.includes(null) ? null : plans.flat();
}

export function fit(jobs) {
  return planOf(jobs) !== null;
}

/** The jobs that do not all fit together with `job`, none of which can be left out. */
export function obstaclesTo(job, others) {
  const group = groupsOf([job, ...others]).find((each) => each.includes(job));
  if (fit(group)) return [];
  let left = group.filter((each) => each !== job);
  for (const each of left) {
    const fewer = left.filter((other) => other !== each);
    if (!fit([job, ...fewer])) left = fewer;
  }
  return left;
}

function groupsOf(jobs) {
  const groups = [];
  for (const job of [...jobs].sort(inOrder)) {
    const last = groups.at(-1);
    if (last && job.opens_ms < Math.max(...last.map(overBy))) last.push(job);
    else groups.push([job]);
  }
  return groups;
}

function inOrder(one, other) {
  if (one.opens_ms !== other.opens_ms) return one.opens_ms - other.opens_ms;
  if (one.closes_ms !== other.closes_ms) return one.closes_ms - other.closes_ms;
  return one.job_id < other.job_id ? -1 : 1;
}

function overBy({ closes_ms, duration_ms }) {
  return closes_ms + duration_ms;
}

function planOfGroup(group) {
  const plan = closingFirst(group);
  return plan !== null || group.length > MOST_EXACT ? plan : bySets(group);
}

/** Always takes the job that closes first, of those whose window is open. */
function closingFirst(group) {
  let left = [...group];
  let now_ms = group[0].opens_ms;
  const plan = [];
  while (left.length > 0) {
    now_ms = Math.max(now_ms, Math.min(...left.map(({ opens_ms }) => opens_ms)));
    const open = left.filter(({ opens_ms }) => opens_ms <= now_ms);
    const job = open.reduce((best, each) => (each.closes_ms < best.closes_ms ? each : best));
    if (now_ms > job.closes_ms) return null;
    left = left.filter((each) => each !== job);
    plan.push({ job, at_ms: now_ms });
    now_ms += job.duration_ms;
  }
  return plan;
}

/** The earliest end of each set of jobs, a number with a bit for each job. */
function bySets(group) {
  let ends = new Map([[0, group[0].opens_ms]]);
  const last = new Map();
  for (let count = 0; count < group.length; count += 1) {
    const reached = new Map();
    for (const [done, end_ms] of ends) {
      if (group.some((job, number) => !(done & (1 << number)) && end_ms > job.closes_ms)) continue;
      group.forEach((job, number) => {
        const begin_ms = Math.max(end_ms, job.opens_ms);
        const next = done | (1 << number);
        if (next === done || begin_ms > job.closes_ms) return;
        const over_ms = begin_ms + job.duration_ms;
        if (reached.has(next) && reached.get(next) <= over_ms) return;
        reached.set(next, over_ms);
        last.set(next, number);
      });
    }
    ends = reached;
  }
  const all = (1 << group.length) - 1;
  return ends.has(all) ? traced(group, last, all) : null;
}

function traced(group, last, all) {
  const order = [];
  for (let done = all; done > 0; done ^= 1 << last.get(done)) order.unshift(group[last.get(done)]);
  let now_ms = order[0].opens_ms;
  return order.map((job) => {
    const at_ms = Math.max(now_ms, job.opens_ms);
    now_ms = at_ms + job.duration_ms;
    return { job, at_ms };
  });
}
