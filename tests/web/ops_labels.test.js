import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { BOX, layoutOf } from "../../web/ops/state/flow_layout.js";
import {
  adviceText,
  boxText,
  boxesOf,
  flowsWithJobs,
  headline,
  invalidationFacts,
  jobsInTrouble,
  knowsTroubles,
  quickText,
  repairsText,
  stayBars,
  troubleText,
  visibleFacts,
  whyText,
} from "../../web/ops/state/ops_labels.js";
import { NOON_MS, at, flow } from "./flows.js";

const FLOWS = ["haul", "crewed", "dumpster", "pickup"];

function aCount(values = {}) {
  const place = { flow: "haul", status: "in_progress" };
  return { ...place, jobs: 2, overdue: 0, oldest_at: at(-90), ...values };
}

function anOverview(values = {}) {
  return { statuses: [aCount()], problem_jobs: [], queues: [], ...values };
}

test("the headline says that there are no problems, or which ones", () => {
  assert.equal(headline(anOverview()).well, true);
  const bad = anOverview({
    statuses: [aCount({ overdue: 1 }), aCount({ status: "completed", overdue: 1 })],
    problem_jobs: [{ why: "overdue" }, { why: "corrupt" }],
    queues: [{ dead: 1 }, { dead: 0 }],
  });
  assert.deepEqual(headline(bad), { well: false, text: "2 jobs overdue, 1 stuck, 1 failed message" });
});

test("with an unread source the headline reports a problem", () => {
  const { statuses, ...rest } = anOverview({ incomplete: ["board: not read (Corrupt)"] });
  assert.deepEqual(headline(rest), { well: false, text: "1 source not read" });
  assert.equal(knowsTroubles(rest.incomplete), false);
  assert.equal(knowsTroubles(["executions: not read (Unavailable)"]), true);
  assert.equal(knowsTroubles(), true);
});

test("each job with problems is listed once: stuck ones first, then the longest overdue", () => {
  const place = { flow: "haul", status: "in_progress" };
  const troubled = [
    { job_id: "c", ...place, why: "overdue", since: at(-5) },
    { job_id: "b", ...place, why: "overdue", since: at(-50) },
    { job_id: "a", ...place, why: "overdue", since: at(-7) },
    { job_id: "a", why: "corrupt", since: at(-1) },
  ];
  const jobs = jobsInTrouble(troubled);
  assert.deepEqual(jobs.map(({ job_id }) => job_id), ["a", "b", "c"]);
  assert.deepEqual(jobs[0], {
    job_id: "a",
    ...place,
    troubles: [
      { why: "corrupt", since: at(-1) },
      { why: "overdue", since: at(-7) },
    ],
  });
  const said = jobs[0].troubles.map((trouble) => troubleText(trouble, NOON_MS));
  assert.deepEqual(said, ["stuck for 1 min", "overdue for 7 min"]);
});

test("each reason why a job is stuck has a text and advice", () => {
  const file = new URL("../../events/schemas/JobStuck.json", import.meta.url);
  const reasons = JSON.parse(readFileSync(file, "utf8")).properties.why.enum;
  for (const why of reasons) {
    assert.notEqual(whyText(why), why);
    assert.notEqual(adviceText(why), "");
  }
});

test("flows with jobs are offered, the default one first; without jobs only the default one", () => {
  const flows = { crewed: {}, haul: {}, pickup: {} };
  const counts = [aCount({ flow: "crewed" }), aCount(), aCount({ flow: "pickup", jobs: 0 })];
  assert.deepEqual(flowsWithJobs(flows, counts, "haul"), ["haul", "crewed"]);
  assert.deepEqual(flowsWithJobs(flows, [], "haul"), ["haul"]);
});

test("every status has a box, and an ended job has no age", () => {
  const counts = [aCount({ overdue: 1 }), aCount({ status: "completed", jobs: 3 })];
  const said = boxesOf(flow(), counts, NOON_MS).map(boxText);
  assert.deepEqual(said, [
    "Pending pickup: 0 jobs",
    "Ready for pickup: 0 jobs",
    "In progress: 2 jobs, the oldest for 1 h 30 min, 1 overdue",
    "Completed: 3 jobs",
    "On hold: 0 jobs",
    "Could not complete: 0 jobs",
    "Cancelled: 0 jobs",
  ]);
});

test("a repair without changes says so", () => {
  assert.equal(repairsText("x", []), "x has no problems: nothing was changed.");
  assert.equal(
    repairsText("x", ["replaced", "view written"]),
    "x: a new execution continues, the customer’s page was updated.",
  );
});

test("median and p95 are actual values", () => {
  const visible = Array.from({ length: 100 }, (_, index) => ({ at: at(0), ms: 100 - index }));
  assert.deepEqual(visibleFacts(visible), {
    median_ms: 50,
    p95_ms: 95,
    slowest_ms: 100,
    moves: 100,
  });
  assert.deepEqual(visibleFacts([{ at: at(0), ms: 7 }]), {
    median_ms: 7,
    p95_ms: 7,
    slowest_ms: 7,
    moves: 1,
  });
  assert.equal(visibleFacts([]), null);
});

test("short times are rounded", () => {
  assert.deepEqual([310.4, 1_940, 125_000].map(quickText), ["310 ms", "1.9 s", "2 min"]);
});

test("a time above the limit is marked, and the bar fits the maximum", () => {
  const time = { flow: "haul", status: "in_progress", jobs: 1, limit_minutes: 480 };
  const [bar] = stayBars(flow(), [{ ...time, median_minutes: 240, longest_minutes: 960 }]);
  assert.deepEqual([bar.median, bar.longest, bar.limit, bar.late], [0.25, 1, 0.5, true]);
  assert.equal(bar.text, "median 4 h, maximum 16 h, limit 8 h (1 job)");
  const other = { ...time, flow: "crewed", median_minutes: 1, longest_minutes: 1 };
  assert.deepEqual(stayBars(flow(), [other]), []);
});

test("a status that is limited by the arrival window has no limit in minutes", () => {
  const time = { flow: "haul", status: "ready_for_pickup", jobs: 2 };
  const [bar] = stayBars(flow(), [{ ...time, median_minutes: 60, longest_minutes: 10_080 }]);
  assert.deepEqual([bar.longest, bar.limit, bar.late], [1, null, false]);
  assert.equal(bar.text, "median 1 h, maximum 7 d, limit is the arrival window (2 jobs)");
});

test("the budget says when it is used up, and may be zero", () => {
  assert.equal(
    invalidationFacts({ month: "2026-11", paths: 312, budget: 1000 }).text,
    "312 of 1,000 paths (31 %) in 2026-11",
  );
  assert.equal(invalidationFacts({ month: "2026-11", paths: 1000, budget: 1000 }).over, true);
  const none = invalidationFacts({ month: "2026-11", paths: 0, budget: 0 });
  assert.deepEqual([none.over, none.text], [true, "0 of 0 paths in 2026-11"]);
});

/** Every number pair of a path, as {x, y}. */
function pointsOf(path) {
  return [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => ({ x: +x, y: +y }));
}

for (const name of FLOWS) {
  for (const down of [false, true]) {
    test(`${name} ${down ? "down" : "across"}: every move has its arrow, and all is inside`, () => {
      const whole = flow(name);
      const picture = layoutOf(whole, { down });
      const pairs = new Set(
        whole.moves.flatMap((move) => move.from.map((from) => `${from} ${move.to}`)),
      );
      assert.deepEqual(new Set(picture.arrows.map(({ from, to }) => `${from} ${to}`)), pairs);
      const corners = picture.boxes.flatMap(({ x, y }) => [
        { x, y },
        { x: x + BOX.width, y: y + BOX.height },
      ]);
      const points = picture.arrows.flatMap(({ path }) => pointsOf(path));
      for (const { x, y } of [...corners, ...points]) {
        assert.ok(x >= 0 && x <= picture.width && y >= 0 && y <= picture.height, `${x},${y}`);
      }
    });

    test(`${name} ${down ? "down" : "across"}: no arrow runs through a box`, () => {
      const { boxes, arrows } = layoutOf(flow(name), { down });
      const inside = ({ x, y }, box) =>
        x > box.x && x < box.x + BOX.width && y > box.y && y < box.y + BOX.height;
      for (const { path } of arrows) {
        const points = pointsOf(path);
        const middles = points.slice(1).map((point, index) => ({
          x: (point.x + points[index].x) / 2,
          y: (point.y + points[index].y) / 2,
        }));
        for (const point of [...points, ...middles])
          assert.ok(!boxes.some((box) => inside(point, box)), path);
      }
    });
  }
}
