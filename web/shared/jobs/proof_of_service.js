// Proof of service for the dispatcher: photos, load, and what is missing.

import { loadOf, photosOf } from "./tracking.js";

export const LOADS = {
  minimum: "Minimum",
  quarter: "Quarter",
  half: "Half",
  three_quarters: "Three quarters",
  full: "Full",
};
const KINDS = {
  customer: "From the customer",
  before: "Before the work",
  after: "After the work",
  attempt: "Failed attempt",
};

/**
 * {photos: [{path, label, alt}], load, missing}: `load` as text or null; `missing` names what a move of this
 * flow will require, and is empty if no move requires proof.
 */
export function proofOf(job, flow) {
  const photos = photosOf(job).map(({ kind, path, number, of }) => ({
    path,
    label: KINDS[kind],
    alt: `${KINDS[kind]}, photo ${number} of ${of}`,
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
