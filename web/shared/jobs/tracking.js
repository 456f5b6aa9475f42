// What the tracking page shows, from what the reader knows: scenes and keys of texts.

import { ageMs } from "../reader/display.js";
import { MINUTE_MS } from "../ui/time.js";

const STALE_MS = 120_000; // from this age on, the data is marked as old
// A token with anything around it that a message may add: quotes, periods, dashes, spaces.
const TOKEN = /^[^A-Za-z0-9_-]*([A-Za-z0-9_-]{22})[_-]*(?![A-Za-z0-9_-])/;
const ENDED = { not_found: "not_found", gone: "gone" };
const BEFORE = { asking: "asking", preparing: "preparing", offline: "offline", trouble: "trouble" };
const PHOTO = /^\/t\/p\/[0-9a-f]{32}\.jpg$/;
const KINDS = ["customer", "before", "after", "attempt"]; // a view has only before and after
const LOADS = ["minimum", "quarter", "half", "three_quarters", "full"];
const NOT_FOUND_AFTER_MS = 5_000;
const NOTICES = { offline: "offline", trouble: "trouble", stale: "stale" };

/**
 * {scene, notice}: which of the page's states to show.
 *
 * `scene` is "job" if there is a view to show, otherwise why there is none: "asking", "preparing",
 * "offline", "trouble", "not_found", "gone". `notice` is shown above a job whose data cannot be updated
 * right now: "offline", "trouble", "stale", or null. A link that has expired shows no job, even if this
 * device remembers one.
 *
 * `expected`: this device booked the job a moment ago. For any other link without a view, the page
 * says "not found" after a few seconds (`waited_ms`), while it keeps `looking` for a while.
 */
export function stateOf({ kind, view, reason }, { expected = true, waited_ms = 0 } = {}) {
  if (Object.hasOwn(ENDED, kind)) return { scene: ENDED[kind], notice: null };
  if (!view && kind === "preparing" && !expected) return notYet(waited_ms);
  if (!view) return { scene: BEFORE[kind] ?? "trouble", notice: null };
  const quiet = kind === "stale" && reason === "older"; // the newest state is on the page already
  return { scene: "job", notice: quiet ? null : (NOTICES[kind] ?? null) };
}

/** The reader still retries, but a visitor without a known booking is told after a few seconds. */
function notYet(waited_ms) {
  const scene = waited_ms < NOT_FOUND_AFTER_MS ? "preparing" : "not_found";
  return { scene, notice: null, looking: true };
}

/** {tone: "live" | "old" | "done" | "unknown", age_ms}: how fresh what is shown is. */
export function freshnessOf(shown, now_ms) {
  const age_ms = ageMs(shown, now_ms);
  if (shown.view?.terminal && shown.kind === "current") return { tone: "done", age_ms };
  if (age_ms === null) return { tone: "unknown", age_ms };
  const late = ["offline", "trouble"].includes(shown.kind) || age_ms > STALE_MS;
  return { tone: late ? "old" : "live", age_ms };
}

/**
 * The steps to show, each with `state` "done", "current" or "coming". Once the job has ended, steps
 * that never happened are omitted.
 */
export function stepsOf(view) {
  const steps = Array.isArray(view.steps) ? view.steps : [];
  const here = steps.findIndex((step) => step.status === view.status);
  const known = steps.map((step, index) => ({ ...step, state: stateOfStep(step, index, here) }));
  return view.terminal ? known.filter((step) => step.at || step.state === "current") : known;
}

function stateOfStep(step, index, here) {
  if (index === here) return "current";
  return index < here ? "done" : "coming";
}

/** The view with what the business calls the statuses, {"haul.on_hold": {en, es}}. */
export function labeledView(view, own_labels = {}) {
  if (!Array.isArray(view?.steps)) return view;
  const labelOf = (step) => ({ ...step.label, ...own_labels[labelName(view, step)] });
  return { ...view, steps: view.steps.map((step) => ({ ...step, label: labelOf(step) })) };
}

/** As in statemachine/business/own_labels.py: a request's status has a label of its own. */
function labelName({ flow, status, requested }, step) {
  const name = `${flow}.${step.status}`;
  return requested && step.status === status ? `${name}.requested` : name;
}

/** The step the job is at; undefined only for a view that contradicts itself. */
export function currentStep(view) {
  return stepsOf(view).find((step) => step.state === "current");
}

/** The moves that the customer can make themselves. */
export function choicesOf(view) {
  const choices = Array.isArray(view.choices) ? view.choices : [];
  return choices.filter(({ move }) => ["confirm", "cancel"].includes(move));
}

/** Whether the customer may still move the job to another window, by the business's cut-off. */
export function mayReschedule(view, business, now_ms) {
  if (!flowLetsReschedule(view) || business === null) return false;
  const start = view.schedule?.window_start;
  const cutoff_ms = (business.reschedule_cutoff_minutes ?? 0) * MINUTE_MS;
  return !start || now_ms <= Date.parse(start) - cutoff_ms;
}

/** Whether only the business's cut-off keeps the customer from another window. */
export function isTooLateToReschedule(view, business, now_ms) {
  return flowLetsReschedule(view) && business !== null && !mayReschedule(view, business, now_ms);
}

/** Views of before do not say it: then the API has the last word. */
function flowLetsReschedule({ may_reschedule, terminal, under_way }) {
  return may_reschedule ?? (!terminal && !under_way);
}

/** The photos, those from before first; each with its `number` of how many of its kind (`of`). */
export function photosOf(view) {
  const photos = Array.isArray(view.photos) ? view.photos : [];
  return KINDS.flatMap((kind) =>
    photos
      .filter((photo) => photo?.kind === kind && PHOTO.test(photo.path))
      .map(({ path }, index, all) => ({ kind, path, number: index + 1, of: all.length })),
  );
}

/** How much of the truck the load took; null if unknown. */
export function loadOf({ load_size }) {
  return LOADS.includes(load_size) ? load_size : null;
}

/** The token in the path /track/{token} or the query ?token=; null without one. */
export function tokenIn(url) {
  const { pathname, searchParams } = new URL(url);
  const inPath = /^\/track\/+([^/]+)/.exec(pathname)?.[1];
  const given = inPath && inPath !== "index.html" ? decoded(inPath) : searchParams.get("token");
  return TOKEN.exec(given ?? "")?.[1] ?? null;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}

/** The reader's memory after a view that came as the answer to the customer's own move. */
export function rememberedText(view, now_ms) {
  return JSON.stringify({ view, etag: null, checked_at_ms: now_ms });
}
