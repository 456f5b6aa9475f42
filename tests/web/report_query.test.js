import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addressOf,
  daysOf,
  daysOfRow,
  endedStatuses,
  historyLink,
  onTimeText,
  queryIn,
  questionOfRow,
} from "../../web/reports/state/report_query.js";
import { figuresFor } from "../../web/reports/state/figures.js";
import { flow } from "./flows.js";

const FLOWS = { haul: flow("haul"), dumpster: flow("dumpster") };

const TODAY = "2026-11-28"; // a Saturday

const PERIODS = {
  week: ["2026-11-23", "2026-11-28"],
  month: ["2026-11-01", "2026-11-28"],
  last_month: ["2026-10-01", "2026-10-31"],
  days: ["2026-10-30", "2026-11-28"],
  year: ["2026-01-01", "2026-11-28"],
};

for (const [period, [first, last]] of Object.entries(PERIODS)) {
  test(`the days of a period: ${period}`, () => {
    assert.deepEqual(daysOf(period, TODAY), { first, last });
  });
}

test("last month of January is December of the year before", () => {
  assert.deepEqual(daysOf("last_month", "2026-01-03"), { first: "2025-12-01", last: "2025-12-31" });
});

test("an address says the same again, and nonsense is the usual report", () => {
  const query = { period: "other", by: "crew", first: "2026-01-01", last: "2026-02-01" };
  assert.deepEqual(queryIn(addressOf(query), TODAY), query);
  const usual = { period: "month", by: "day", first: "2026-11-01", last: TODAY };
  for (const hash of ["", "#by=hour&period=ever", "#period=other&first=x&last=2026-01-01"])
    assert.deepEqual({ ...queryIn(hash, TODAY), period: "month" }, usual, hash);
});

test("a row leads to its days, but not beyond those of the report", () => {
  const report = { first: "2026-11-04", last: "2026-11-28" };
  const of = (by, key) => Object.values(daysOfRow(key, { by, ...report })).join(" ");
  assert.equal(of("day", "2026-11-09"), "2026-11-09 2026-11-09");
  assert.equal(of("week", "2026-11-09"), "2026-11-09 2026-11-15");
  assert.equal(of("week", "2026-11-02"), "2026-11-04 2026-11-08");
  assert.equal(of("month", "2026-11"), "2026-11-04 2026-11-28");
  assert.equal(of("crew", "mike"), "2026-11-04 2026-11-28");
});

test("a number leads to the history, with the question behind the hash", () => {
  const days = { first: "2026-11-01", last: "2026-11-30" };
  const link = historyLink(days, { crew: "mike", paid: "false" });
  assert.equal(link, "/history/#first=2026-11-01&last=2026-11-30&crew=mike&paid=false");
  assert.deepEqual(questionOfRow("mike", "crew"), { crew: "mike" });
  assert.deepEqual(questionOfRow("", "crew"), { crew: "-" });
  assert.deepEqual(questionOfRow("2026-11-01", "day"), {});
});

test("ended statuses are those of the flows", () => {
  assert.ok(endedStatuses(FLOWS, "done").split(",").includes("completed"));
  assert.ok(endedStatuses(FLOWS, "cancelled").split(",").includes("cancelled"));
});

test("the share on time is whole percent, and nothing without an arrival", () => {
  assert.equal(onTimeText({ on_time: 2, with_arrival: 3 }), "67 %");
  assert.equal(onTimeText({ on_time: 0, with_arrival: 0 }), "");
});

test("a figure without jobs leads nowhere, and each other one asks for as many as it counts", () => {
  const none = { jobs: 0, done: 0, cancelled: 0, failed_attempts: 0, unpaid_jobs: 0, priced: 0, on_time: 0 };
  const figures = figuresFor(FLOWS, "USD");
  assert.deepEqual(figures.filter(({ about }) => about(none) > 0), []);
  const unpaid = figures.find(({ name }) => name === "unpaid");
  assert.equal(unpaid.text({ unpaid_cents: 123_45 }), "$123.45");
  assert.equal(unpaid.about({ ...none, unpaid_jobs: 2 }), 2);
  assert.equal(unpaid.question.paid, "false");
});
