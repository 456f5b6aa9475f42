import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { PollingSession } from "../../web/shared/api/polling_session.js";
import { fakeTimers, problem, settled } from "./crew_fakes.js";

const DANA = { account: "dana", name: "Dana", roles: ["dispatcher"] };
const SIGNED_OUT = problem(401, "signed-out");

/** A page that polls a number; `reads` has the functions that answer the next reads. */
class NumberSession extends PollingSession {
  number = null;
  reads = [];
  requests = 0;

  async read(isCurrent) {
    this.requests += 1;
    const number = await (this.reads.shift() ?? (() => this.requests))();
    if (isCurrent()) this.number = number;
  }

  clear() {
    this.number = null;
  }
}

class FakeChannel extends EventTarget {
  posted = [];

  postMessage(message) {
    this.posted.push(message);
  }

  receive(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: message }));
  }
}

function aSession(values = {}) {
  const service = {
    session: async () => DANA,
    signIn: async () => DANA,
    signOut: async () => {},
    flows: async () => ({ flows: {}, default: "haul", time_zone: "UTC" }),
    ...values,
  };
  const time = fakeTimers();
  const channel = new FakeChannel();
  const options = { ...time, service, channel, onChange: () => {}, random: () => 0.5 };
  return { session: new NumberSession(options), service, time, channel };
}

async function signedIn(values) {
  const all = aSession(values);
  await all.session.resume();
  await all.time.pass(0);
  return all;
}

test("a browser without a session reads nothing", async () => {
  const { session, time } = aSession({
    session: async () => {
      throw SIGNED_OUT;
    },
  });
  assert.equal(await session.resume(), false);
  await time.pass(60_000);
  assert.deepEqual([session.user, session.requests], [null, 0]);
});

test("a browser that cannot reach the API says so", async () => {
  const { session } = aSession({
    session: async () => {
      throw new NoAnswer("unreachable");
    },
  });
  await assert.rejects(session.resume(), NoAnswer);
});

test("a signed-in page reads at once and every five seconds, but not while it is hidden", async () => {
  const { session, time } = await signedIn();
  assert.deepEqual([session.user, session.number], [DANA, 1]);
  await time.pass(5_000);
  assert.equal(session.number, 2);
  session.signal("hidden");
  await time.pass(60_000);
  assert.equal(session.number, 2);
  session.signal("visible");
  await time.pass(0);
  assert.equal(session.number, 3);
});

test("a failed read keeps the last document and its age", async () => {
  const { session, time } = await signedIn();
  session.reads = [() => Promise.reject(problem(503, "unavailable"))];
  await time.pass(5_000);
  assert.deepEqual([session.number, session.freshness.kind, session.age_ms], [1, "trouble", 5_000]);
});

test("an expired session keeps the document until someone signs in", async () => {
  for (const [account, expected] of [
    ["dana", 1],
    ["otto", null],
  ]) {
    const { session, service, time } = await signedIn();
    session.reads = [() => Promise.reject(SIGNED_OUT)];
    await time.pass(60_000);
    assert.deepEqual([session.freshness.kind, session.number, session.requests], ["signed_out", 1, 2]);
    service.signIn = async () => ({ ...DANA, account });
    await session.signIn(account, "pw");
    assert.deepEqual([session.freshness.kind, session.number], ["asking", expected]);
  }
});

test("a refused request shows that the session has expired", async () => {
  const { session } = await signedIn();
  await assert.rejects(session.watch(() => Promise.reject(SIGNED_OUT)), Problem);
  assert.equal(session.freshness.kind, "signed_out");
});

test("signing out removes the document in all tabs", async () => {
  const { session, channel } = await signedIn();
  await session.signOut();
  assert.deepEqual([session.user, session.number, channel.posted], [null, null, ["signed_out"]]);
  const other = await signedIn();
  other.channel.receive("signed_out");
  assert.deepEqual([other.session.user, other.session.number], [null, null]);
});

test("a sign-out that fails keeps the session", async () => {
  const { session, channel } = await signedIn({
    signOut: async () => {
      throw new NoAnswer("unreachable");
    },
  });
  await assert.rejects(session.signOut(), NoAnswer);
  assert.deepEqual([session.user, session.number, channel.posted], [DANA, 1, []]);
});

test("an answer that comes after the sign-out is not used", async () => {
  const { session, time } = await signedIn();
  let answer;
  session.reads = [() => new Promise((done) => (answer = done))];
  await time.pass(5_000);
  await session.signOut();
  answer(7);
  await settled();
  assert.deepEqual([session.number, session.freshness.kind], [null, "signed_out"]);
});

test("a change is read soon, here and in the other tabs", async () => {
  const { session, time, channel } = await signedIn();
  await time.pass(2_000);
  session.nudge();
  await time.pass(250);
  assert.deepEqual([session.number, channel.posted], [2, ["nudge"]]);
  await time.pass(2_000);
  channel.receive("nudge");
  await time.pass(250);
  assert.equal(session.number, 3);
});
