// The bookings made on this device a moment ago. Their tracking page may not exist yet, and only for
// them may the page say "we have your booking". They are stored by digest, never by token.

import { MINUTE_MS } from "../ui/time.js";

const PREFIX = "haulway.expected.";
const EXPECTED_FOR_MS = 10 * MINUTE_MS;

export async function expectLink(memory, token, now_ms) {
  memory.set(await nameOf(token), String(now_ms));
}

/** Whether the job of that token was booked on this device a moment ago. */
export async function isExpected(memory, token, now_ms) {
  const since_ms = Number(memory.get(await nameOf(token)) ?? Number.NaN);
  return now_ms - since_ms < EXPECTED_FOR_MS;
}

async function nameOf(token) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return PREFIX + hex.join("").slice(0, 32);
}
