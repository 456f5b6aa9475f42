// What the server's refusal of an action means to the crew, and whether it may be sent again.

const WHY = Object.freeze({
  "illegal-move": "why_illegal",
  "unknown-move": "why_illegal",
  "undo-not-possible": "why_undo",
  overtaken: "why_overtaken",
  "not-allowed": "why_not_allowed",
  "driver-missing": "why_driver",
  "reason-missing": "why_reason",
  "proof-missing": "why_proof",
  "kept-too-long": "why_too_long",
  "too-many-waiting": "why_too_many",
  "from-the-future": "why_clock",
  "job-changed": "why_clock", // a crew's edits have no rev, so only a wrong clock causes this
  "unknown-job": "why_gone",
  "not-found": "why_gone",
  "event-id-used": "why_used",
  "edit-reason-missing": "why_money",
  "records-full": "why_records",
  "notes-full": "why_records",
  "idempotency-key-reused": "why_used",
  "photo-unreadable": "why_lost",
  "amount-missing": "why_page",
  malformed: "why_page",
  "too-large": "why_page",
  "not-json": "why_page",
  "cross-site": "why_page",
  invalid: "why_page",
});
const WHY_PHOTO = Object.freeze({
  cancelled: "why_photo_cancelled",
  full: "why_photo_full",
  clock: "why_clock",
  heic: "why_photo_heic",
  format: "why_photo_format",
  large: "why_photo_large",
  unreadable: "why_photo",
});
/** The cause may go away: the person is assigned again, or the clock is corrected. */
const TEMPORARY = ["why_gone", "why_not_allowed", "why_clock", "why_photo_cancelled"];

/** The key in words.js for a refusal as the queue stores it. */
export function whyOf({ slug, why }) {
  if (slug === "photo-refused") return WHY_PHOTO[why] ?? "why_photo";
  return WHY[slug] ?? "why_other";
}

/** A move whose refusal is on the job's record always gets the same answer. */
export function maySendAgain({ kind, refused }) {
  const recorded = kind === "move" && refused.job_status !== null;
  return !recorded && TEMPORARY.includes(whyOf(refused));
}
