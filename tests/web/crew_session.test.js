import assert from "node:assert/strict";
import { test } from "node:test";

import { problem, settled } from "./crews.js";
import { NOON_MS } from "./flows.js";
import { MIGUEL, Office, START, TASHA, aShift, away } from "./crew_sessions.js";

test("no one signed in is asked to, and nothing is shown", async () => {
  const office = new Office();
  office.account = null;
  const { shift, time } = await aShift({ office });
  assert.deepEqual([shift.scene, shift.jobs], ["sign_in", []]);
  await shift.signIn("miguel", "pw");
  await time.pass(1_000);
  assert.deepEqual([shift.scene, shift.jobs.length], ["jobs", 1]);
});

test("what was known last is there without signal, after the browser was closed", async () => {
  const { store } = await aShift();
  const office = new Office();
  office.reach = away;
  const { shift } = await aShift({ store, office });
  assert.deepEqual([shift.scene, shift.signal_state], ["jobs", "none"]);
  assert.equal(shift.jobs[0].place.gate_code, "4711");
  assert.equal(shift.kind, "crew");
});

test("without signal and with nothing kept, that is what is said", async () => {
  const office = new Office();
  office.reach = away;
  const { shift, time } = await aShift({ office });
  assert.equal(shift.scene, "nothing");
  office.reach = () => {};
  await shift.signal("online");
  await time.pass(2_000);
  assert.equal(shift.scene, "jobs");
});

test("a move without signal shows at once, is sent later, and is then the office's", async () => {
  const { shift, office, time } = await aShift();
  office.reach = away;
  await shift.move(shift.jobs[0], START);
  await settled();
  assert.deepEqual([shift.jobs[0].status, shift.jobs[0].queued.length], ["in_progress", 1]);
  office.reach = () => {};
  await shift.signal("online");
  await time.pass(2_000);
  assert.deepEqual([shift.jobs[0].status, shift.jobs[0].queued.length], ["in_progress", 0]);
  assert.equal(office.asked.filter((name) => name === "send").length, 1);
});

test("an office in trouble is asked again by itself, with no signal from the phone", async () => {
  const { shift, office, time } = await aShift();
  office.reach = () => {
    throw problem(503, "unavailable");
  };
  await shift.move(shift.jobs[0], START);
  await time.pass(5_000);
  assert.equal(shift.queue.waiting("miguel").length, 1);
  office.reach = () => {};
  await time.pass(60_000);
  assert.deepEqual(shift.queue.waiting("miguel"), []);
});

test("a job shows no older state after its move was taken, though the list is late", async () => {
  const { shift, office, time } = await aShift();
  const before = office.jobs;
  await shift.move(shift.jobs[0], START);
  await settled();
  office.jobs = before;
  await time.pass(60_000);
  assert.equal(shift.jobs[0].status, "in_progress");
});

test("a session that ends keeps what waits until its owner signs in again", async () => {
  const { shift, office, time } = await aShift();
  office.account = null;
  await shift.move(shift.jobs[0], START);
  await time.pass(60_000);
  assert.deepEqual([shift.scene, shift.queue.waiting("miguel").length], ["sign_in", 1]);
  await shift.signIn("tasha", "pw");
  await time.pass(60_000);
  assert.equal(shift.queue.others("tasha"), 1);
  await shift.signIn("miguel", "pw");
  await time.pass(60_000);
  assert.deepEqual(shift.queue.waiting("miguel"), []);
  assert.equal(office.asked.filter((name) => name === "send").length, 1);
});

test("someone else's jobs are never shown, whoever used this phone before", async () => {
  const { store } = await aShift();
  const office = new Office();
  office.account = TASHA;
  office.jobs = [];
  const { shift } = await aShift({ store, office });
  assert.deepEqual([shift.account, shift.jobs], ["tasha", []]);
});

test("signing out takes everything off the phone, also without signal", async () => {
  const { shift, store, office, time } = await aShift();
  office.reach = away;
  await shift.move(shift.jobs[0], START);
  await shift.share(true);
  await shift.signOut();
  await time.pass(60_000);
  assert.deepEqual([shift.scene, shift.jobs, shift.session], ["sign_in", [], null]);
  assert.deepEqual([await store.items(), await store.get("day"), await store.get("sharing")], [
    [],
    null,
    null,
  ]);
  office.reach = () => {};
  const again = await aShift({ store, office });
  assert.equal(office.account, null, "the session that was left is ended as soon as possible");
  assert.equal(again.shift.scene, "sign_in");
});

test("jobs that were kept for longer than two days are shown to no one", async () => {
  const { store } = await aShift();
  const kept = await store.get("day");
  await store.set("day", { ...kept, kept_at_ms: NOON_MS - 49 * 3_600_000 });
  const office = new Office();
  office.reach = away;
  const { shift } = await aShift({ store, office });
  assert.deepEqual([shift.scene, await store.get("day")], ["nothing", null]);
});

test("a phone whose clock is wrong says when things happened by the office's clock", async () => {
  const office = new Office();
  office.date = new Date(NOON_MS - 3_600_000).toUTCString();
  const { shift, store } = await aShift({ office });
  office.reach = away;
  await shift.move(shift.jobs[0], START);
  const [{ occurred_at }] = await store.items();
  assert.equal(occurred_at, "2026-11-21T11:00:00.000Z");
  const again = await aShift({ store, office });
  assert.equal(again.shift.now_ms, NOON_MS - 3_600_000);
});

test("what is pressed before a new session is noticed waits for whoever pressed it", async () => {
  const { shift, office, time } = await aShift();
  office.account = TASHA;
  await shift.move(shift.jobs[0], START);
  await time.pass(2_000);
  assert.deepEqual([shift.account, shift.queue.others("tasha")], ["tasha", 1]);
  assert.ok(!office.asked.includes("send"));
  office.account = MIGUEL;
  await time.pass(60_000);
  assert.deepEqual([shift.account, shift.queue.waiting("miguel")], ["miguel", []]);
  assert.equal(office.asked.filter((name) => name === "send").length, 1);
});

test("a full phone goes on working, and is no trouble of the office's", async () => {
  const { shift, store, office, time } = await aShift();
  store.set = async () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await shift.move(shift.jobs[0], START);
  await time.pass(60_000);
  assert.equal(office.asked.filter((name) => name === "send").length, 1);
  assert.deepEqual([shift.jobs[0].status, shift.signal_state], ["in_progress", "good"]);
  assert.deepEqual(shift.queue.waiting("miguel"), []);
});
