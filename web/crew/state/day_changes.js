// What someone else has changed of today's list: a new job, another time, on hold, cancelled, or gone.

import { dayAt } from "../../shared/ui/business_time.js";
import { msOf } from "../../shared/ui/time.js";
import { statusOf } from "./crew_day.js";

/**
 * [{kind, job_id, customer, schedule}] from the list `before` to the list `after`, of the jobs that are
 * on today's list before or after. `schedule` is the new one, and the old one if there is none any more.
 */
export function changesOf(before, after, { flows, now_ms, zone }) {
  const [known, now] = [byId(before), byId(after)];
  const today = dayAt(now_ms, zone);
  const isToday = ({ schedule = {} }) =>
    Boolean(schedule.window_start) && dayAt(msOf(schedule.window_start), zone) <= today;
  const ids = [...new Set([...known.keys(), ...now.keys()])];
  return ids.flatMap((job_id) => {
    const [old, job] = [known.get(job_id), now.get(job_id)];
    if (![old, job].some((each) => each && isToday(each))) return [];
    const kind = kindOf(old, job, flows);
    const { customer, schedule } = ["new", "moved"].includes(kind) ? job : (old ?? job);
    return kind === null ? [] : [{ kind, job_id, customer: customer.name, schedule }];
  });
}

function byId(jobs) {
  return new Map(jobs.map((job) => [job.job_id, job]));
}

function kindOf(old, job, flows) {
  const status = (each) => statusOf(each, flows[each.flow]);
  if (old === undefined) return status(job)?.end ? null : "new";
  if (status(old)?.end) return null;
  if (job === undefined) return "gone";
  if (status(job)?.end === "cancelled") return "cancelled";
  if (status(job)?.aside === "hold" && status(old)?.aside !== "hold") return "on_hold";
  return sameWindow(old, job) || !job.schedule?.window_start ? null : "moved";
}

function sameWindow({ schedule: one = {} }, { schedule: other = {} }) {
  return one.window_start === other.window_start && one.window_end === other.window_end;
}

/** The changes that are shown: the latest of each job; a new job with another time is still new. */
export function withChanges(shown, changes) {
  const latest = new Map(shown.map((change) => [change.job_id, change]));
  for (const change of changes) {
    const isNew = change.kind === "moved" && latest.get(change.job_id)?.kind === "new";
    latest.set(change.job_id, isNew ? { ...change, kind: "new" } : change);
  }
  return [...latest.values()];
}
