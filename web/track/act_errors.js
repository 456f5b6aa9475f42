// What the customer is told when an act was refused, or no one knows whether it was done.

import { Problem } from "../shared/api/api.js";

const SAID = Object.freeze({
  "slot-full": "slot_full",
  "too-late-to-reschedule": "too_late",
  "notes-full": "notes_full",
  "photo-unreadable": "photo_refused",
});
const SAID_OF_PHOTO = Object.freeze({
  cancelled: "overtaken",
  ended: "overtaken",
  full: "photo_full",
  clock: "unknown",
  heic: "photo_refused",
  format: "photo_refused",
  large: "photo_refused",
  unreadable: "photo_refused",
});

/** The key of the error text. */
export function errorKey(error) {
  if (!(error instanceof Problem)) return "unknown";
  if (error.slug === "photo-refused") return SAID_OF_PHOTO[error.document.why] ?? "refused";
  if (Object.hasOwn(SAID, error.slug)) return SAID[error.slug];
  if (error.status === 409) return "overtaken";
  if (error.status === 429) return "busy";
  return error.status >= 500 ? "unknown" : "refused";
}
