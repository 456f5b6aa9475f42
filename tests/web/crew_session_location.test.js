import assert from "node:assert/strict";
import { test } from "node:test";

import { aDocument } from "./crew_fakes.js";
import { HAUL, FakeApi, START, TASHA, aSession, unreachable, twoTabs } from "./crew_session_fakes.js";

test("the location is shared only while a job is under way", async () => {
  const { session, api, time } = await aSession();
  const shared = () => api.asked.filter((name) => name.startsWith("sendLocation")).length;
  await session.share(true);
  await time.pass(120_000);
  assert.deepEqual([session.sharing.state, shared()], ["waiting", 0]);
  await session.actions.move(session.jobs[0], START);
  await time.pass(1_000);
  assert.deepEqual([session.sharing.state, shared()], ["on", 1]);
  const complete = HAUL.moves.find(({ name }) => name === "complete");
  await session.actions.move(session.jobs[0], complete);
  await time.pass(600_000);
  assert.deepEqual([session.sharing.state, shared()], ["waiting", 1]);
});

/** Someone whose job is under way, and whose place was told once. */
async function aSessionThatShared(options) {
  const api = new FakeApi();
  api.jobs = [aDocument({ status: "in_progress" })];
  const all = await aSession({ api, ...options });
  await all.session.share(true);
  await all.time.pass(1_000);
  return all;
}

const locationRequests = ({ asked }) => asked.filter((name) => /^(sendLocation|removeLocation|signOut)/.test(name));

test("signing out removes the location before the session ends", async () => {
  const { session, api } = await aSessionThatShared();
  await session.signOut();
  const job = "261121-7k3m2q";
  assert.deepEqual(locationRequests(api), [`sendLocation ${job}`, `removeLocation ${job}`, "signOut"]);
});

test("after signing out without signal, the location is removed before the session ends", async () => {
  const { session, api } = await aSessionThatShared();
  api.reach = unreachable;
  await session.signOut();
  api.asked.length = 0;
  api.reach = () => {};
  await session.signal("online");
  assert.deepEqual(locationRequests(api), ["removeLocation 261121-7k3m2q", "signOut"]);
});

test("switching sharing off in one tab stops it in all tabs", async () => {
  const [here, there] = twoTabs();
  const { session, api, time } = await aSessionThatShared({ channel: here });
  const other = await aSession({ channel: there });
  await other.session.share(false);
  api.asked.length = 0;
  await time.pass(600_000);
  assert.deepEqual([session.sharing.state, locationRequests(api)], ["off", []]);
});

test("a sign-in on another page gives the new person their own page here", async () => {
  const { session, store, api, time } = await aSessionThatShared();
  api.account = TASHA;
  api.jobs = [aDocument({ job_id: "261121-tasha0", status: "in_progress" })];
  await time.pass(60_000);
  const kept = await store.get("day");
  assert.deepEqual([session.user.name, kept.day.session.name], ["Tasha", "Tasha"]);
  assert.deepEqual(session.jobs.map(({ job_id }) => job_id), ["261121-tasha0"]);
  assert.equal(session.sharing.state, "off", "that Miguel shares his location does not mean that Tasha does");
});
