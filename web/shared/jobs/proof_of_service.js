// Proof of service at the desk: what a job shows of the work, and what it still lacks.

import { loadOf, photosOf } from "./tracking.js";

export const LOADS = {
  minimum: "Minimum",
  quarter: "Quarter",
  half: "Half",
  three_quarters: "Three quarters",
  full: "Full",
};
const KINDS = { before: "Before", after: "After" };

/**
 * {photos: [{path, alt}], load, missing}: `load` in words or null; `missing` names what a move of
 * this flow will want of the job, and is empty where no move wants proof.
 */
export function proofOf(job, flow) {
  const photos = photosOf(job).map(({ kind, path, number, of }) => ({
    path,
    alt: `${KINDS[kind]} the work, photo ${number} of ${of}`,
  }));
  return { photos, load: LOADS[loadOf(job)] ?? null, missing: missingIn(job, flow) };
}

function missingIn(job, { moves, statuses }) {
  const ended = statuses.some(({ name, end }) => name === job.status && end);
  const wanted = moves.some(({ requires }) => (requires ?? []).includes("proof"));
  if (ended || !wanted) return [];
  const has = (kind) => (job.photos ?? []).some((photo) => photo.kind === kind);
  return [
    !has("before") && "a photo before",
    !has("after") && "a photo after",
    !job.load_size && "the load size",
  ].filter(Boolean);
}
