// The story of one job, and which part of it is shown.

import { msOf } from "../../shared/ui/time.js";

const CHAPTERS = {
  booked: "Booked",
  moved: "Moved",
  refused: "Refused",
  kept: "Kept for later",
  edited: "Edited",
  execution: "Execution",
  waiting: "Waiting",
  settled: "Settled",
  view: "Customer’s view",
  board: "Board",
  invalidation: "Invalidation",
  message: "Message",
  repair: "Repair",
  now: "Now",
};
const JOB_ID = /^[0-9]{6}-[0-9a-hjkmnp-tv-z]{6}$/;

export const NO_STORY_FILTER = Object.freeze({
  chapters: Object.freeze([]),
  actor: "",
  from: null,
  until: null,
  rev: null,
});

export function chapterText(what) {
  return CHAPTERS[what] ?? what;
}

/** The job id that was typed or pasted; null where it is none. */
export function jobIdIn(text) {
  const wanted = text.trim().toLowerCase();
  return JOB_ID.test(wanted) ? wanted : null;
}

/** The job that an address such as `#job=261121-7k3m2q` names; null where it names none. */
export function jobInAddress(hash) {
  return jobIdIn(new URLSearchParams(hash.replace(/^#/, "")).get("job") ?? "");
}

export function addressOf(job_id) {
  return `#job=${job_id}`;
}

/** The chapters that a story has, in the order of their first line. */
export function chaptersIn(lines) {
  return [...new Set(lines.map(({ what }) => what))];
}

/** Everybody who did something in it, each once, sorted. */
export function actorsIn(lines) {
  const names = lines.filter(({ actor }) => actor).map(({ actor }) => actorName(actor));
  return [...new Set(names)].sort();
}

export function actorName(actor) {
  return `${actor.kind} ${actor.id}`;
}

/**
 * The lines that pass the filter {chapters, actor, from, until, rev}: any of the chapters, and all
 * of the rest. `from` and `until` are ISO texts; what is empty lets everything through.
 */
export function linesOf(lines, { chapters, actor, from, until, rev }) {
  return lines.filter(
    (line) =>
      (chapters.length === 0 || chapters.includes(line.what)) &&
      (!actor || (line.actor && actorName(line.actor) === actor)) &&
      (!from || msOf(line.at) >= msOf(from)) &&
      (!until || msOf(line.at) <= msOf(until)) &&
      (rev === null || line.rev === rev),
  );
}

/** What is said above the lines: nothing wrong, or how much. */
export function verdictOf({ diagnosis, incomplete }) {
  if (diagnosis.length > 0) return "wrong";
  return incomplete.length > 0 ? "incomplete" : "well";
}
