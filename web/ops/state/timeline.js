// The timeline of one job, and which of its events are shown.

import { msOf } from "../../shared/ui/time.js";

const KINDS = {
  booked: "Booked",
  moved: "Moved",
  refused: "Refused",
  kept: "Early move",
  edited: "Edited",
  execution: "Execution",
  waiting: "Waiting",
  settled: "Announced",
  view: "Customer’s page",
  board: "Board",
  invalidation: "Invalidation",
  message: "Message",
  repair: "Repair",
  now: "Now",
};
const JOB_ID = /^[0-9]{6}-[0-9a-hjkmnp-tv-z]{6}$/;

export const NO_FILTER = Object.freeze({
  kinds: Object.freeze([]),
  actor: "",
  from: null,
  until: null,
  rev: null,
});

export function kindText(what) {
  return KINDS[what] ?? what;
}

/** The job id that was typed or pasted; null if it is not one. */
export function jobIdIn(text) {
  const wanted = text.trim().toLowerCase();
  return JOB_ID.test(wanted) ? wanted : null;
}

/** The job that an address such as `#job=261121-7k3m2q` names; null if it names none. */
export function jobInAddress(hash) {
  return jobIdIn(new URLSearchParams(hash.replace(/^#/, "")).get("job") ?? "");
}

export function addressOf(job_id) {
  return `#job=${job_id}`;
}

/** The kinds of events that occur, in the order of their first line. */
export function kindsIn(lines) {
  return [...new Set(lines.map(({ what }) => what))];
}

/** Everyone who did something, each once, sorted. */
export function actorsIn(lines) {
  const names = lines.filter(({ actor }) => actor).map(({ actor }) => actorName(actor));
  return [...new Set(names)].sort();
}

export function actorName(actor) {
  return `${actor.kind} ${actor.id}`;
}

/**
 * The lines that pass the filter {kinds, actor, from, until, rev}. A line has to be of one of the
 * kinds and match everything else. `from` and `until` are ISO texts. An empty part matches all.
 */
export function linesOf(lines, { kinds, actor, from, until, rev }) {
  return lines.filter(
    (line) =>
      (kinds.length === 0 || kinds.includes(line.what)) &&
      (!actor || (line.actor && actorName(line.actor) === actor)) &&
      (!from || msOf(line.at) >= msOf(from)) &&
      (!until || msOf(line.at) <= msOf(until)) &&
      (rev === null || line.rev === rev),
  );
}

/** `wrong`, `incomplete` or `well`. */
export function verdictOf({ diagnosis, incomplete }) {
  if (diagnosis.length > 0) return "wrong";
  return incomplete.length > 0 ? "incomplete" : "well";
}
