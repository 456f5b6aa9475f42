import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, NoAnswer, Problem } from "../../web/shared/api/api.js";
import { Operating } from "../../web/ops/state/ops_api.js";
import { Ops, failureText } from "../../web/ops/state/ops_session.js";
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
  redriven = [];

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
    this.redriven.push(job_id);
    if (this.failure) throw this.failure;
    return ["replaced"];
  }
}

/** {ops, service, clock, tick}: `tick(ms)` lets that time pass and what is due happen. */
function atWork(service = new FakeService()) {
  const clock = { ms: NOON_MS };
  let timer = null;
  const ops = new Ops({
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
  return { ops, service, clock, tick };
}

test("ops looks at once, and again every fifteen seconds", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  assert.equal(ops.scene, "asking");
  await tick(0);
  assert.deepEqual([ops.scene, service.looks], ["shown", 1]);
  await tick(14_000);
  assert.equal(service.looks, 1);
  await tick(1_000);
  assert.equal(service.looks, 2);
});

test("no one looks while the page is hidden", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  ops.signal("hidden");
  await tick(60_000);
  assert.equal(service.looks, 1);
  ops.signal("visible");
  await tick(0);
  assert.equal(service.looks, 2);
});

test("in trouble the last overview stays and grows old", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  service.failure = DOWN;
  await tick(15_000);
  assert.deepEqual([ops.scene, ops.fresh.kind, ops.age_ms], ["shown", "trouble", 15_000]);
});

test("what the server gathered long ago is old, however lately it was fetched", async () => {
  const { ops, clock, tick } = atWork();
  clock.ms += 90_000;
  await ops.resume();
  await tick(0);
  assert.equal(ops.age_ms, 90_000);
});

test("whoever has not the role is told so, and nothing is asked for them", async () => {
  const service = new FakeService();
  service.who = DANA;
  const { ops, tick } = atWork(service);
  await ops.resume();
  await tick(60_000);
  assert.deepEqual([ops.scene, service.looks], ["refused", 0]);
});

test("the owner sees it too", async () => {
  const service = new FakeService();
  service.who = { account: "olive", name: "Olive", roles: ["owner"] };
  const { ops, tick } = atWork(service);
  await ops.resume();
  await tick(0);
  assert.deepEqual([ops.scene, service.looks], ["shown", 1]);
});

test("whoever loses the role while looking is told so", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  service.failure = new Problem(403, { type: "/problems/not-allowed" });
  await tick(15_000);
  assert.equal(ops.scene, "refused");
});

test("a session that ended keeps what was shown until someone else signs in", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  service.failure = SIGNED_OUT;
  await tick(15_000);
  assert.deepEqual([ops.scene, ops.overview], ["expired", { as_of: at(0) }]);
  service.who = { ...OLGA, account: "otto" };
  await ops.signIn();
  assert.deepEqual([ops.scene, ops.overview], ["asking", null]);
});

test("whoever signs out leaves nothing behind", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  await ops.signOut();
  await tick(60_000);
  assert.deepEqual([ops.scene, ops.overview, service.looks], ["signed_out", null, 1]);
});

test("after a repair ops looks again soon, also where no answer came", async () => {
  const { ops, service, tick } = atWork();
  await ops.resume();
  await tick(0);
  await tick(2_000);
  assert.deepEqual(await ops.repair(ID), ["replaced"]);
  await tick(250);
  assert.equal(service.looks, 2);
  await tick(2_000);
  service.failure = new NoAnswer("timeout");
  await assert.rejects(ops.repair(ID), NoAnswer);
  await tick(250);
  assert.equal(service.looks, 3);
});

test("a repair whose answer is lost is not repeated behind the person's back", async () => {
  let sent = 0;
  const fetch = async () => {
    sent += 1;
    throw new TypeError("gone");
  };
  const service = new Operating(new Api({ fetch, pause: async () => {} }));
  await assert.rejects(service.repair(ID), NoAnswer);
  await assert.rejects(service.redrive("send_sms", null), NoAnswer);
  assert.equal(sent, 2);
});

test("letters are named, or meant as a whole", async () => {
  const bodies = [];
  const fetch = async (url, { body }) => {
    bodies.push([url, body]);
    return new Response('{"done":1,"remaining":0}');
  };
  const service = new Operating(new Api({ fetch }));
  assert.deepEqual(await service.redrive("send_sms", ["a"]), { done: 1, remaining: 0 });
  await service.discard("send_sms", null);
  assert.deepEqual(bodies, [
    ["/api/ops/dead-letters/send_sms/redrive", '{"message_ids":["a"]}'],
    ["/api/ops/dead-letters/send_sms/discard", '{"message_ids":null}'],
  ]);
});

test("a failure says what was not done and why, and a lost answer that no one knows", () => {
  assert.equal(
    failureText(DOWN, "261121-7k3m2q was not redriven"),
    "261121-7k3m2q was not redriven: No answer behind us.",
  );
  assert.match(failureText(new NoAnswer("timeout"), "x"), /not known whether it was done/);
  assert.equal(
    failureText(new NoAnswer("timeout"), "The letters could not be read", { changes: false }),
    "The letters could not be read: no answer came. Check your connection and try again.",
  );
  assert.match(failureText(SIGNED_OUT, "x"), /session has ended/);
});
