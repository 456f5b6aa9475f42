import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../web/shared/api/api.js";
import { DispatchSession } from "../../web/dispatch/state/dispatch_session.js";
import { NOON_MS, aCard, aDetail, flow } from "./flows.js";

const DANA = { account: "dana", roles: ["dispatcher"], name: "Dana" };
const ID = "261121-7k3m2q";
const SIGNED_OUT = new Problem(401, { type: "/problems/signed-out" });

/** A service in memory; what a test sets on it is answered next. */
class FakeService {
  cards = { [ID]: aCard() };
  etag = '"1"';
  signedIn = true;
  boards = [];
  hint_channel = undefined;
  moves = [];
  edits = [];

  async session() {
    if (!this.signedIn) throw SIGNED_OUT;
    return DANA;
  }

  async signIn() {
    this.signedIn = true;
    return DANA;
  }

  async signOut() {
    this.signedIn = false;
  }

  async flows() {
    return { flows: { haul: flow(), crewed: flow("crewed") }, default: "haul" };
  }

  async board(etag) {
    this.boards.push(etag);
    if (!this.signedIn) throw SIGNED_OUT;
    if (etag === this.etag) return { status: 304 };
    const { cards: jobs, hint_channel } = this;
    return { status: 200, body: { jobs, hint_channel }, etag: this.etag, date: null };
  }

  async move(job_id, request) {
    this.moves.push(request);
    if (this.refusal) throw this.refusal;
    const detail = aDetail(aCard({ rev: 2, status: "ready_for_pickup" }));
    return { kept: this.keeps ?? false, detail };
  }

  async job() {
    return aDetail(aCard({ rev: 3, status: "cancelled", terminal: true, due_at: null }));
  }

  async edit(job_id, changes, rev) {
    this.edits.push({ changes, rev });
    return aDetail(aCard({ rev: 2 }));
  }
}

class FakeChannel extends EventTarget {
  posted = [];
  postMessage(message) {
    this.posted.push(message);
  }
  hear(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: message }));
  }
}

async function aSession(service = new FakeService()) {
  const timers = [];
  const channel = new FakeChannel();
  const listeners = [];
  const session = new DispatchSession({
    service,
    listen: (channel, onHint, signal) => listeners.push({ channel, onHint, signal }),
    channel,
    clock: () => NOON_MS,
    setTimer: (act, ms) => timers.push({ act, ms }) - 1,
    clearTimer: (timer) => timer !== null && (timers[timer] = null),
    onChange: () => {},
    random: () => 0.5,
  });
  await session.resume();
  const tick = async () => {
    await timers.findLast(Boolean).act();
  };
  return { session, service, channel, timers, tick, listeners };
}

const statusShown = (session) => session.board.shown()[0]?.status;
const confirm = () => flow().moves.find(({ name }) => name === "confirm");

test("the board is read with the ETag of the last answer", async () => {
  const { service, tick, session } = await aSession();
  await tick();
  await tick();
  assert.deepEqual(service.boards, [null, '"1"']);
  assert.equal(statusShown(session), "pending_pickup");
  assert.equal(session.freshness.kind, "current");
});

test("a move is shown at once, has the card's rev, and is confirmed by its answer", async () => {
  const { session, service, tick, channel } = await aSession();
  await tick();
  const moving = session.move(aCard(), confirm());
  assert.equal(statusShown(session), "ready_for_pickup");
  await moving;
  assert.deepEqual(service.moves, [{ move: "confirm", expected_rev: 1, reason: undefined }]);
  assert.equal(session.board.card(ID).rev, 2);
  assert.deepEqual(channel.posted, ["nudge"]);
});

test("an older board does not undo a move", async () => {
  const { session, service, tick } = await aSession();
  await tick();
  await session.move(aCard(), confirm());
  service.etag = '"stale"';
  await tick();
  assert.equal(statusShown(session), "ready_for_pickup");
});

test("after a lost race the card shows the other person's move", async () => {
  const { session, service, tick } = await aSession();
  await tick();
  service.refusal = new Problem(409, { type: "/problems/overtaken" });
  await assert.rejects(session.move(aCard(), confirm()), { slug: "overtaken" });
  assert.equal(statusShown(session), "cancelled");
  assert.equal(session.board.isMoving(ID), false);
});

test("a refused move goes back to its column", async () => {
  const { session, service, tick } = await aSession();
  await tick();
  service.refusal = new Problem(409, { type: "/problems/illegal-move" });
  await assert.rejects(session.move(aCard(), confirm()));
  assert.equal(statusShown(session), "pending_pickup");
});

test("an early move leaves the card where it is", async () => {
  const { session, service, tick } = await aSession();
  await tick();
  service.keeps = true;
  assert.equal((await session.move(aCard(), confirm())).kept, true);
  assert.equal(statusShown(session), "pending_pickup");
});

test("edits have the rev of the details; a note alone has none", async () => {
  const { session, service } = await aSession();
  await session.edit(aDetail(), { schedule: { eta: null } });
  await session.edit(aDetail(), { note: "Gate is open" });
  assert.deepEqual(
    service.edits.map(({ rev }) => rev),
    [1, null],
  );
});

test("an expired session keeps the board until someone signs in", async () => {
  const { session, service, tick } = await aSession();
  await tick();
  service.signedIn = false;
  await tick();
  assert.equal(session.freshness.kind, "signed_out");
  assert.equal(statusShown(session), "pending_pickup");
  await session.signIn("dana", "secret");
  assert.equal(session.freshness.kind, "asking");
  assert.equal(statusShown(session), "pending_pickup");
});

test("signing out removes the board in all tabs", async () => {
  const { session, tick, channel } = await aSession();
  await tick();
  await session.signOut();
  assert.equal(session.user, null);
  assert.deepEqual(session.board.shown(), []);
  assert.deepEqual(channel.posted, ["signed_out"]);
  const other = await aSession();
  await other.tick();
  other.channel.hear("signed_out");
  assert.deepEqual([other.session.user, other.session.board.shown()], [null, []]);
});

test("a hint asks for the board, and the page listens once", async () => {
  const service = Object.assign(new FakeService(), { hint_channel: "a1" });
  const { listeners, timers, tick } = await aSession(service);
  await tick();
  service.etag = '"2"';
  await tick();
  assert.deepEqual(
    listeners.map(({ channel }) => channel),
    ["a1"],
  );
  const planned_ms = () => timers.findLast(Boolean).ms;
  assert.equal(planned_ms(), 5_000);
  listeners[0].onHint(0);
  assert.equal(planned_ms(), 1_000); // the clock of this test stands still
});

test("who signs out hears no more hints", async () => {
  const service = Object.assign(new FakeService(), { hint_channel: "a1" });
  const { session, listeners, tick } = await aSession(service);
  await tick();
  assert.equal(listeners[0].signal.aborted, false);
  await session.signOut();
  assert.equal(listeners[0].signal.aborted, true);
  await session.signIn("dana", "secret");
  await tick();
  assert.equal(listeners.length, 2);
});

test("a business without a channel is polled", async () => {
  const { listeners, tick } = await aSession();
  await tick();
  assert.deepEqual(listeners, []);
});

test("the roster can be read by people who plan, and it notices an expired session", async () => {
  const { session, service } = await aSession();
  assert.equal(session.seesRoster, true);
  service.crew = async () => ({ members: [], trucks: [{ truck: "t1", name: "Truck 1" }] });
  await session.crew({});
  assert.equal(session.trucks.get("t1"), "Truck 1");
  service.setDay = async () => {
    throw SIGNED_OUT;
  };
  await assert.rejects(session.setDay("miguel", "2026-11-21", null), Problem);
  assert.equal(session.freshness.kind, "signed_out");
});
