// What the office's refusal of an action means to the crew, and whether it may be sent again. No DOM.

const WHY = Object.freeze({
  "illegal-move": "why_illegal",
  "unknown-move": "why_illegal",
  overtaken: "why_overtaken",
  "not-allowed": "why_not_allowed",
  "driver-missing": "why_driver",
  "reason-missing": "why_reason",
  "proof-missing": "why_proof",
  "kept-too-long": "why_too_long",
  "too-many-waiting": "why_too_many",
  "from-the-future": "why_clock",
  "job-changed": "why_clock", // of what a crew edits, nothing else is refused so
  "unknown-job": "why_gone",
  "not-found": "why_gone",
  "event-id-used": "why_used",
  "records-full": "why_records",
  "notes-full": "why_records",
  "idempotency-key-reused": "why_used",
  "photo-unreadable": "why_lost",
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
/** What stands against the action may go: a crew is put on the job again, a clock is set. */
const MAY_PASS = ["why_gone", "why_not_allowed", "why_clock", "why_photo_cancelled"];

/** The key of the page's words for a refusal, as the queue keeps it. */
export function whyOf({ slug, why }) {
  if (slug === "photo-refused") return WHY_PHOTO[why] ?? "why_photo";
  return WHY[slug] ?? "why_other";
}

/** A move whose refusal is on the job's record is answered the same for ever. */
export function maySendAgain({ kind, refused }) {
  const recorded = kind === "move" && refused.job_status !== null;
  return !recorded && MAY_PASS.includes(whyOf(refused));
}
