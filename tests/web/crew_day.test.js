import assert from "node:assert/strict";
import { test } from "node:test";

import {
  currentJob,
  daysOf,
  lackingFor,
  lateEta,
  etaIn,
  movesOf,
  newest,
  nextApproach,
  projected,
  takingBack,
  undoOf,
} from "../../web/crew/state/crew_day.js";
import { owedIn, paidIn } from "../../web/shared/jobs/payment.js";
import { aDocument, aMove } from "./crew_fakes.js";
import { NOON_MS, at, flow } from "./flows.js";

const HAUL = flow();
const FLOWS = { haul: HAUL };
const ZONE = "America/New_York"; // noon UTC is seven in the morning there

test("a job is shown as it will be once everything is sent", () => {
  const note = { ...aMove(), kind: "edit", edit: { note: "Dog in the yard" } };
  const late = { ...aMove(), kind: "edit", edit: { schedule: { eta: at(75) } } };
  const load = { ...aMove(), kind: "edit", edit: { load_size: "half" } };
  const photo = { ...aMove(), kind: "photo", event_id: "p", photo: { photo_kind: "before" } };
  const shown = projected(aDocument(), [aMove("start"), note, late, load, photo], HAUL);
  assert.deepEqual([shown.status, shown.load_size, shown.queued.length], ["in_progress", "half", 5]);
  assert.deepEqual(shown.schedule, { ...aDocument().schedule, eta: at(75) });
  assert.deepEqual(shown.notes, [
    { text: "Dog in the yard", recorded_at: note.occurred_at, queued: true },
  ]);
  assert.deepEqual([shown.photos[0].kind, shown.photos[0].queued], ["before", true]);
});

test("payments that wait on the phone are added, and the rest is owed", () => {
  const part = { method: "cash", amount_cents: 10_000 };
  const items = [part, { method: "check", amount_cents: 5_000 }].map((payment) => {
    return { ...aMove(), kind: "edit", edit: { payment } };
  });
  const shown = projected(aDocument({ price_cents: 30_000, payments: [part] }), items, HAUL);
  assert.deepEqual([shown.payments.length, paidIn(shown), owedIn(shown)], [3, 25_000, 5_000]);
  const agreed = projected(aDocument({ price_cents: undefined }), items.slice(0, 1), HAUL);
  assert.deepEqual([agreed.price_cents, owedIn(agreed)], [10_000, 0]);
  assert.equal(owedIn(aDocument({ price_cents: undefined })), null);
});

test("queued moves follow each other, and an illegal one changes nothing", () => {
  const moves = ["start", "no_access", "start", "complete"].map((name) => aMove(name));
  assert.equal(projected(aDocument(), moves, HAUL).status, "completed");
  assert.equal(projected(aDocument({ status: "cancelled" }), moves, HAUL).status, "cancelled");
});

test("a queued undo shows the job as it was, unless someone else has moved it", () => {
  const start = HAUL.moves.find(({ name }) => name === "start");
  const undo = { ...aMove(), ...undoOf(aDocument(), start) };
  assert.equal(projected(aDocument(), [aMove("start"), undo], HAUL).status, "ready_for_pickup");
  assert.equal(projected(aDocument({ status: "in_progress" }), [undo], HAUL).status, "ready_for_pickup");
  assert.equal(projected(aDocument({ status: "cancelled" }), [undo], HAUL).status, "cancelled");
});

test("a crew says that it is on its way, then that it is almost there, and takes it back", () => {
  const edit = (changes) => ({ ...aMove(), kind: "edit", edit: changes });
  const told = (job) => [job.approach, job.schedule.eta, nextApproach(job, HAUL, NOON_MS, ZONE)];
  const job = aDocument();
  const way = { approach: "on_my_way", schedule: { eta: etaIn(30, NOON_MS) } };
  assert.deepEqual(told(job), [undefined, undefined, "on_my_way"]);
  assert.deepEqual(told(projected(job, [edit(way)], HAUL)), ["on_my_way", at(30), "arriving"]);
  const near = edit({ approach: "arriving" });
  assert.deepEqual(told(projected(job, [edit(way), near], HAUL)), ["arriving", at(30), null]);
  const back = { ...aMove(), ...takingBack(job, way) };
  assert.deepEqual(told(projected(job, [edit(way), back], HAUL)), [undefined, null, "on_my_way"]);
});

test("no customer waits for a crew tomorrow, before confirming, or once the job is under way", () => {
  const next = (values) => nextApproach(aDocument(values), HAUL, NOON_MS, ZONE);
  assert.equal(next({ schedule: { window_start: at(24 * 60) } }), null);
  assert.equal(next({ schedule: {} }), "on_my_way");
  assert.deepEqual(["pending_pickup", "in_progress", "on_hold"].map((status) => next({ status })), [null, null, null]);
});

test("actions of other jobs and an unknown flow change nothing", () => {
  const other = aMove("start", "261121-aaaaaa");
  assert.deepEqual(projected(aDocument(), [other], HAUL), { ...aDocument(), queued: [] });
  assert.equal(projected(aDocument(), [aMove()], undefined).status, "ready_for_pickup");
});

test("the next move leads to a later status; all other moves are listed separately", () => {
  const { next, others } = movesOf(aDocument({ status: "in_progress" }), HAUL, "crew");
  assert.equal(next.name, "complete");
  assert.deepEqual(others.map(({ name }) => name), ["no_access"]);
  assert.equal(movesOf(aDocument({ status: "pending_pickup" }), HAUL, "crew").next, null);
  assert.equal(movesOf(aDocument({ status: "completed" }), HAUL, "crew").next, null);
});

test("after a failed attempt the crew may begin again", () => {
  const { next } = movesOf(aDocument({ status: "attempt_failed" }), HAUL, "crew");
  assert.equal(next?.name, "start");
});

test("what a move still needs is listed, and queued photos count", () => {
  const move = { requires: ["driver", "proof"] };
  assert.deepEqual(lackingFor(move, aDocument({ crew: [] })), [
    "driver",
    "photo_before",
    "photo_after",
    "load_size",
  ]);
  const photos = [{ kind: "before", queued: true }, { kind: "after" }];
  assert.deepEqual(lackingFor(move, aDocument({ photos, load_size: "full" })), []);
  assert.deepEqual(lackingFor({}, aDocument({ crew: [] })), []);
});

test("a delay counts from the last known time and is never in the past", () => {
  assert.equal(lateEta({ schedule: { eta: at(20), window_start: at(0) } }, 15, NOON_MS), at(35));
  assert.equal(lateEta({ schedule: { window_start: at(60) } }, 30, NOON_MS), at(90));
  assert.equal(lateEta({ schedule: { window_start: at(-60) } }, 15, NOON_MS), at(15));
  assert.equal(lateEta({}, 15, NOON_MS + 1), at(16));
});

test("today and tomorrow are the business's, wherever the phone is", () => {
  const job = (minutes) => aDocument({ schedule: { window_start: at(minutes) } });
  const [evening, night, open] = [job(16 * 60), job(18 * 60), aDocument({ schedule: {} })];
  const days = daysOf([evening, night, open], NOON_MS, ZONE);
  assert.deepEqual(days, { today: [evening], tomorrow: [night], undated: [open] });
});

test("tomorrow is the next day even when clocks change", () => {
  const now_ms = Date.parse("2026-11-01T00:15:00-04:00"); // that day has 25 hours
  const job = (window_start) => aDocument({ schedule: { window_start } });
  const [tonight, monday] = [job("2026-11-01T23:30:00-05:00"), job("2026-11-02T08:00:00-05:00")];
  assert.deepEqual(daysOf([tonight, monday], now_ms, ZONE), {
    today: [tonight],
    tomorrow: [monday],
    undated: [],
  });
});

test("the current job is the one under way, otherwise the first that is not done", () => {
  const [done, next, now] = ["completed", "ready_for_pickup", "in_progress"].map((status) =>
    aDocument({ status }),
  );
  assert.equal(currentJob([done, next, now], FLOWS), now);
  assert.equal(currentJob([done, next], FLOWS), next);
  assert.equal(currentJob([done], FLOWS), null);
});

test("an older answer does not undo newer jobs", () => {
  const [old, fresh] = [aDocument({ rev: 3 }), aDocument({ rev: 4, status: "in_progress" })];
  assert.deepEqual(newest([old], new Map([[fresh.job_id, fresh]])), [fresh]);
  assert.deepEqual(newest([fresh], new Map([[old.job_id, old]])), [fresh]);
  assert.deepEqual(newest([], new Map([[old.job_id, old]])), []);
});
