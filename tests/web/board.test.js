import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Board,
  ageMs,
  cardOf,
  columnsOf,
  flowsInUse,
  overdueMs,
  passes,
} from "../../web/dispatch/state/board.js";
import { NOON_MS, aCard, aDetail, at, flow } from "./flows.js";

const ID = "261121-7k3m2q";

test("a card with a lower rev never replaces one with a higher rev", () => {
  const board = new Board();
  board.takeAll({ [ID]: aCard({ rev: 5, status: "in_progress" }) }, NOON_MS);
  assert.equal(board.take(aCard({ rev: 4 })), false);
  board.takeAll({ [ID]: aCard({ rev: 3 }) }, NOON_MS);
  assert.equal(board.card(ID).status, "in_progress");
});

test("a job that left the board does not come back with an older rev", () => {
  const board = new Board();
  board.takeAll({ [ID]: aCard({ rev: 5 }) }, NOON_MS);
  board.takeAll({}, NOON_MS);
  assert.equal(board.card(ID), null);
  board.takeAll({ [ID]: aCard({ rev: 4 }) }, NOON_MS);
  assert.equal(board.card(ID), null);
  board.takeAll({ [ID]: aCard({ rev: 5 }) }, NOON_MS);
  assert.equal(board.card(ID).rev, 5);
});

test("a card from a job's own response stays for a while, then only if the board has it", () => {
  const board = new Board();
  board.takeOwn(aCard(), NOON_MS);
  board.takeAll({}, NOON_MS + 119_000);
  assert.equal(board.card(ID).rev, 1);
  board.takeAll({}, NOON_MS + 121_000);
  assert.equal(board.card(ID), null);
});

test("a move that is being sent is shown in its new column, and then in the column of its status", () => {
  const board = new Board();
  board.takeAll({ [ID]: aCard() }, NOON_MS);
  board.begin(ID, "ready_for_pickup");
  assert.deepEqual(board.shown(), [{ ...aCard(), status: "ready_for_pickup", moving: true }]);
  assert.equal(board.card(ID).status, "pending_pickup");
  board.settle(ID);
  assert.deepEqual(board.shown(), [aCard()]);
});

test("there is a column for each status, sorted by arrival, and by the end for ended jobs", () => {
  const late = aCard({ job_id: "late", schedule: { window_start: at(120) } });
  const soon = aCard({ job_id: "soon", schedule: { window_start: at(10) } });
  const open = aCard({ job_id: "open" });
  const old = aCard({ job_id: "old", status: "completed", entered_at: at(-90) });
  const fresh = aCard({ job_id: "fresh", status: "completed", entered_at: at(-5) });
  const columns = columnsOf(flow(), [open, late, old, soon, fresh]);
  assert.deepEqual(
    columns.map(({ status, cards }) => [status.name, cards.map((card) => card.job_id)]),
    [
      ["pending_pickup", ["soon", "late", "open"]],
      ["ready_for_pickup", []],
      ["in_progress", []],
      ["completed", ["fresh", "old"]],
      ["on_hold", []],
      ["attempt_failed", []],
      ["cancelled", []],
    ],
  );
});

test("the flows in use are those with cards, the default one first", () => {
  const flows = { crewed: flow("crewed"), dumpster: flow("dumpster"), haul: flow() };
  assert.deepEqual(flowsInUse(flows, [], "haul"), ["haul"]);
  assert.deepEqual(flowsInUse(flows, [aCard({ flow: "crewed" })], "haul"), ["haul", "crewed"]);
});

test("a search finds all words in name, address, reference, or crew, without accents", () => {
  const card = aCard({ customer: "José Pérez", crew: [{ role: "driver", first_name: "Zoë" }] });
  const found = (text) => passes(card, { text }, NOON_MS);
  assert.deepEqual(["perez", "HARBOR jose", "7k3m", "zoe", ""].map(found), [
    true,
    true,
    true,
    true,
    true,
  ]);
  assert.deepEqual(["perez elm", "xyz"].map(found), [false, false]);
});

test("the filters show overdue jobs, jobs without crew, and today's jobs", () => {
  const now_ms = NOON_MS;
  assert.equal(passes(aCard({ due_at: at(-1) }), { overdue: true }, now_ms), true);
  assert.equal(passes(aCard(), { overdue: true }, now_ms), false);
  assert.equal(passes(aCard(), { unassigned: true }, now_ms), true);
  assert.equal(
    passes(aCard({ crew: [{ role: "driver", first_name: "Mike" }] }), { unassigned: true }, now_ms),
    false,
  );
  assert.equal(passes(aCard({ schedule: { window_start: at(1) } }), { today: true }, now_ms), true);
  assert.equal(
    passes(aCard({ schedule: { window_start: at(2880) } }), { today: true }, now_ms),
    false,
  );
  assert.equal(passes(aCard(), { today: true }, now_ms), false);
});

test("a job is overdue after its limit, but not once it has ended", () => {
  assert.equal(overdueMs(aCard({ due_at: at(-2) }), NOON_MS), 120_000);
  assert.equal(overdueMs(aCard(), NOON_MS), null);
  assert.equal(overdueMs(aCard({ due_at: at(-2), terminal: true }), NOON_MS), null);
  assert.equal(ageMs(aCard(), NOON_MS), 1_800_000);
  assert.equal(ageMs(aCard({ entered_at: at(5) }), NOON_MS), 0);
});

test("a job's details give the same card as the board", () => {
  const crew = [{ role: "driver", member: "miguel", first_name: "Miguel" }];
  const ended = { status: "completed", terminal: true, due_at: null };
  const card = aCard({ ...ended, price_cents: 24_000, crew, truck: "t1" });
  assert.deepEqual(cardOf(aDetail(card), flow()), card);
});

test("a search finds the load and the last digits of the phone number, in any form", () => {
  const card = aCard({ load: "Sofá, two mattresses", phone_end: "0123", address: "12 Elm St" });
  const found = (text) => passes(card, { text }, NOON_MS);
  const texts = ["sofa", "mattress", "0123", "(555) 555-0123", "ada 0123", "12"];
  assert.deepEqual(texts.map(found), texts.map(() => true));
  assert.deepEqual(["4567", "555 0124", "piano"].map(found), [false, false, false]);
});

test("today is the business's day, not the device's", () => {
  const late_ms = Date.parse("2026-11-22T04:30:00Z"); // 23:30 on November 21 in New York
  const window = { window_start: "2026-11-22T13:00:00Z", window_end: "2026-11-22T17:00:00Z" };
  const today = (zone) => passes(aCard({ schedule: window }), { today: true }, late_ms, zone);
  assert.deepEqual([today("America/New_York"), today("UTC")], [false, true]);
  const overnight = { window_start: "2026-11-21T03:30:00Z", window_end: "2026-11-21T06:00:00Z" };
  const night = aCard({ schedule: overnight }); // since the evening of November 20
  assert.equal(passes(night, { today: true }, late_ms, "America/New_York"), true);
});
