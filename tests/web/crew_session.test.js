import assert from "node:assert/strict";
import { test } from "node:test";

import { problem, settled } from "./crew_fakes.js";
import { NOON_MS, at } from "./flows.js";
import { MIGUEL, FakeApi, START, TASHA, aSession, unreachable } from "./crew_session_fakes.js";

test("without a session the page shows the sign-in form and no jobs", async () => {
  const api = new FakeApi();
  api.account = null;
  const { session, time } = await aSession({ api });
  assert.deepEqual([session.scene, session.jobs], ["sign_in", []]);
  await session.signIn("miguel", "pw");
  await time.pass(1_000);
  assert.deepEqual([session.scene, session.jobs.length], ["jobs", 1]);
});

test("the last known jobs are shown without signal after the browser was closed", async () => {
  const { store } = await aSession();
  const api = new FakeApi();
  api.reach = unreachable;
  const { session } = await aSession({ store, api });
  assert.deepEqual([session.scene, session.signal_state], ["jobs", "none"]);
  assert.equal(session.jobs[0].place.gate_code, "4711");
  assert.equal(session.kind, "crew");
});

test("without signal and without stored jobs the page says so", async () => {
  const api = new FakeApi();
  api.reach = unreachable;
  const { session, time } = await aSession({ api });
  assert.equal(session.scene, "nothing");
  api.reach = () => {};
  await session.signal("online");
  await time.pass(2_000);
  assert.equal(session.scene, "jobs");
});

test("a move without signal is shown at once and sent later", async () => {
  const { session, api, time } = await aSession();
  api.reach = unreachable;
  await session.actions.move(session.jobs[0], START);
  await settled();
  assert.deepEqual([session.jobs[0].status, session.jobs[0].queued.length], ["in_progress", 1]);
  api.reach = () => {};
  await session.signal("online");
  await time.pass(2_000);
  assert.deepEqual([session.jobs[0].status, session.jobs[0].queued.length], ["in_progress", 0]);
  assert.equal(api.asked.filter((name) => name === "send").length, 1);
});

test("a move can be taken back for a minute, sent or not, and the job is as before", async () => {
  const { session, api, time } = await aSession();
  await session.actions.move(session.jobs[0], START);
  await settled();
  assert.equal(session.actions.undoable.label.en, "Start job");
  await session.actions.undo();
  await settled();
  assert.deepEqual([session.jobs[0].status, session.actions.undoable], ["ready_for_pickup", null]);
  api.reach = unreachable;
  await session.signal("offline");
  await session.actions.move(session.jobs[0], START);
  await session.actions.undo();
  assert.deepEqual([session.jobs[0].status, session.queue.waiting("miguel")], ["ready_for_pickup", []]);
  await session.actions.move(session.jobs[0], START);
  await time.pass(60_000);
  assert.equal(session.actions.undoable, null);
});

test("what someone else changed of today's list is shown until it is dismissed", async () => {
  const { session, api, store, time } = await aSession();
  assert.deepEqual(session.changes.list, []);
  const schedule = { window_start: at(120), window_end: at(180) };
  api.jobs = api.jobs.map((job) => ({ ...job, rev: job.rev + 1, schedule }));
  await time.pass(30_000);
  assert.deepEqual(session.changes.list.map(({ kind }) => kind), ["moved"]);
  const again = await aSession({ store, api });
  assert.equal(again.session.changes.list.length, 1, "also after the page was closed");
  await again.session.changes.dismiss();
  assert.deepEqual(again.session.changes.list, []);
});

test("an action is retried automatically when the server fails", async () => {
  const { session, api, time } = await aSession();
  api.reach = () => {
    throw problem(503, "unavailable");
  };
  await session.actions.move(session.jobs[0], START);
  await time.pass(5_000);
  assert.equal(session.queue.waiting("miguel").length, 1);
  api.reach = () => {};
  await time.pass(60_000);
  assert.deepEqual(session.queue.waiting("miguel"), []);
});

test("a job does not go back to an older status if the list is late", async () => {
  const { session, api, time } = await aSession();
  const before = api.jobs;
  await session.actions.move(session.jobs[0], START);
  await settled();
  api.jobs = before;
  await time.pass(60_000);
  assert.equal(session.jobs[0].status, "in_progress");
});

test("an expired session keeps the queue until its owner signs in again", async () => {
  const { session, api, time } = await aSession();
  api.account = null;
  await session.actions.move(session.jobs[0], START);
  await time.pass(60_000);
  assert.deepEqual([session.scene, session.queue.waiting("miguel").length], ["sign_in", 1]);
  await session.signIn("tasha", "pw");
  await time.pass(60_000);
  assert.equal(session.queue.others("tasha"), 1);
  await session.signIn("miguel", "pw");
  await time.pass(60_000);
  assert.deepEqual(session.queue.waiting("miguel"), []);
  assert.equal(api.asked.filter((name) => name === "send").length, 1);
});

test("another person's jobs are never shown", async () => {
  const { store } = await aSession();
  const api = new FakeApi();
  api.account = TASHA;
  api.jobs = [];
  const { session } = await aSession({ store, api });
  assert.deepEqual([session.account, session.jobs], ["tasha", []]);
});

test("signing out removes everything from the phone, even without signal", async () => {
  const { session, store, api, time } = await aSession();
  api.reach = unreachable;
  await session.actions.move(session.jobs[0], START);
  await session.share(true);
  await session.signOut();
  await time.pass(60_000);
  assert.deepEqual([session.scene, session.jobs, session.user], ["sign_in", [], null]);
  assert.deepEqual([await store.items(), await store.get("day"), await store.get("sharing")], [
    [],
    null,
    null,
  ]);
  api.reach = () => {};
  const again = await aSession({ store, api });
  assert.equal(api.account, null, "the session is ended as soon as possible");
  assert.equal(again.session.scene, "sign_in");
});

test("jobs that were stored more than two days ago are not shown", async () => {
  const { store } = await aSession();
  const kept = await store.get("day");
  await store.set("day", { ...kept, kept_at_ms: NOON_MS - 49 * 3_600_000 });
  const api = new FakeApi();
  api.reach = unreachable;
  const { session } = await aSession({ store, api });
  assert.deepEqual([session.scene, await store.get("day")], ["nothing", null]);
});

test("a phone with a wrong clock reports the server's time", async () => {
  const api = new FakeApi();
  api.date = new Date(NOON_MS - 3_600_000).toUTCString();
  const { session, store } = await aSession({ api });
  api.reach = unreachable;
  await session.actions.move(session.jobs[0], START);
  const [{ occurred_at }] = await store.items();
  assert.equal(occurred_at, "2026-11-21T11:00:00.000Z");
  const again = await aSession({ store, api });
  assert.equal(again.session.now_ms, NOON_MS - 3_600_000);
});

test("an action made before a new session is noticed waits for the person who made it", async () => {
  const { session, api, time } = await aSession();
  api.account = TASHA;
  await session.actions.move(session.jobs[0], START);
  await time.pass(2_000);
  assert.deepEqual([session.account, session.queue.others("tasha")], ["tasha", 1]);
  assert.ok(!api.asked.includes("send"));
  api.account = MIGUEL;
  await time.pass(60_000);
  assert.deepEqual([session.account, session.queue.waiting("miguel")], ["miguel", []]);
  assert.equal(api.asked.filter((name) => name === "send").length, 1);
});

test("a phone with full storage keeps working", async () => {
  const { session, store, api, time } = await aSession();
  store.set = async () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await session.actions.move(session.jobs[0], START);
  await time.pass(60_000);
  assert.equal(api.asked.filter((name) => name === "send").length, 1);
  assert.deepEqual([session.jobs[0].status, session.signal_state], ["in_progress", "good"]);
  assert.deepEqual(session.queue.waiting("miguel"), []);
});
