// Why something could not be done, in a sentence.

import { NoAnswer, Problem } from "/shared/api/api.js";

export function failureIn(error) {
  if (error instanceof NoAnswer) return "No answer came. Check your connection and try again.";
  if (!(error instanceof Problem)) return "Something went wrong on this page. Load it again.";
  if (error.status >= 500) return "The service has trouble. Try again in a moment.";
  return error.detail || error.title;
}
