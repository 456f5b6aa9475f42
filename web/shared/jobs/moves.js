// Which moves a dispatcher or a crew member can make, and the texts for refused ones.

import { NoAnswer, Problem } from "../api/api.js";
import { HOUR_MS, agoText, daysApart, msOf } from "../ui/time.js";

const EARLY_MS = 3 * HOUR_MS; // as EARLY in statemachine/views/start_doubt.py
const LOST_RACES = ["overtaken", "job-changed"];

/** The kind of actor, as the flow files name it. */
export function actorKind(roles) {
  const plans = (roles ?? []).some((role) => ["owner", "dispatcher"].includes(role));
  return plans ? "dispatcher" : "crew";
}

/** The moves of the flow that this kind of actor may make from `status`. */
export function movesFrom(flow, status, kind) {
  return flow.moves.filter((move) => move.from.includes(status) && move.by.includes(kind));
}

/** The move that takes the card to the status `to`, or null. */
export function moveTo(flow, card, to, kind) {
  return movesFrom(flow, card.status, kind).find((move) => move.to === to) ?? null;
}

/** What the move needs that the card does not have: `reason`, `driver`, `proof`. */
export function missingFor(move, card) {
  const driven = (card.crew ?? []).some((member) => member.role === "driver");
  const given = ["window", ...(driven ? ["driver"] : [])]; // only customers wait for a window
  return (move.requires ?? []).filter((need) => !given.includes(need));
}

/** A person may take back their own last move for a minute. The move is in no flow. */
export const UNDO = "undo";
export const UNDO_FOR_MS = 60_000;

/**
 * Why a start is probably a mistake, or null: {planned} if the job is planned for a later day, {driver,
 * other} if its driver is on another job now. `others` are the jobs that this person sees.
 * statemachine/views/start_doubt.py finds the same.
 */
export function doubtAbout(move, card, { flowOf, others, now_ms, zone }) {
  const flow = flowOf(card);
  if (!isUnderWay(flow, move.to) || isUnderWay(flow, card.status)) return null;
  const planned = card.schedule?.window_start;
  if (planned && isEarly(planned, now_ms, zone)) return { planned };
  const driver = (card.crew ?? []).find(({ role }) => role === "driver");
  const drives = ({ crew = [] }) => crew.some((each) => each.role === "driver" && each.member === driver.member);
  const other = others.find(
    (each) =>
      driver && each.job_id !== card.job_id && isUnderWay(flowOf(each), each.status) && drives(each),
  );
  return other ? { driver, other } : null;
}

/** Whether `planned` is on a later day, and not only because midnight is near. */
export function isEarly(planned, now_ms, zone) {
  return daysApart(msOf(planned), now_ms, zone) > 0 && msOf(planned) - now_ms > EARLY_MS;
}

function isUnderWay(flow, status) {
  return Boolean(flow?.statuses.find(({ name }) => name === status)?.under_way);
}

export function labelOf(flow, status, language = "en") {
  const found = flow.statuses.find(({ name }) => name === status);
  return found?.label[language] ?? found?.label.en ?? String(status ?? "");
}

/** Why a card cannot be dropped on `to`. */
export function whyNot(flow, card, to, kind) {
  const targets = movesFrom(flow, card.status, kind).map((move) => labelOf(flow, move.to));
  const here = labelOf(flow, card.status);
  if (targets.length === 0) return `A job in “${here}” cannot be moved.`;
  const wanted = labelOf(flow, to);
  return `A job in “${here}” cannot move to “${wanted}”. It can move to ${either(targets)}.`;
}

function either(labels) {
  const quoted = [...new Set(labels)].map((label) => `“${label}”`);
  return quoted.length < 2
    ? quoted.join("")
    : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** The name of an actor {kind, id} for people. */
export function actorText(actor, account) {
  if (!actor) return "Someone";
  if (actor.id === account) return "You, in another tab or on another device,";
  if (actor.kind === "customer") return "The customer";
  if (actor.kind === "system") return "The system";
  return actor.kind === "partner" ? `Partner ${actor.id}` : String(actor.id);
}

/** Whether someone else was faster, so that the card shown was out of date. */
export function isLostRace(error) {
  return error instanceof Problem && LOST_RACES.includes(error.slug);
}

/** The text for a move or an edit that failed. */
export function refusalText(error, { flow, card, to, account, now_ms }) {
  if (error instanceof NoAnswer) {
    return `No answer for ${card.customer} because there is no connection. The card shows the last known status.`;
  }
  if (!(error instanceof Problem)) return `Something went wrong with ${card.customer}.`;
  if (error.slug === "overtaken")
    return lostRaceText(error.document, { flow, card, to, account, now_ms });
  if (error.status === 401) return "Your session has ended. Sign in and try again.";
  if (error.status === 404) return `The job of ${card.customer} no longer exists.`;
  if (error.status >= 500)
    return `${card.customer} was not moved because the service has a problem. Try again.`;
  const why = error.detail || error.title;
  return `${card.customer} was not moved${why ? `: ${why.replace(/\.$/, "")}` : ""}.`;
}

function lostRaceText(problem, { flow, card, to, account, now_ms }) {
  const who = actorText(problem.moved_by, account);
  const where = labelOf(flow, problem.moved_to ?? problem.job_status);
  const when = problem.moved_at ? ` ${agoText(now_ms - msOf(problem.moved_at))}` : "";
  const ours = to ? ` Your move to “${labelOf(flow, to)}” was not made.` : "";
  return `${who} moved ${card.customer} to “${where}”${when}.${ours}`;
}
