import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStore } from "../../web/lib/crew_store.js";
import { Shift } from "../../web/lib/shift.js";
import { aDocument, handClock, noSignal, problem, settled } from "./crews.js";
import { NOON_MS, flow } from "./flows.js";

const HAUL = flow();
const START = HAUL.moves.find(({ name }) => name === "start");
const TASHA = { account: "tasha", name: "Tasha", roles: ["driver"] };
const MIGUEL = { account: "miguel", name: "Miguel", roles: ["driver"] };

/** An office that knows one job; `reach` may throw, as it is asked before everything. */
class Office {
  jobs = [aDocument()];
  account = MIGUEL;
  asked = [];
  date = new Date(NOON_MS).toUTCString();
  reach = () => {};

  /** What every request begins with. */
  #asks(name, { openToAll = false } = {}) {
    this.asked.push(name);
    this.reach(name);
    if (this.account === null && !openToAll) throw problem(401, "signed-out");
  }

  async session() {
    this.#asks("session");
    return this.account;
  }

  async signIn(account) {
    this.#asks("signIn", { openToAll: true });
    this.account = { account, name: account, roles: ["driver"] };
    return this.account;
  }

  async signOut() {
    this.#asks("signOut");
    this.account = null;
  }

  async flows() {
    this.#asks("flows");
    return { flows: { haul: HAUL } };
  }

  async myJobs() {
    this.#asks("myJobs");
    const { account } = this.account;
    const body = { account, jobs: this.jobs, trucks: {}, time_zone: "UTC" };
    return { status: 200, body, etag: null, date: this.date };
  }

  async send({ move }) {
    this.#asks("send");
    const { to } = HAUL.moves.find(({ name }) => name === move.move);
    this.jobs = this.jobs.map((job) => ({ ...job, status: to, rev: job.rev + 1 }));
    return this.jobs[0];
  }

  async whereabouts(job_id) {
    this.#asks(`whereabouts ${job_id}`);
  }

  async forgetPlace(job_id) {
    this.#asks(`forget ${job_id}`);
  }
}

async function aShift({ store = new MemoryStore(), office = new Office(), channel } = {}) {
  const time = handClock();
  const shift = new Shift({
    ...time,
    store,
    channel,
    crewing: office,
    changed: () => {},
    position: async () => ({ latitude: 1, longitude: 2 }),
  });
  await shift.start();
  await time.pass(0);
  return { shift, office, store, time };
}

/** Two ends of one channel: what is posted on one is heard on the other. */
function twoTabs() {
  const [one, other] = [new EventTarget(), new EventTarget()];
  const wire = (from, to) =>
    Object.assign(from, {
      postMessage: (data) => to.dispatchEvent(Object.assign(new Event("message"), { data })),
    });
  return [wire(one, other), wire(other, one)];
}

const away = () => {
  throw noSignal();
};

test("nobody signed in is asked to, and nothing is shown", async () => {
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

test("somebody else's jobs are never shown, whoever used this phone before", async () => {
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

test("jobs that were kept for longer than two days are shown to nobody", async () => {
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

test("the place is shared while a job is under way, and no longer", async () => {
  const { shift, office, time } = await aShift();
  const told = () => office.asked.filter((name) => name.startsWith("whereabouts")).length;
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

/** Somebody whose job is under way, and whose place was told once. */
async function aShiftThatTold(options) {
  const office = new Office();
  office.jobs = [aDocument({ status: "in_progress" })];
  const all = await aShift({ office, ...options });
  await all.shift.share(true);
  await all.time.pass(1_000);
  return all;
}

const placesIn = ({ asked }) => asked.filter((name) => /^(whereabouts|forget|signOut)/.test(name));

test("signing out takes the place back while the session still may", async () => {
  const { shift, office } = await aShiftThatTold();
  await shift.signOut();
  const job = "261121-7k3m2q";
  assert.deepEqual(placesIn(office), [`whereabouts ${job}`, `forget ${job}`, "signOut"]);
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
  assert.equal(shift.sharing.state, "off", "that Miguel shares his place is not Tasha's wish");
});

test("what was pressed before that is noticed waits for whoever pressed it", async () => {
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
