import assert from "node:assert/strict";
import { test } from "node:test";

import { plannedJob } from "../../web/dispatch/state/fit.js";
import { sheetsOf, weekOf } from "../../web/dispatch/state/week.js";
import { aCard, at } from "./flows.js";

const SATURDAY = { date: "2026-11-21", zone: "America/New_York" };
const DRIVEN = [{ role: "driver", member: "mike", first_name: "Mike" }];

test("a week goes from Monday to Sunday and counts what is left to plan", () => {
  const today = { schedule: { window_start: at(60), window_end: at(180) } };
  const cards = [
    aCard({ job_id: "planned", ...today, crew: DRIVEN, truck: "t1" }),
    aCard({ job_id: "open", ...today }),
    aCard({ job_id: "ended", ...today, terminal: true }),
    aCard({ job_id: "no window" }),
  ];
  const week = weekOf(cards, SATURDAY, true);
  assert.deepEqual([week[0].date, week.at(-1).date], ["2026-11-16", "2026-11-22"]);
  assert.deepEqual(week[5], { date: "2026-11-21", jobs: 2, open: 1 });
  assert.deepEqual(week.map(({ jobs }) => jobs), [0, 0, 0, 0, 0, 2, 0]);
});

function aBlock(job_id, opens, closes, values = {}) {
  const window = { window_start: at(opens), window_end: at(closes) };
  const planned = plannedJob({ job_id, ...window, duration_minutes: 60 });
  return { job_id, role: "driver", ended: false, planned, begin_ms: planned.opens_ms, ...values };
}

test("a driver's sheet has the stops in an order in which they fit", () => {
  const blocks = [
    aBlock("wide", 0, 240),
    aBlock("tight", 0, 30),
    aBlock("helped", 0, 60, { role: "first_mate" }),
    aBlock("done", 0, 60, { ended: true }),
  ];
  const loose = [{ job_id: "any time", role: "driver", ended: false }];
  const [sheet] = sheetsOf([{ name: "Mike", blocks, loose }]);
  assert.equal(sheet.name, "Mike");
  assert.deepEqual(sheet.stops, [
    { job_id: "tight", at_ms: Date.parse(at(0)) },
    { job_id: "wide", at_ms: Date.parse(at(60)) },
    { job_id: "any time", at_ms: null },
  ]);
});

test("who drives nothing has no sheet, and jobs that do not fit have no times", () => {
  assert.deepEqual(sheetsOf([{ name: "Mike", blocks: [], loose: [] }]), []);
  const blocks = [aBlock("b", 0, 30), aBlock("a", 0, 30), aBlock("c", 10, 30)];
  const [{ stops }] = sheetsOf([{ name: "Mike", blocks, loose: [] }]);
  assert.deepEqual(stops.map(({ at_ms }) => at_ms), [null, null, null]);
});
