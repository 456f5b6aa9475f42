// What a form of the drawer says about an edit that was not saved.

import { NoAnswer, Problem } from "/shared/api/api.js";

export function errorText(error) {
  if (error instanceof NoAnswer) return "No answer came. Check whether it was saved before you try again.";
  if (!(error instanceof Problem)) return "Something went wrong.";
  if (error.slug === "job-changed")
    return "Someone else changed this job. It is now up to date here. Check it, then save again.";
  return error.detail || error.title || "Not saved.";
}
