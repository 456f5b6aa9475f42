// What a reader shows, and how old it is. tracking/display.py explains the kinds.

import { isObject } from "./responses.js";

/** The kinds. `stale` has the reason `older` or `missing`; `trouble` has `unreachable`, `busy`,
 * `server_error` or `bad_answer`. */
export const KINDS = Object.freeze([
  "asking",
  "preparing",
  "remembered",
  "current",
  "stale",
  "trouble",
  "offline",
  "not_found",
  "gone",
]);

/** The age of the view, by the reader's clock; null if unknown. */
export function ageMs(shown, now_ms) {
  return shown.checked_at_ms === null ? null : Math.max(0, now_ms - shown.checked_at_ms);
}

/** Whether two states look the same, compared by value. */
export function sameShown(one, other) {
  if (!isObject(one) && !Array.isArray(one)) return Object.is(one, other);
  if (!isObject(other) && !Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameShown(one[key], other[key]))
  );
}
