import assert from "node:assert/strict";
import { test } from "node:test";

import { CrewQueue } from "../../web/crew/state/crew_queue.js";
import { MemoryStore } from "../../web/crew/state/crew_store.js";
import { aMove, fakeTimers, noSignal, problem, settled, timeout } from "./crew_fakes.js";

const MIGUEL = "miguel";
const [HERE, THERE] = ["261121-7k3m2q", "261121-aaaaaa"];

/** A queue and its API: `answers(item)` may throw, `sent` has the items that were sent. */
function aPhone({
  store = new MemoryStore(),
  who = () => MIGUEL,
  random = () => 1,
  alone,
  sent = async () => {},
} = {}) {
  const time = fakeTimers();
  const api = { sent: [], answers: () => ({ job_id: HERE }), who };
  const send = async (item) => {
    api.sent.push(item);
    return api.answers(item);
  };
  const queue = new CrewQueue({
    ...time,
    store,
    send,
    random,
    alone,
    who: async () => api.who(),
    sent,
    changed: () => {},
  });
  return { queue, api, time, store };
}

const names = (items) => items.map(({ move }) => move.move);
const lost = () => {
  throw noSignal();
};

test("with signal an action is sent at once and removed", async () => {
  const { queue, api, store } = aPhone();
  await queue.add(aMove());
  await settled();
  assert.deepEqual(names(api.sent), ["start"]);
  assert.deepEqual([queue.waiting(MIGUEL), await store.items()], [[], []]);
});

test("an action gets its id once, and every try is the same", async () => {
  const { queue, api, time } = aPhone();
  api.answers = lost;
  await queue.add(aMove());
  await time.pass(10_000);
  assert.ok(api.sent.length > 1);
  assert.equal(new Set(api.sent.map(({ event_id }) => event_id)).size, 1);
  assert.deepEqual(new Set(api.sent.map(({ occurred_at }) => occurred_at)).size, 1);
});

test("without signal actions wait in order and survive a closed browser", async () => {
  const { queue, api, store } = aPhone();
  queue.signal("offline");
  for (const name of ["start", "no_access", "start", "complete"]) await queue.add(aMove(name));
  await settled();
  assert.deepEqual([api.sent, queue.state], [[], "offline"]);
  const again = aPhone({ store });
  await again.queue.load();
  assert.deepEqual(names(again.queue.waiting(MIGUEL)), ["start", "no_access", "start", "complete"]);
  again.queue.signal("online");
  await settled();
  assert.deepEqual(names(again.api.sent), ["start", "no_access", "start", "complete"]);
  assert.deepEqual(await store.items(), []);
});

test("an action whose answer is lost is sent again with the same id", async () => {
  const { queue, api, time } = aPhone();
  const taken = new Set();
  api.answers = ({ event_id }) => {
    const first = !taken.has(event_id);
    taken.add(event_id);
    return first ? lost() : { job_id: HERE };
  };
  await queue.add(aMove("start"));
  await queue.add(aMove("complete"));
  await time.pass(60_000);
  assert.equal(taken.size, 2);
  assert.deepEqual(queue.waiting(MIGUEL), []);
});

test("a refused action stays until it is dismissed, and the actions after it are sent", async () => {
  const { queue, api, store } = aPhone();
  api.answers = ({ move }) => {
    if (move.move === "start") throw problem(409, "illegal-move", { job_status: "cancelled" });
    return { job_id: HERE };
  };
  await queue.add(aMove("start"));
  await queue.add(aMove("complete"));
  await settled();
  assert.deepEqual(names(api.sent), ["start", "complete"]);
  const [item] = queue.refused(MIGUEL);
  assert.deepEqual([item.refused.slug, item.refused.job_status], ["illegal-move", "cancelled"]);
  const again = aPhone({ store });
  await again.queue.load();
  assert.deepEqual(names(again.queue.refused(MIGUEL)), ["start"]);
  await again.queue.dismiss(item.seq);
  again.queue.signal("online");
  await settled();
  assert.deepEqual([again.api.sent, await store.items()], [[], []]);
});

test("a refused action can be sent again with its id", async () => {
  const { queue, api, store } = aPhone();
  api.answers = () => {
    throw problem(404, "unknown-job");
  };
  await queue.add(aMove());
  await settled();
  const [{ seq }] = queue.refused(MIGUEL);
  api.answers = () => ({ job_id: HERE });
  await queue.sendAgain(seq);
  await settled();
  assert.equal(new Set(api.sent.map(({ event_id }) => event_id)).size, 1);
  assert.deepEqual([api.sent.length, queue.refused(MIGUEL), await store.items()], [2, [], []]);
});

test("an action that fails holds up its own job and no other", async () => {
  const { queue, api, time } = aPhone();
  for (const failure of [problem(500, "internal"), problem(503, "unavailable"), timeout()]) {
    api.sent.length = 0;
    api.answers = ({ job_id }) => {
      if (job_id === HERE) throw failure;
      return { job_id };
    };
    await queue.add(aMove("start", HERE));
    await queue.add(aMove("complete", HERE));
    await queue.add(aMove("start", THERE));
    await settled();
    const sent = api.sent.map(({ job_id, move }) => [job_id, move.move]);
    assert.ok(sent.some(([job_id]) => job_id === THERE));
    assert.ok(!sent.some(([job_id, move]) => job_id === HERE && move === "complete"));
    assert.equal(queue.waiting(MIGUEL).length, 2);
    api.answers = ({ job_id }) => ({ job_id });
    await time.pass(120_000);
    assert.deepEqual(queue.waiting(MIGUEL), []);
  }
});

test("an expired session stops sending and loses nothing", async () => {
  const { queue, api, time } = aPhone();
  api.who = () => {
    throw problem(401, "signed-out");
  };
  await queue.add(aMove());
  await time.pass(600_000);
  assert.deepEqual([api.sent, queue.state], [[], "signed_out"]);
  api.who = () => MIGUEL;
  queue.signal("signed_in");
  await settled();
  assert.deepEqual(names(api.sent), ["start"]);
});

test("an action is never sent as another person", async () => {
  const { queue, api, time } = aPhone();
  api.who = () => "tasha";
  await queue.add(aMove());
  await time.pass(600_000);
  assert.deepEqual(api.sent, []);
  assert.deepEqual([queue.waiting("tasha"), queue.others("tasha")], [[], 1]);
  api.who = () => MIGUEL;
  queue.signal("signed_in");
  await settled();
  assert.deepEqual(names(api.sent), ["start"]);
});

test("retries back off up to one minute and never stop", async () => {
  const { queue, api, time } = aPhone();
  api.answers = lost;
  await queue.add(aMove());
  await settled();
  const pauses = [];
  for (let turn = 0; turn < 8; turn += 1) {
    pauses.push(time.planned_ms[0]);
    await time.pass(time.planned_ms[0]);
  }
  assert.deepEqual(pauses, [4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  assert.equal(queue.waiting(MIGUEL)[0].tries, 9);
});

test("retries have jitter, so that many phones do not retry at the same time", async () => {
  const { queue, api, time } = aPhone({ random: () => 0 });
  api.answers = lost;
  await queue.add(aMove());
  await settled();
  assert.deepEqual(time.planned_ms, [2_000]);
});

test("coming online or opening the page retries at once", async () => {
  for (const signal of ["online", "visible"]) {
    const { queue, api } = aPhone();
    api.answers = lost;
    await queue.add(aMove());
    await settled();
    api.answers = () => ({ job_id: HERE });
    queue.signal(signal);
    await settled();
    assert.deepEqual(queue.waiting(MIGUEL), []);
  }
});

test("an empty queue sends no requests", async () => {
  let asked = 0;
  const { queue, time } = aPhone({ who: () => (asked += 1) && MIGUEL });
  queue.signal("online");
  await time.pass(600_000);
  assert.deepEqual([asked, time.planned_ms], [0, []]);
});

test("after 429 the action waits and is sent again", async () => {
  const { queue, api, time } = aPhone();
  api.answers = () => {
    throw problem(429, "too-many-requests");
  };
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await settled();
  assert.deepEqual([api.sent.length, queue.waiting(MIGUEL).length], [1, 2]);
  api.answers = () => ({ job_id: HERE });
  await time.pass(60_000);
  assert.deepEqual([queue.waiting(MIGUEL), queue.refused(MIGUEL)], [[], []]);
});

test("an action that is added while others are sent is sent after them in the same pass", async () => {
  const { queue, api } = aPhone();
  api.answers = async ({ move }) => {
    if (move.move === "start") await queue.add(aMove("complete"));
    return { job_id: HERE };
  };
  await queue.add(aMove("start"));
  await settled();
  assert.deepEqual(names(api.sent), ["start", "complete"]);
});

test("while another tab sends, this one waits and tries again later", async () => {
  let free = false;
  const { queue, api, time } = aPhone({ alone: async (act) => (free ? act() : null) });
  await queue.add(aMove());
  await settled();
  assert.deepEqual(api.sent, []);
  free = true;
  await time.pass(60_000);
  assert.deepEqual(names(api.sent), ["start"]);
});

test("two tabs that send the same action use the same id", async () => {
  const store = new MemoryStore();
  const [one, other] = [aPhone({ store }), aPhone({ store })];
  one.queue.signal("offline");
  await one.queue.add(aMove());
  await other.queue.load();
  one.queue.signal("online");
  other.queue.signal("online");
  await settled();
  const ids = [...one.api.sent, ...other.api.sent].map(({ event_id }) => event_id);
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(await store.items(), []);
});

const UNDO = { account: MIGUEL, job_id: HERE, kind: "move", move: { move: "undo" } };

test("an action that was never sent is taken back by removing it", async () => {
  const { queue, api, store } = aPhone();
  queue.signal("offline");
  const item = await queue.add(aMove());
  await queue.takeBack(item, UNDO);
  queue.signal("online");
  await settled();
  assert.deepEqual([api.sent, await store.items()], [[], []]);
});

test("an action that was sent is taken back by another one after it", async () => {
  const { queue, api } = aPhone();
  const item = await queue.add(aMove());
  await settled();
  await queue.takeBack(item, UNDO);
  await settled();
  assert.deepEqual(names(api.sent), ["start", "undo"]);
});

test("an action that may have arrived is sent again, and then taken back", async () => {
  const { queue, api, time } = aPhone();
  api.answers = lost;
  const item = await queue.add(aMove());
  await settled();
  await queue.takeBack(item, UNDO);
  api.answers = () => ({ job_id: HERE });
  await time.pass(60_000);
  assert.deepEqual(names(api.sent).slice(-2), ["start", "undo"]);
});

test("an action is not removed while it is being sent", async () => {
  const { queue, api } = aPhone();
  let arrive;
  api.answers = () => new Promise((done) => (arrive = done));
  const item = await queue.add(aMove());
  await settled();
  await queue.takeBack(item, UNDO);
  arrive({ job_id: HERE });
  await settled();
  arrive({ job_id: HERE });
  await settled();
  assert.deepEqual(names(api.sent), ["start", "undo"]);
});

test("nothing undoes a refused action, or the move before it would be undone", async () => {
  const { queue, api, time } = aPhone();
  api.answers = lost;
  const item = await queue.add(aMove("complete"));
  await settled();
  await queue.takeBack(item, UNDO);
  api.answers = () => {
    throw problem(409, "proof-missing");
  };
  await time.pass(60_000);
  assert.deepEqual(names(queue.refused(MIGUEL)), ["complete"]);
  assert.ok(!names(api.sent).includes("undo"));
});

test("an action that is discarded while it is being sent does not come back", async () => {
  const { queue, api, store } = aPhone();
  api.answers = async () => {
    await queue.dismiss(api.sent[0].seq);
    return lost();
  };
  await queue.add(aMove());
  await settled();
  assert.deepEqual([queue.waiting(MIGUEL), await store.items()], [[], []]);
});

test("signing out removes everything", async () => {
  const { queue, store } = aPhone();
  queue.signal("offline");
  await queue.add(aMove());
  await store.set("day", { jobs: ["private"] });
  await queue.wipe();
  assert.deepEqual([queue.waiting(MIGUEL), await store.items(), await store.get("day")], [[], [], null]);
});

test("an action that the phone cannot store is an error and is not shown as done", async () => {
  const store = new MemoryStore();
  store.add = async () => {
    throw new Error("full");
  };
  const { queue } = aPhone({ store });
  await assert.rejects(queue.add(aMove()), /full/);
  assert.deepEqual(queue.waiting(MIGUEL), []);
});

const full = async () => {
  throw new DOMException("full", "QuotaExceededError");
};

test("an accepted action is not sent again, even if the new job cannot be stored", async () => {
  const { queue, api, store, time } = aPhone({ sent: full });
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await time.pass(600_000);
  assert.deepEqual([api.sent.length, queue.waiting(MIGUEL), await store.items()], [2, [], []]);
});

test("a refusal that cannot be stored is shown and holds up nothing", async () => {
  const { queue, api, store, time } = aPhone();
  store.put = full;
  api.answers = ({ job_id }) => {
    if (job_id === HERE) throw problem(409, "illegal-move");
    return { job_id };
  };
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await time.pass(600_000);
  assert.deepEqual([queue.refused(MIGUEL).length, queue.waiting(MIGUEL), queue.state], [1, [], "idle"]);
});

test("an action that another tab has sent is not sent again, because each pass reads the store", async () => {
  const { queue, api, store } = aPhone();
  queue.signal("offline");
  const first = await queue.add(aMove("start"));
  await queue.add(aMove("complete"));
  await store.remove(first.seq); // the other tab sent it and forgot it
  queue.signal("online");
  await settled();
  assert.deepEqual(names(api.sent), ["complete"]);
  assert.deepEqual(await store.items(), []);
});

test("408, 425, and 429 are retried; other 4xx errors are final", async () => {
  const outcomes = {};
  for (const status of [408, 425, 429, 400, 403, 404, 409, 422]) {
    const { queue, api } = aPhone();
    api.answers = () => {
      throw problem(status, "some-reason");
    };
    await queue.add(aMove());
    await settled();
    outcomes[status] = queue.refused(MIGUEL).length > 0 ? "final" : "waits";
    assert.equal(queue.waiting(MIGUEL).length, outcomes[status] === "waits" ? 1 : 0);
  }
  const waits = { 408: "waits", 425: "waits", 429: "waits" };
  const final = { 400: "final", 403: "final", 404: "final", 409: "final", 422: "final" };
  assert.deepEqual(outcomes, { ...waits, ...final });
});
