// What it means to put a job on someone's row of the day: the changes, and what speaks against it.

import { overlap } from "./availability.js";
import { CREW_ROLES } from "./day.js";
import { obstaclesTo, plannedJob } from "./fit.js";

const HELPER = "first_mate";

/**
 * {changes, role, why} for `card` on `row` (see rowsOf). `changes` is null if it is not possible at all;
 * `why` is what does not fit, which a dispatcher may override, or null.
 */
export function assignmentOf(card, row) {
  if (row.kind === "truck") {
    const changes = row.id === card.truck ? null : { truck: row.id };
    return { changes, role: null, why: changes ? whyNot(card, row) : "on this job already" };
  }
  const crew = card.crew ?? [];
  if (crew.some(({ member }) => member === row.id))
    return { changes: null, role: null, why: "on this job already" };
  const role = freeRole(crew, row);
  if (role === null) return { changes: null, role, why: "no role left for them on this job" };
  const others = crew.map(({ role: taken, member }) => ({ role: taken, member }));
  return { changes: { crew: [...others, { role, member: row.id }] }, role, why: whyNot(card, row) };
}

/** The first role that the job lacks and the person has; a job may have another helper. */
function freeRole(crew, { roles, only }) {
  const may = only === null ? roles : roles.filter((role) => only.includes(role));
  const taken = crew.map(({ role }) => role);
  const free = Object.keys(CREW_ROLES).find((role) => may.includes(role) && !taken.includes(role));
  return free ?? (may.includes(HELPER) ? HELPER : null);
}

function whyNot(card, { blocks, off }) {
  const mine = plannedJob({ ...card.schedule, job_id: card.job_id, duration_minutes: card.duration_minutes });
  if (mine === null) return null;
  const span = { begin_ms: mine.opens_ms, end_ms: mine.closes_ms };
  if (off.some((away) => overlap(away, span))) return "outside their hours";
  const theirs = blocks.filter(({ ended, job_id }) => !ended && job_id !== card.job_id);
  const ids = new Set(obstaclesTo(mine, theirs.map(({ planned }) => planned)).map(({ job_id }) => job_id));
  const names = theirs.filter(({ job_id }) => ids.has(job_id)).map(({ customer }) => customer);
  return names.length > 0 ? `no time beside ${names.join(", ")}` : null;
}
