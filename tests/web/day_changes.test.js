import assert from "node:assert/strict";
import { test } from "node:test";

import { changesOf, withChanges } from "../../web/crew/state/day_changes.js";
import { aDocument } from "./crew_fakes.js";
import { NOON_MS, at, flow } from "./flows.js";

const TOLD = { flows: { haul: flow() }, now_ms: NOON_MS, zone: "UTC" };
const TODAY = { window_start: at(60), window_end: at(180) };
const LATER = { window_start: at(120), window_end: at(240) };
const NEXT_WEEK = { window_start: at(7 * 24 * 60), window_end: at(7 * 24 * 60 + 60) };

function kinds(before, after) {
  return changesOf(before, after, TOLD).map(({ kind, schedule }) => [kind, schedule]);
}

test("a new job, another time, a cancelled one, one on hold, and one that is gone are changes", () => {
  const job = aDocument();
  assert.deepEqual(kinds([], [job]), [["new", TODAY]]);
  assert.deepEqual(kinds([job], [aDocument({ schedule: LATER })]), [["moved", LATER]]);
  assert.deepEqual(kinds([job], [aDocument({ status: "cancelled" })]), [["cancelled", TODAY]]);
  assert.deepEqual(kinds([job], [aDocument({ status: "on_hold", schedule: {} })]), [["on_hold", TODAY]]);
  assert.deepEqual(kinds([job], []), [["gone", TODAY]]);
});

test("what is not of today, what is the same, and what the crew did itself are no changes", () => {
  const job = aDocument();
  assert.deepEqual(kinds([job], [job]), []);
  assert.deepEqual(kinds([], [aDocument({ schedule: NEXT_WEEK })]), []);
  assert.deepEqual(kinds([job], [aDocument({ status: "completed" })]), []);
  assert.deepEqual(kinds([job], [aDocument({ status: "attempt_failed", schedule: {} })]), []);
  assert.deepEqual(kinds([aDocument({ status: "completed" })], []), []);
});

test("a job that comes to today, or leaves it, is a change", () => {
  const later = aDocument({ schedule: NEXT_WEEK });
  assert.deepEqual(kinds([later], [aDocument()]), [["moved", TODAY]]);
  assert.deepEqual(kinds([aDocument()], [later]), [["moved", NEXT_WEEK]]);
});

test("of several changes of a job the latest is shown, and a new job stays new", () => {
  const [added] = changesOf([], [aDocument()], TOLD);
  const [moved] = changesOf([aDocument()], [aDocument({ schedule: LATER })], TOLD);
  const [gone] = changesOf([aDocument()], [], TOLD);
  assert.deepEqual(withChanges([added], [moved]), [{ ...moved, kind: "new" }]);
  assert.deepEqual(withChanges([moved], [gone]), [gone]);
});
