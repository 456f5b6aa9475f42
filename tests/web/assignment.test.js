import assert from "node:assert/strict";
import { test } from "node:test";

import { assignmentOf } from "../../web/dispatch/state/assignment.js";
import { plannedJob } from "../../web/dispatch/state/fit.js";
import { NOON_MS, aCard, at } from "./flows.js";

const HOUR_MS = 3_600_000;
const NOON_TO_TWO = { window_start: at(0), window_end: at(120) };

function aBlock(customer, values = {}) {
  const planned = plannedJob({ job_id: customer, ...NOON_TO_TWO, duration_minutes: 90, ...values });
  return { job_id: customer, customer, ended: false, planned };
}

function aRow(values = {}) {
  const row = { id: "rosa", kind: "person", name: "Rosa", roles: ["driver", "first_mate"], only: null };
  return { ...row, blocks: [], off: [], ...values };
}

const card = (values = {}) => aCard({ schedule: NOON_TO_TWO, duration_minutes: 90, ...values });

test("a person gets the first role that the job lacks", () => {
  const driven = [{ role: "driver", member: "mike", first_name: "Mike" }];
  assert.deepEqual(assignmentOf(card(), aRow()), {
    changes: { crew: [{ role: "driver", member: "rosa" }] },
    role: "driver",
    why: null,
  });
  const helper = assignmentOf(card({ crew: driven }), aRow());
  assert.deepEqual(helper.changes.crew, [
    { role: "driver", member: "mike" },
    { role: "first_mate", member: "rosa" },
  ]);
  assert.equal(assignmentOf(card({ crew: driven }), aRow({ roles: ["driver"] })).changes, null);
  const whole = ["driver", "first_mate"].map((role) => ({ role, member: role, first_name: role }));
  assert.equal(assignmentOf(card({ crew: whole }), aRow()).role, "first_mate");
  assert.equal(assignmentOf(card(), aRow({ only: ["first_mate"] })).role, "first_mate");
});

test("no one is put on a job twice", () => {
  const crew = [{ role: "driver", member: "rosa", first_name: "Rosa" }];
  assert.equal(assignmentOf(card({ crew }), aRow()).changes, null);
  const truck = { id: "t1", kind: "truck", name: "Truck 1", blocks: [], off: [] };
  assert.equal(assignmentOf(card({ truck: "t1" }), truck).changes, null);
  assert.deepEqual(assignmentOf(card(), truck).changes, { truck: "t1" });
});

test("what does not fit is named", () => {
  const full = [aBlock("Ada"), aBlock("Bob")];
  assert.equal(assignmentOf(card(), aRow({ blocks: full.slice(0, 1) })).why, null);
  assert.equal(assignmentOf(card(), aRow({ blocks: full })).why, "no time beside Ada, Bob");
  const ended = full.map((block) => ({ ...block, ended: true }));
  assert.equal(assignmentOf(card(), aRow({ blocks: ended })).why, null);
});

test("hours off speak against it, and a job without a window fits everywhere", () => {
  const off = [{ begin_ms: NOON_MS + HOUR_MS, end_ms: NOON_MS + 9 * HOUR_MS }];
  assert.equal(assignmentOf(card(), aRow({ off })).why, "outside their hours");
  assert.equal(assignmentOf(card({ schedule: {} }), aRow({ off })).why, null);
});
