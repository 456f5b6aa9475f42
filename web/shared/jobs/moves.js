// What a dispatcher or a crew member may do with a card, and what to say when it was refused.

import { NoAnswer, Problem } from "../api/api.js";
import { agoText, msOf } from "../ui/time.js";

const LOST_RACES = ["overtaken", "job-changed"];

/** The kind of actor that a session is, in the words of the flow files. */
export function actorKind(roles) {
  const plans = (roles ?? []).some((role) => ["owner", "dispatcher"].includes(role));
  return plans ? "dispatcher" : "crew";
}

/** The moves of the flow that this kind of actor may take from `status`. */
export function movesFrom(flow, status, kind) {
  return flow.moves.filter((move) => move.from.includes(status) && move.by.includes(kind));
}

/** The move that takes the card to the status `to`, or null. */
export function moveTo(flow, card, to, kind) {
  return movesFrom(flow, card.status, kind).find((move) => move.to === to) ?? null;
}

/** What the move still needs before it can be asked for: `reason`, `driver`. */
export function missingFor(move, card) {
  const driven = (card.crew ?? []).some((member) => member.role === "driver");
  return (move.requires ?? []).filter((need) => need !== "driver" || !driven);
}

export function labelOf(flow, status, language = "en") {
  const found = flow.statuses.find(({ name }) => name === status);
  return found?.label[language] ?? found?.label.en ?? String(status ?? "");
}

/** Why a card cannot be dropped on `to`, in words. */
export function whyNot(flow, card, to, kind) {
  const targets = movesFrom(flow, card.status, kind).map((move) => labelOf(flow, move.to));
  const here = labelOf(flow, card.status);
  if (targets.length === 0) return `A job that is “${here}” stays there.`;
  const wanted = labelOf(flow, to);
  return `From “${here}” a job cannot go to “${wanted}”. It can go to ${either(targets)}.`;
}

function either(labels) {
  const quoted = [...new Set(labels)].map((label) => `“${label}”`);
  return quoted.length < 2
    ? quoted.join("")
    : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** Who did something, in words: {kind, id} as the API names an actor. */
export function actorText(actor, account) {
  if (!actor) return "Someone";
  if (actor.id === account) return "You, in another tab or on another device,";
  if (actor.kind === "customer") return "The customer";
  if (actor.kind === "system") return "The system";
  return actor.kind === "partner" ? `Partner ${actor.id}` : String(actor.id);
}

/** Whether someone else was faster: what we showed was old. */
export function isLostRace(error) {
  return error instanceof Problem && LOST_RACES.includes(error.slug);
}

/** What to tell the dispatcher when a move or an edit did not come about. */
export function refusalText(error, { flow, card, to, account, now_ms }) {
  if (error instanceof NoAnswer) {
    return `No answer for ${card.customer}: the connection is gone. The card shows what we last knew.`;
  }
  if (!(error instanceof Problem)) return `Something went wrong with ${card.customer}.`;
  if (error.slug === "overtaken")
    return lostRaceText(error.document, { flow, card, to, account, now_ms });
  if (error.status === 401) return "Your session has ended. Sign in and try again.";
  if (error.status === 404) return `${card.customer} is no longer there.`;
  if (error.status >= 500)
    return `${card.customer} was not moved: the service has trouble. Try again.`;
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
