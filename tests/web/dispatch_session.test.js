import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../web/shared/api/api.js";
import { Desk } from "../../web/dispatch/state/dispatch_session.js";
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
    return { status: 200, body: { jobs: this.cards }, etag: this.etag, date: null };
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
  said = [];
  postMessage(message) {
    this.said.push(message);
  }
  hear(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: message }));
  }
}

async function aDesk(service = new FakeService()) {
  const timers = [];
  const channel = new FakeChannel();
  const desk = new Desk({
    service,
    channel,
    clock: () => NOON_MS,
    setTimer: (act, ms) => timers.push({ act, ms }) - 1,
    clearTimer: (timer) => timer !== null && (timers[timer] = null),
    onChange: () => {},
    random: () => 0.5,
  });
  await desk.resume();
  const tick = async () => {
    await timers.findLast(Boolean).act();
  };
  return { desk, service, channel, timers, tick };
}

const statusShown = (desk) => desk.board.shown()[0]?.status;
const confirm = () => flow().moves.find(({ name }) => name === "confirm");

test("the board is read with the ETag of the last answer", async () => {
  const { service, tick, desk } = await aDesk();
  await tick();
  await tick();
  assert.deepEqual(service.boards, [null, '"1"']);
  assert.equal(statusShown(desk), "pending_pickup");
  assert.equal(desk.fresh.kind, "current");
});

test("without a session the board is not read", async () => {
  const service = new FakeService();
  service.signedIn = false;
  const { desk, timers } = await aDesk(service);
  assert.equal(desk.session, null);
  assert.deepEqual(timers, []);
});

test("a move is shown at once and confirmed by its answer, made against the rev that was seen", async () => {
  const { desk, service, tick, channel } = await aDesk();
  await tick();
  const moving = desk.move(aCard(), confirm());
  assert.equal(statusShown(desk), "ready_for_pickup");
  await moving;
  assert.deepEqual(service.moves, [{ move: "confirm", expected_rev: 1, reason: undefined }]);
  assert.equal(desk.board.card(ID).rev, 2);
  assert.deepEqual(channel.said, ["nudge"]);
});

test("an older board after a move does not take it back", async () => {
  const { desk, service, tick } = await aDesk();
  await tick();
  await desk.move(aCard(), confirm());
  service.etag = '"stale"';
  await tick();
  assert.equal(statusShown(desk), "ready_for_pickup");
});

test("after a lost race the card is where the other one put it", async () => {
  const { desk, service, tick } = await aDesk();
  await tick();
  service.refusal = new Problem(409, { type: "/problems/overtaken" });
  await assert.rejects(desk.move(aCard(), confirm()), { slug: "overtaken" });
  assert.equal(statusShown(desk), "cancelled");
  assert.equal(desk.board.isMoving(ID), false);
});

test("a refused move goes back to its column", async () => {
  const { desk, service, tick } = await aDesk();
  await tick();
  service.refusal = new Problem(409, { type: "/problems/illegal-move" });
  await assert.rejects(desk.move(aCard(), confirm()));
  assert.equal(statusShown(desk), "pending_pickup");
});

test("a move that is kept for later leaves the card where it is", async () => {
  const { desk, service, tick } = await aDesk();
  await tick();
  service.keeps = true;
  assert.equal((await desk.move(aCard(), confirm())).kept, true);
  assert.equal(statusShown(desk), "pending_pickup");
});

test("edits are made against the rev that was seen; a note alone is welcome at any time", async () => {
  const { desk, service } = await aDesk();
  await desk.edit(aDetail(), { schedule: { eta: null } });
  await desk.edit(aDetail(), { note: "Gate is open" });
  assert.deepEqual(
    service.edits.map(({ rev }) => rev),
    [1, null],
  );
});

test("a session that ran out keeps the board for signing in again", async () => {
  const { desk, service, tick } = await aDesk();
  await tick();
  service.signedIn = false;
  await tick();
  assert.equal(desk.fresh.kind, "signed_out");
  assert.equal(statusShown(desk), "pending_pickup");
  await desk.signIn("dana", "secret");
  assert.equal(desk.fresh.kind, "asking");
  assert.equal(statusShown(desk), "pending_pickup");
});

test("signing out leaves nothing behind, in no tab", async () => {
  const { desk, tick, channel } = await aDesk();
  await tick();
  await desk.signOut();
  assert.equal(desk.session, null);
  assert.deepEqual(desk.board.shown(), []);
  assert.deepEqual(channel.said, ["signed_out"]);
  const other = await aDesk();
  await other.tick();
  other.channel.hear("signed_out");
  assert.deepEqual([other.desk.session, other.desk.board.shown()], [null, []]);
});

test("another tab's move makes this one look soon", async () => {
  const { channel, timers, tick } = await aDesk();
  await tick();
  channel.hear("nudge");
  assert.equal(timers.findLast(Boolean).ms, 1_000);
});

test("an answer for someone who has signed out is not shown", async () => {
  const { desk, service, tick } = await aDesk();
  let release;
  service.board = () => new Promise((done) => (release = done));
  const looking = tick();
  await desk.signOut();
  release({ status: 200, body: { jobs: { [ID]: aCard() } }, etag: '"9"' });
  await looking;
  assert.deepEqual(desk.board.shown(), []);
});

test("the roster may be read by whoever plans, and a session that ran out is noticed there too", async () => {
  const { desk, service } = await aDesk();
  assert.equal(desk.seesRoster, true);
  service.crew = async () => ({ members: [], trucks: [{ truck: "t1", name: "Truck 1" }] });
  await desk.crew({});
  assert.equal(desk.trucks.get("t1"), "Truck 1");
  service.setDay = async () => {
    throw SIGNED_OUT;
  };
  await assert.rejects(desk.setDay("miguel", "2026-11-21", null), Problem);
  assert.equal(desk.fresh.kind, "signed_out");
});
