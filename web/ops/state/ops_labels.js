// What the overview means, in words and numbers: the first line, the flow's boxes, the charts.

import { labelOf } from "../../shared/jobs/moves.js";
import { MINUTE_MS, msOf, spanText } from "../../shared/ui/time.js";

const WHYS = {
  overdue: "Overdue",
  corrupt: "Cannot be read",
  keeps_failing: "Keeps failing",
  unknown_status: "Unknown status",
  unforeseen: "Breaks our code",
  implausible: "Impossible date",
};
const ADVICE = {
  overdue: "It has been in its status for longer than the flow allows, or its arrival window has passed.",
  corrupt:
    "Its object in S3 cannot be read. Whoever has AWS credentials brings its last readable version " +
    "back: haul ops restore, with the job’s id.",
  keeps_failing:
    "Every execution it was given has died: look at its story before you repair it. Once it goes " +
    "again, the watchdog takes it off this list within a minute.",
  unknown_status:
    "It is in a status that the running version does not have: deploy the version that has it. " +
    "Until then it stays as it is.",
  unforeseen:
    "The code fails on this job in a way that no one foresaw; the others go on. Send the reason to " +
    "whoever maintains the code. It is tried again every minute.",
  implausible:
    "It holds a date that cannot be meant, as an arrival window in the year 9999. Correct the job, " +
    "or cancel it.",
};
const REPAIRS = {
  resumed: "its execution was woken",
  started: "its execution was started",
  replaced: "a new execution carries on",
  "view written": "the customer’s view was written again",
  "card written": "the card on the board was written again",
  "refused late": "moves that had waited too long were refused",
  "text given up": "a text of which no one knows whether it was sent was given up",
  "webhook sent again": "a webhook that was not finished was sent again, under the same id",
  "text sent again": "a text whose time had come was put back into its queue",
  "fact announced again": "a fact that a message was missing for was announced again",
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

/** {well, text}: whether all is well, or what is not. A part that was not read is missing. */
export function headline({ statuses = [], problem_jobs, queues, incomplete = [] }) {
  const overdue = sum(statuses, "overdue");
  const stuck = problem_jobs.filter(({ why }) => why !== "overdue").length;
  const dead = sum(queues, "dead");
  const wrong = [
    overdue > 0 && `${counted(overdue, "job")} overdue`,
    stuck > 0 && `${stuck} stuck`,
    dead > 0 && counted(dead, "dead letter"),
    incomplete.length > 0 && `${counted(incomplete.length, "source")} not read`,
  ].filter(Boolean);
  if (wrong.length > 0) return { well: false, text: wrong.join(", ") };
  return { well: true, text: "All is well: nothing overdue, nothing stuck, no dead letters" };
}

/**
 * Each job in trouble once: {job_id, flow, status, troubles: [{why, since}]}, what is worse first:
 * stuck before overdue, and of each kind the oldest first.
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

/** Whether the sources that tell of jobs in trouble have answered. */
export function knowsTroubles(incomplete = []) {
  return !incomplete.some((source) => /^(board|stuck jobs):/.test(source));
}

/** The flows that have jobs, the default one first; that one alone where none has. */
export function flowsWithJobs(flows, statuses, fallback) {
  const used = new Set(statuses.filter(({ jobs }) => jobs > 0).map(({ flow }) => flow));
  if (used.size === 0) used.add(fallback);
  const names = Object.keys(flows).filter((name) => used.has(name));
  return names.sort((one, other) => Number(other === fallback) - Number(one === fallback));
}

/** The statuses of a flow: {name, label, colour, terminal, jobs, overdue, oldest_ms}, in order. */
export function boxesOf(flow, statuses, now_ms) {
  return flow.statuses.map(({ name, colour, terminal }) => {
    const found = statuses.find((each) => each.flow === flow.name && each.status === name);
    const oldest_ms =
      found?.oldest_at && found.jobs > 0 ? Math.max(0, now_ms - msOf(found.oldest_at)) : null;
    return {
      name,
      label: labelOf(flow, name),
      colour,
      terminal: Boolean(terminal),
      jobs: found?.jobs ?? 0,
      overdue: found?.overdue ?? 0,
      oldest_ms: terminal ? null : oldest_ms,
    };
  });
}

/** A box in one sentence, for those who do not see the picture. */
export function boxText({ label, jobs, overdue, oldest_ms }) {
  const oldest = oldest_ms === null ? "" : `, the oldest there for ${spanText(oldest_ms)}`;
  const late = overdue > 0 ? `, ${overdue} overdue` : "";
  return `${label}: ${counted(jobs, "job")}${oldest}${late}`;
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

/** What a repair has done, in one sentence. */
export function repairsText(job_id, repairs) {
  if (repairs.length === 0) return `Nothing was wrong with ${job_id}: nothing was done.`;
  const done = repairs.map((repair) => REPAIRS[repair] ?? repair);
  return `${job_id}: ${done.join(", ")}.`;
}

/** {median_ms, p95_ms, slowest_ms, moves} of the latest moves; null where there are none. */
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

/** The smallest value that at least `share` of all do not exceed. */
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
  const limited = limit_minutes !== null; // else each job goes by its own arrival window
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
      `longest ${span(longest_minutes)}`,
      `${limited ? `limit ${span(limit_minutes)}` : "due by its window"} ${jobs}`,
    ].join(", "),
  };
}

/** {text, advice, over}: how much of the month's invalidations is used. */
export function invalidationFacts({ month, paths, budget }) {
  const number = (value) => value.toLocaleString("en-US");
  const percent = budget > 0 ? ` (${Math.floor((100 * paths) / budget)} %)` : "";
  const over = paths >= budget;
  return {
    over,
    text: `${number(paths)} of ${number(budget)} paths${percent} in ${month}`,
    advice: over
      ? "Used up: until the month ends views expire after seconds instead of being forgotten."
      : "When they are used up, views expire after seconds instead of being forgotten.",
  };
}

export function sum(rows, key) {
  return rows.reduce((total, row) => total + row[key], 0);
}
