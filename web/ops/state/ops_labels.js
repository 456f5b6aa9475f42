// The overview in words and numbers: the headline, the flow's boxes, and the charts.

import { labelOf } from "../../shared/jobs/moves.js";
import { MINUTE_MS, msOf, spanText } from "../../shared/ui/time.js";

const WHYS = {
  overdue: "Overdue",
  corrupt: "Cannot be read",
  keeps_failing: "Keeps failing",
  unknown_status: "Unknown status",
  unforeseen: "Unexpected error",
  implausible: "Impossible date",
};
const ADVICE = {
  overdue: "It has been in its status longer than the flow allows, or its arrival window has passed.",
  corrupt:
    "Its object in S3 cannot be read. Restore the last readable version with AWS credentials: " +
    "haul ops restore, with the job’s id.",
  keeps_failing:
    "All its executions have failed. Read its timeline before you repair it. Once an execution " +
    "runs, the watchdog removes the job from this list within a minute.",
  unknown_status:
    "Its status does not exist in the deployed version. Deploy the version that has it. " +
    "Until then the job does not move.",
  unforeseen:
    "The code fails on this job; other jobs are not affected. Send the reason to the person who " +
    "maintains the code. The job is tried again every minute.",
  implausible:
    "It has an impossible date, such as an arrival window in the year 9999. Correct or cancel " +
    "the job.",
};
const REPAIRS = {
  resumed: "its execution was resumed",
  started: "its execution was started",
  replaced: "a new execution continues",
  "view written": "the customer’s page was updated",
  "card written": "the card on the board was updated",
  "refused late": "moves that had waited too long were refused",
  "text given up": "a text message that may or may not have been sent was given up",
  "webhook sent again": "an unfinished webhook was sent again with the same id",
  "text sent again": "a text message that was due was queued again",
  "fact announced again": "an event whose message was missing was published again",
};
const STATES = {
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  timed_out: "Timed out",
  aborted: "Aborted",
};

/** `1 job`, `3 jobs`, `1,204 jobs`. */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** {well, text}: whether there is a problem, and which. Parts that were not read are missing. */
export function headline({ statuses = [], problem_jobs, queues, incomplete = [] }) {
  const overdue = sum(statuses, "overdue");
  const stuck = problem_jobs.filter(({ why }) => why !== "overdue").length;
  const dead = sum(queues, "dead");
  const wrong = [
    overdue > 0 && `${counted(overdue, "job")} overdue`,
    stuck > 0 && `${stuck} stuck`,
    dead > 0 && counted(dead, "failed message"),
    incomplete.length > 0 && `${counted(incomplete.length, "source")} not read`,
  ].filter(Boolean);
  if (wrong.length > 0) return { well: false, text: wrong.join(", ") };
  return { well: true, text: "No problems: no job is overdue or stuck, and no message has failed" };
}

/**
 * Each job with problems once: {job_id, flow, status, troubles: [{why, since}]}. Stuck jobs come
 * before overdue ones, and of each kind the oldest first.
 */
export function jobsInTrouble(troubled) {
  const jobs = new Map();
  for (const { job_id, flow, status, why, since } of [...troubled].sort(worstFirst)) {
    const known = jobs.get(job_id);
    const troubles = [...(known?.troubles ?? []), { why, since }];
    const place = { flow: known?.flow ?? flow, status: known?.status ?? status };
    jobs.set(job_id, { job_id, ...place, troubles });
  }
  return [...jobs.values()];
}

function worstFirst(one, other) {
  const rank = ({ why }) => Number(why === "overdue");
  return rank(one) - rank(other) || msOf(one.since) - msOf(other.since);
}

/** `overdue for 2 h`, `stuck for 5 min`. */
export function troubleText({ why, since }, now_ms) {
  return `${why === "overdue" ? "overdue" : "stuck"} for ${spanText(now_ms - msOf(since))}`;
}

/** Whether the sources of the jobs with problems have answered. */
export function knowsTroubles(incomplete = []) {
  return !incomplete.some((source) => /^(board|stuck jobs):/.test(source));
}

/** The flows that have jobs, the default one first; only the default one if none has. */
export function flowsWithJobs(flows, statuses, defaultFlow) {
  const used = new Set(statuses.filter(({ jobs }) => jobs > 0).map(({ flow }) => flow));
  if (used.size === 0) used.add(defaultFlow);
  const names = Object.keys(flows).filter((name) => used.has(name));
  return names.sort((one, other) => Number(other === defaultFlow) - Number(one === defaultFlow));
}

/** The statuses of a flow: {name, label, colour, terminal, jobs, overdue, oldest_ms}, in order. */
export function boxesOf(flow, statuses, now_ms) {
  return flow.statuses.map(({ name, colour, end }) => {
    const found = statuses.find((each) => each.flow === flow.name && each.status === name);
    const oldest_ms =
      found?.oldest_at && found.jobs > 0 ? Math.max(0, now_ms - msOf(found.oldest_at)) : null;
    return {
      name,
      label: labelOf(flow, name),
      colour,
      terminal: Boolean(end),
      jobs: found?.jobs ?? 0,
      overdue: found?.overdue ?? 0,
      oldest_ms: end ? null : oldest_ms,
    };
  });
}

/** A box in one sentence, for screen readers. */
export function boxText({ label, jobs, overdue, oldest_ms }) {
  const oldest = oldest_ms === null ? "" : `, the oldest for ${spanText(oldest_ms)}`;
  const late = overdue > 0 ? `, ${overdue} overdue` : "";
  return `${label}: ${counted(jobs, "job")}${oldest}${late}`;
}

/** A queue's name for people: `send SMS`. */
export function queueName(queue) {
  return queue.replaceAll("_", " ").replace("sms", "SMS");
}

export function whyText(why) {
  return WHYS[why] ?? why;
}

export function adviceText(why) {
  return ADVICE[why] ?? "";
}

export function stateText(state) {
  return STATES[state] ?? state;
}

/** What a repair did, in one sentence. */
export function repairsText(job_id, repairs) {
  if (repairs.length === 0) return `${job_id} has no problems: nothing was changed.`;
  const done = repairs.map((repair) => REPAIRS[repair] ?? repair);
  return `${job_id}: ${done.join(", ")}.`;
}

/** {median_ms, p95_ms, slowest_ms, moves} of the latest moves; null if there are none. */
export function visibleFacts(visible) {
  if (visible.length === 0) return null;
  const sorted = visible.map(({ ms }) => ms).sort((one, other) => one - other);
  return {
    median_ms: atShare(sorted, 0.5),
    p95_ms: atShare(sorted, 0.95),
    slowest_ms: sorted.at(-1),
    moves: sorted.length,
  };
}

/** The smallest value that at least `share` of all values do not exceed (nearest rank). */
function atShare(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** `310 ms`, `1.9 s`, `2 min`. */
export function quickText(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < MINUTE_MS ? `${(ms / 1_000).toFixed(1)} s` : spanText(ms);
}

/** The bars of one flow: {label, colour, median, longest, limit} as shares of 1, and `text`. */
export function stayBars(flow, times) {
  const own = times.filter((time) => time.flow === flow.name);
  return flow.statuses.flatMap(({ name, colour }) => {
    const time = own.find(({ status }) => status === name);
    return time ? [stayBar(labelOf(flow, name), colour, time)] : [];
  });
}

function stayBar(label, colour, time) {
  const { median_minutes, longest_minutes, limit_minutes = null } = time;
  const limited = limit_minutes !== null; // otherwise the arrival window of each job is its limit
  const whole = Math.max(longest_minutes, limit_minutes ?? 0, 1);
  const span = (minutes) => spanText(minutes * MINUTE_MS);
  const jobs = `(${counted(time.jobs, "job")})`;
  return {
    label,
    colour,
    median: median_minutes / whole,
    longest: longest_minutes / whole,
    limit: limited ? limit_minutes / whole : null,
    late: limited && longest_minutes > limit_minutes,
    text: [
      `median ${span(median_minutes)}`,
      `maximum ${span(longest_minutes)}`,
      `${limited ? `limit ${span(limit_minutes)}` : "limit is the arrival window"} ${jobs}`,
    ].join(", "),
  };
}

/** {text, advice, over}: how much of the month's invalidation budget is used. */
export function invalidationFacts({ month, paths, budget }) {
  const number = (value) => value.toLocaleString("en-US");
  const percent = budget > 0 ? ` (${Math.floor((100 * paths) / budget)} %)` : "";
  const over = paths >= budget;
  return {
    over,
    text: `${number(paths)} of ${number(budget)} paths${percent} in ${month}`,
    advice: over
      ? "The budget is used up. Until the month ends, cached pages expire after some seconds instead."
      : "When the budget is used up, cached pages expire after some seconds instead.",
  };
}

export function sum(rows, key) {
  return rows.reduce((total, row) => total + row[key], 0);
}
