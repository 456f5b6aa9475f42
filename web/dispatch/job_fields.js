// What is typed into the fields of a job, and what is wrong with it.

import { shownPhone } from "/lib/booking.js";

/** `24000` for `240`, `240.50`, `$1,200`; null for nothing, undefined for no price at all. */
export function centsIn(text) {
  const plain = text.replace(/[$,\s]/g, "");
  if (plain === "") return null;
  return /^\d{1,6}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : undefined;
}

/** What is wrong with an arrival window, or null. */
export function badWindow({ window_start, window_end }) {
  return window_start && window_end && window_end <= window_start
    ? "The end must be after the start."
    : null;
}

/** Make a phone input show what is typed as a number, when it is left. */
export function tidyPhone(input) {
  input.addEventListener("blur", () => {
    if (input.value.trim() !== "") input.value = shownPhone(input.value);
  });
}
