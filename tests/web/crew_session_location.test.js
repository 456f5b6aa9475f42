import assert from "node:assert/strict";
import { test } from "node:test";

import { aDocument } from "./crews.js";
import { HAUL, Office, START, TASHA, aShift, away, twoTabs } from "./crew_sessions.js";

test("the place is shared while a job is under way, and no longer", async () => {
  const { shift, office, time } = await aShift();
  const told = () => office.asked.filter((name) => name.startsWith("crew_location")).length;
  await shift.share(true);
  await time.pass(120_000);
  assert.deepEqual([shift.sharing.state, told()], ["waiting", 0]);
  await shift.move(shift.jobs[0], START);
  await time.pass(1_000);
  assert.deepEqual([shift.sharing.state, told()], ["on", 1]);
  const complete = HAUL.moves.find(({ name }) => name === "complete");
  await shift.move(shift.jobs[0], complete);
  await time.pass(600_000);
  assert.deepEqual([shift.sharing.state, told()], ["waiting", 1]);
});

/** Someone whose job is under way, and whose place was told once. */
async function aShiftThatTold(options) {
  const office = new Office();
  office.jobs = [aDocument({ status: "in_progress" })];
  const all = await aShift({ office, ...options });
  await all.shift.share(true);
  await all.time.pass(1_000);
  return all;
}

const placesIn = ({ asked }) => asked.filter((name) => /^(crew_location|forget|signOut)/.test(name));

test("signing out takes the place back while the session still may", async () => {
  const { shift, office } = await aShiftThatTold();
  await shift.signOut();
  const job = "261121-7k3m2q";
  assert.deepEqual(placesIn(office), [`location ${job}`, `forget ${job}`, "signOut"]);
});

test("left without signal, the place is taken back before the session is ended", async () => {
  const { shift, office } = await aShiftThatTold();
  office.reach = away;
  await shift.signOut();
  office.asked.length = 0;
  office.reach = () => {};
  await shift.signal("online");
  assert.deepEqual(placesIn(office), ["forget 261121-7k3m2q", "signOut"]);
});

test("switched off in one tab, the place is told by no other", async () => {
  const [here, there] = twoTabs();
  const { shift, office, time } = await aShiftThatTold({ channel: here });
  const other = await aShift({ channel: there });
  await other.shift.share(false);
  office.asked.length = 0;
  await time.pass(600_000);
  assert.deepEqual([shift.sharing.state, placesIn(office)], ["off", []]);
});

test("who signs in on another page meanwhile gets a page of their own here", async () => {
  const { shift, store, office, time } = await aShiftThatTold();
  office.account = TASHA;
  office.jobs = [aDocument({ job_id: "261121-tasha0", status: "in_progress" })];
  await time.pass(60_000);
  const kept = await store.get("day");
  assert.deepEqual([shift.session.name, kept.day.session.name], ["Tasha", "Tasha"]);
  assert.deepEqual(shift.jobs.map(({ job_id }) => job_id), ["261121-tasha0"]);
  assert.equal(shift.sharing.state, "off", "that Miguel shares his place is not Tasha's request");
});
