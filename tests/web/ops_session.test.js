import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, NoAnswer, Problem } from "../../web/shared/api/api.js";
import { OpsApi } from "../../web/ops/state/ops_api.js";
import { OpsSession, failureText } from "../../web/ops/state/ops_session.js";
import { NOON_MS, at, flow } from "./flows.js";

const OLGA = { account: "olga", name: "Olga", roles: ["ops"] };
const DANA = { account: "dana", name: "Dana", roles: ["dispatcher"] };
const ID = "261121-7k3m2q";
const SIGNED_OUT = new Problem(401, { type: "/problems/signed-out" });
const DOWN = new Problem(503, { type: "/problems/unavailable", title: "No answer behind us" });

/** A service in memory; `failure` is raised by the next calls until it is taken away. */
class FakeService {
  who = OLGA;
  looks = 0;
  failure = null;
  repaired = [];

  async session() {
    return this.who;
  }

  async signIn() {
    return this.who;
  }

  async signOut() {}

  async flows() {
    return { flows: { haul: flow() }, default: "haul" };
  }

  async overview() {
    this.looks += 1;
    if (this.failure) throw this.failure;
    return { status: 200, body: { as_of: at(0) }, date: null };
  }

  async repair(job_id) {
    this.repaired.push(job_id);
    if (this.failure) throw this.failure;
    return ["replaced"];
  }
}

/** {session, service, clock, tick}: `tick(ms)` lets that time pass and what is due happen. */
function aSession(service = new FakeService()) {
  const clock = { ms: NOON_MS };
  let timer = null;
  const session = new OpsSession({
    service,
    clock: () => clock.ms,
    setTimer: (act, ms) => (timer = { act, at: clock.ms + ms }),
    clearTimer: () => (timer = null),
    onChange: () => {},
    random: () => 0.5,
  });
  const tick = async (ms) => {
    clock.ms += ms;
    const due = timer !== null && timer.at <= clock.ms ? timer : null;
    if (due) timer = null;
    due?.act();
    await new Promise((done) => setImmediate(done));
  };
  return { session, service, clock, tick };
}

test("the overview is read at once and every 15 seconds", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  assert.equal(session.scene, "loading");
  await tick(0);
  assert.deepEqual([session.scene, service.looks], ["shown", 1]);
  await tick(14_000);
  assert.equal(service.looks, 1);
  await tick(1_000);
  assert.equal(service.looks, 2);
});

test("if reading fails, the last overview stays and gets older", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  await tick(0);
  service.failure = DOWN;
  await tick(15_000);
  assert.deepEqual([session.scene, session.freshness.kind, session.age_ms], ["shown", "trouble", 15_000]);
});

test("an overview that the server gathered long ago is old", async () => {
  const { session, clock, tick } = aSession();
  clock.ms += 90_000;
  await session.resume();
  await tick(0);
  assert.equal(session.age_ms, 90_000);
});

test("a person without the role is refused, and nothing is read", async () => {
  const service = new FakeService();
  service.who = DANA;
  const { session, tick } = aSession(service);
  await session.resume();
  await tick(60_000);
  assert.deepEqual([session.scene, service.looks], ["refused", 0]);
});

test("the owner sees the overview too", async () => {
  const service = new FakeService();
  service.who = { account: "olive", name: "Olive", roles: ["owner"] };
  const { session, tick } = aSession(service);
  await session.resume();
  await tick(0);
  assert.deepEqual([session.scene, service.looks], ["shown", 1]);
});

test("a person who loses the role is refused", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  await tick(0);
  service.failure = new Problem(403, { type: "/problems/not-allowed" });
  await tick(15_000);
  assert.equal(session.scene, "refused");
});

test("an expired session keeps the overview until another person signs in", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  await tick(0);
  service.failure = SIGNED_OUT;
  await tick(15_000);
  assert.deepEqual([session.scene, session.overview], ["expired", { as_of: at(0) }]);
  service.who = { ...OLGA, account: "otto" };
  await session.signIn();
  assert.deepEqual([session.scene, session.overview], ["loading", null]);
});

test("signing out removes the overview", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  await tick(0);
  await session.signOut();
  await tick(60_000);
  assert.deepEqual([session.scene, session.overview, service.looks], ["signed_out", null, 1]);
});

test("after a repair the overview is read soon, even without an answer", async () => {
  const { session, service, tick } = aSession();
  await session.resume();
  await tick(0);
  await tick(2_000);
  assert.deepEqual(await session.repair(ID), ["replaced"]);
  await tick(250);
  assert.equal(service.looks, 2);
  await tick(2_000);
  service.failure = new NoAnswer("timeout");
  await assert.rejects(session.repair(ID), NoAnswer);
  await tick(250);
  assert.equal(service.looks, 3);
});

test("a repair whose answer is lost is not repeated", async () => {
  let sent = 0;
  const fetch = async () => {
    sent += 1;
    throw new TypeError("gone");
  };
  const service = new OpsApi(new Api({ fetch, pause: async () => {} }));
  await assert.rejects(service.repair(ID), NoAnswer);
  await assert.rejects(service.redrive("send_sms", null), NoAnswer);
  assert.equal(sent, 2);
});

test("a request names the messages, or means all", async () => {
  const bodies = [];
  const fetch = async (url, { body }) => {
    bodies.push([url, body]);
    return new Response('{"done":1,"remaining":0}');
  };
  const service = new OpsApi(new Api({ fetch }));
  assert.deepEqual(await service.redrive("send_sms", ["a"]), { done: 1, remaining: 0 });
  await service.discard("send_sms", null);
  assert.deepEqual(bodies, [
    ["/api/ops/dead-letters/send_sms/redrive", '{"message_ids":["a"]}'],
    ["/api/ops/dead-letters/send_sms/discard", '{"message_ids":null}'],
  ]);
});

test("a failure has the action and the reason; after a lost answer the result is unknown", () => {
  assert.equal(
    failureText(DOWN, "261121-7k3m2q was not repaired"),
    "261121-7k3m2q was not repaired: No answer behind us.",
  );
  assert.match(failureText(new NoAnswer("timeout"), "x"), /may or may not have been made/);
  assert.equal(
    failureText(new NoAnswer("timeout"), "The messages could not be read", { changes: false }),
    "The messages could not be read: no answer came. Check your connection and try again.",
  );
  assert.match(failureText(SIGNED_OUT, "x"), /session has ended/);
});
