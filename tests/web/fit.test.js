import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fit, obstaclesTo, planOf, plannedJob } from "../../web/dispatch/state/fit.js";

const MINUTE = 60_000;
const file = new URL("../../statemachine/schedule/fit_cases.json", import.meta.url);

function planned([job_id, opens, closes, takes]) {
  return { job_id, opens_ms: opens * MINUTE, closes_ms: closes * MINUTE, duration_ms: takes * MINUTE };
}

for (const { name, jobs, plan, obstacles = [] } of JSON.parse(readFileSync(file, "utf8"))) {
  test(`as on the server: ${name}`, () => {
    const all = jobs.map(planned);
    const found = planOf(all)?.map(({ job, at_ms }) => [job.job_id, at_ms / MINUTE]) ?? null;
    assert.deepEqual(found, plan);
    if (all.length === 0) return;
    const [mine, ...others] = all;
    assert.deepEqual(obstaclesTo(mine, others).map(({ job_id }) => job_id), obstacles);
  });
}

test("a crew of twelve with a full day is judged while a card is dragged", () => {
  const day = Array.from({ length: 12 }, (_, number) => planned([`j${number}`, 0, 720, 60 + 7 * number]));
  const before = performance.now();
  assert.equal(fit(day), false);
  assert.ok(performance.now() - before < 1_000);
});

test("a job without both ends of its window takes no one's time", () => {
  assert.equal(plannedJob({ job_id: "j", window_start: "2026-11-21T12:00:00Z" }), null);
  const window = { window_start: "2026-11-21T12:00:00Z", window_end: "2026-11-21T14:00:00Z" };
  assert.equal(plannedJob({ job_id: "j", ...window }).duration_ms, 60 * MINUTE);
});
