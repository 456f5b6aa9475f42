import assert from "node:assert/strict";
import { test } from "node:test";

import { Roster } from "../../web/dispatch/state/roster.js";
import { queryFor, viewIn } from "../../web/dispatch/state/page_address.js";

/** A roster with a service whose answers the test gives one by one. */
function watching() {
  const seen = { now_ms: 0, asked: [], changes: 0 };
  const ask = (date) => new Promise((answer, fail) => seen.asked.push({ date, answer, fail }));
  const onChange = () => (seen.changes += 1);
  seen.roster = new Roster({ ask, clock: () => seen.now_ms, onChange });
  seen.answer = async (crew) => {
    seen.asked.at(-1).answer(crew);
    await new Promise(setImmediate);
  };
  seen.fail = async () => {
    seen.asked.at(-1).fail(new Error("down"));
    await new Promise(setImmediate);
  };
  return seen;
}

test("the roster is read once, and again when a job has changed or 30 seconds have passed", async () => {
  const seen = watching();
  seen.roster.show("2026-11-21", "a 1");
  await seen.answer({ members: [1] });
  seen.roster.show("2026-11-21", "a 1");
  assert.deepEqual(
    seen.asked.map(({ date }) => date),
    ["2026-11-21"],
  );
  seen.roster.show("2026-11-21", "a 2");
  await seen.answer({ members: [2] });
  assert.deepEqual(seen.roster.crew, { members: [2] });
  seen.now_ms += 30_000;
  seen.roster.show("2026-11-21", "a 2");
  assert.equal(seen.asked.length, 3);
});

test("if reading fails, the last roster stays and is read again later", async () => {
  const seen = watching();
  seen.roster.show(null, "a 1");
  await seen.answer({ members: [1] });
  seen.roster.show(null, "a 2");
  await seen.fail();
  assert.deepEqual([seen.roster.crew, seen.roster.error.message], [{ members: [1] }, "down"]);
  seen.roster.show(null, "a 3");
  assert.equal(seen.asked.length, 2);
  seen.now_ms += 5_000;
  seen.roster.show(null, "a 3");
  await seen.answer({ members: [3] });
  assert.deepEqual([seen.roster.crew, seen.roster.error], [{ members: [3] }, null]);
});

test("an answer about another day is dropped, and the new day is read", async () => {
  const seen = watching();
  seen.roster.show("2026-11-21", "");
  seen.roster.show("2026-11-22", "");
  await seen.answer({ members: [21] });
  assert.equal(seen.roster.crew, null);
  seen.roster.show("2026-11-22", "");
  await seen.answer({ members: [22] });
  assert.deepEqual(seen.roster.crew, { members: [22] });
});

test("the roster is removed for the next person", async () => {
  const seen = watching();
  seen.roster.show(null, "");
  seen.roster.clear();
  await seen.answer({ members: [1] });
  seen.roster.show(null, "");
  assert.equal(seen.roster.crew, null);
  assert.equal(seen.asked.length, 2);
});

test("a change from here is read at once, even while an older request is pending", async () => {
  const seen = watching();
  seen.roster.show(null, "same");
  seen.roster.invalidate();
  await seen.answer({ members: ["old"] });
  seen.roster.show(null, "same");
  assert.equal(seen.asked.length, 2);
});

test("the address names the view, the day, and the open job; anything else is the board", () => {
  for (const place of [
    { view: "board", date: null, job: null },
    { view: "board", date: null, job: "261121-7k3m2q" },
    { view: "day", date: null, job: null },
    { view: "day", date: "2026-11-22", job: "261121-7k3m2q" },
  ])
    assert.deepEqual(viewIn(queryFor(place)), place);
  assert.deepEqual(viewIn("?view=day&date=2026-99-99"), { view: "day", date: null, job: null });
  assert.deepEqual(viewIn("?view=owned&job=../x"), { view: "board", date: null, job: null });
});
