// A full window: the dispatcher is asked, and may put the job there all the same.

import { Problem } from "../../shared/api/api.js";

export const FULL = "That window is full. Press “Overbook” to put this job there as well, or choose another.";

/** Whether the service refused only because the window is full, and would take an `overbook`. */
export function mayOverbook(error) {
  const full = error instanceof Problem && error.slug === "slot-full";
  return full && error.document.may_override === true;
}
