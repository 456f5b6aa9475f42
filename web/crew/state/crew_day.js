// The rules of a crew member's day: the jobs once everything is sent, the next move, and the arrival
// time of a late crew.

import { UNDO, isEarly, movesFrom } from "../../shared/jobs/moves.js";
import { priceAfterLoad } from "../../shared/jobs/price_guide.js";
import { MINUTE_MS, msOf } from "../../shared/ui/time.js";
import { dayAfter, dayAt } from "../../shared/ui/business_time.js";

export const LATE_MINUTES = Object.freeze([15, 30, 60]);
export const ON_MY_WAY_MINUTES = Object.freeze([15, 30, 45, 60]);
export const PHOTO_KINDS = Object.freeze(["before", "after"]);

/**
 * The job with the actions that wait on this phone. `queued` has those actions; the notes and photos
 * that are not sent yet are marked `queued`. A move that is no longer legal changes nothing here; the
 * server will refuse it.
 */
export function projected(job, items, flow) {
  const mine = items.filter(({ job_id }) => job_id === job.job_id);
  return mine.reduce((now, item) => withAction(now, item, flow), { ...job, queued: mine });
}

function withAction(job, item, flow) {
  if (item.kind === "move") return { ...job, status: statusAfter(job, item, flow) };
  if (item.kind === "photo") return withPhoto(job, item);
  const { note, schedule, load_size, payment, approach } = item.edit;
  const said = note && { text: note, recorded_at: item.occurred_at, queued: true };
  return {
    ...job,
    notes: said ? [...(job.notes ?? []), said] : job.notes,
    schedule: { ...job.schedule, ...schedule },
    load_size: load_size ?? job.load_size,
    approach: approach === undefined ? job.approach : approach === "none" ? undefined : approach,
    ...(load_size && { price_cents: priceAfterLoad(job, load_size) ?? undefined }),
    ...(payment && {
      payments: [...(job.payments ?? []), payment],
      price_cents: job.price_cents ?? payment.amount_cents,
    }),
  };
}

function statusAfter(job, { move, undone }, flow) {
  if (move.move === UNDO) return job.status === undone.to ? undone.from : job.status;
  const found = flow?.moves.find(({ name, from }) => name === move.move && from.includes(job.status));
  return found?.to ?? job.status;
}

function withPhoto(job, { event_id, occurred_at, photo }) {
  const taken = { photo_id: event_id, kind: photo.photo_kind, taken_at: occurred_at };
  return { ...job, photos: [...(job.photos ?? []), { ...taken, blob: photo.blob, queued: true }] };
}

/**
 * {next, others}: the first move to a later status, or null, and the rest. From a status aside, such as
 * a failed attempt, every way back is a way ahead.
 */
export function movesOf(job, flow, kind) {
  const moves = flow ? movesFrom(flow, job.status, kind) : [];
  const place = (status) => flow.statuses.findIndex(({ name }) => name === status);
  const here = statusOf(job, flow)?.aside ? -1 : place(job.status);
  const leadsAway = ({ end, aside } = {}) => end === "cancelled" || Boolean(aside);
  const isForward = ({ to }) => !leadsAway(flow.statuses[place(to)]) && place(to) > here;
  const next = moves.find(isForward) ?? null;
  return { next, others: moves.filter((move) => move !== next) };
}

/** What is still missing for the move: `driver`, `photo_before`, `photo_after`, `load_size`. */
export function lackingFor(move, job) {
  const needs = move.requires ?? [];
  const driven = (job.crew ?? []).some(({ role }) => role === "driver");
  const lacking = needs.includes("driver") && !driven ? ["driver"] : [];
  if (!needs.includes("proof")) return lacking;
  const taken = new Set((job.photos ?? []).map(({ kind }) => kind));
  const photos = PHOTO_KINDS.filter((kind) => !taken.has(kind)).map((kind) => `photo_${kind}`);
  return [...lacking, ...photos, ...(job.load_size ? [] : ["load_size"])];
}

export function statusOf(job, flow) {
  return flow?.statuses.find(({ name }) => name === job.status) ?? null;
}

/** What undoes that move on the server, as the queue sends it. `undone` is what it takes back. */
export function undoOf({ status }, move) {
  const label = { en: "Undo", es: "Deshacer" };
  return { kind: "move", move: { move: UNDO }, label, undone: { from: status, to: move.to } };
}

/** What takes back that the crew is on its way, with the ETA that was given then. */
export function takingBack({ schedule = {} }, { schedule: given }) {
  const edit = { approach: "none", ...(given && { schedule: { eta: schedule.eta ?? null } }) };
  return { kind: "edit", edit, label: { en: "Undo", es: "Deshacer" } };
}

/** Whether the customer waits for the crew, within the arrival window. */
export function awaitsArrival(job, flow) {
  const status = statusOf(job, flow);
  return Boolean(status?.late_minutes && !status.aside);
}

/**
 * What the crew can tell the customer next about its way, `on_my_way` or `arriving`; null if the
 * customer does not wait for it: the job has begun, is not confirmed, or is of a later day.
 */
export function nextApproach(job, flow, now_ms, zone) {
  const start = job.schedule?.window_start;
  if (!awaitsArrival(job, flow) || (start && isEarly(start, now_ms, zone))) return null;
  if (job.approach === "arriving") return null;
  return job.approach === "on_my_way" ? "arriving" : "on_my_way";
}

/** The ETA of a crew that is on its way and needs so many minutes. */
export function etaIn(minutes, now_ms) {
  return new Date(Math.ceil((now_ms + minutes * MINUTE_MS) / MINUTE_MS) * MINUTE_MS).toISOString();
}

/** When a late crew arrives: `minutes` after the last known time, never in the past. */
export function lateEta({ schedule = {} }, minutes, now_ms) {
  const said = schedule.eta ?? schedule.window_start;
  return etaIn(minutes, Math.max(said ? msOf(said) : now_ms, now_ms));
}

/** {today, tomorrow, undated}: the jobs in the business's time zone, each in the given order. */
export function daysOf(jobs, now_ms, timeZone) {
  const tomorrow = dayAfter(dayAt(now_ms, timeZone), 1);
  const sorted = { today: [], tomorrow: [], undated: [] };
  for (const job of jobs) {
    const start = job.schedule?.window_start;
    if (!start) sorted.undated.push(job);
    else sorted[dayAt(msOf(start), timeZone) >= tomorrow ? "tomorrow" : "today"].push(job);
  }
  return sorted;
}

/** The job that is under way, or the next one: it is shown open. */
export function currentJob(jobs, flows) {
  const open = jobs.filter((job) => !statusOf(job, flows[job.flow])?.end);
  return open.find((job) => statusOf(job, flows[job.flow])?.under_way) ?? open[0] ?? null;
}

/** The id of the job that is under way both on the server and on this phone, or null. */
export function underWayIn(jobs, serverJobs, flows) {
  const isUnderWay = (job) => statusOf(job, flows[job.flow])?.under_way === true;
  const known = serverJobs.filter(isUnderWay).map(({ job_id }) => job_id);
  return jobs.filter(isUnderWay).find(({ job_id }) => known.includes(job_id))?.job_id ?? null;
}

/** `jobs`, each replaced by the one in `known` (by id) if that one is newer. */
export function newest(jobs, known) {
  return jobs.map((job) => {
    const other = known.get(job.job_id);
    return other && other.rev > job.rev ? other : job;
  });
}
