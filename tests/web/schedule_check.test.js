import assert from "node:assert/strict";
import { test } from "node:test";

import { windowError, scheduleWarning } from "../../web/dispatch/state/schedule_check.js";

const zone = "America/New_York";
const now_ms = Date.parse("2026-11-28T12:00:00Z");
const window = (day, until = day) => ({
  window_start: `${day}T13:00:00.000Z`,
  window_end: `${until}T17:00:00.000Z`,
});
const doubt = (schedule, before) => scheduleWarning(schedule, { now_ms, zone, before });

test("a time in the past, far ahead, or days long is questioned, with its year", () => {
  assert.match(doubt(window("2025-12-01")), /past: Mon, Dec 1, 2025/);
  assert.match(doubt(window("2027-12-01")), /90 days ahead: Wed, Dec 1, 2027/);
  assert.match(doubt(window("2026-12-01", "2026-12-03")), /longer than a day/);
  assert.match(doubt({ eta: "2026-11-28T10:00:00Z" }), /past/);
});

test("an ordinary time or a saved one is not questioned", () => {
  const past = window("2026-11-01");
  assert.equal(doubt(window("2027-01-05")), null);
  assert.deepEqual([doubt(window("2026-12-01")), doubt({}), doubt(past, past)], [null, null, null]);
});

test("a window must end after it starts, in any notation", () => {
  const window_start = "2026-12-01T13:00:00Z";
  assert.equal(windowError({ window_start, window_end: "2026-12-01T13:00:00.000Z" }) === null, false);
  assert.equal(windowError({ window_start, window_end: "2026-12-01T13:00:01.000Z" }), null);
  assert.equal(windowError({ window_start, window_end: null }), null);
});
