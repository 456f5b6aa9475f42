import assert from "node:assert/strict";
import { test } from "node:test";

import { CrewQueue } from "../../web/crew/state/crew_queue.js";
import { MemoryStore } from "../../web/crew/state/crew_store.js";
import { aMove, handClock, noSignal, problem, settled, timeout } from "./crews.js";

const MIGUEL = "miguel";
const [HERE, THERE] = ["261121-7k3m2q", "261121-aaaaaa"];

/** A queue, the office it sends to (`answers(item)` may throw), and what the office was sent. */
function aPhone({
  store = new MemoryStore(),
  who = () => MIGUEL,
  random = () => 1,
  alone,
  sent = async () => {},
} = {}) {
  const time = handClock();
  const office = { sent: [], answers: () => ({ job_id: HERE }), who };
  const send = async (item) => {
    office.sent.push(item);
    return office.answers(item);
  };
  const queue = new CrewQueue({
    ...time,
    store,
    send,
    random,
    alone,
    who: async () => office.who(),
    sent,
    changed: () => {},
  });
  return { queue, office, time, store };
}

const names = (items) => items.map(({ move }) => move.move);
const lost = () => {
  throw noSignal();
};

test("what is done with signal is sent at once and forgotten", async () => {
  const { queue, office, store } = aPhone();
  await queue.add(aMove());
  await settled();
  assert.deepEqual(names(office.sent), ["start"]);
  assert.deepEqual([queue.waiting(MIGUEL), await store.items()], [[], []]);
});

test("an action gets its id once, and every try is the same", async () => {
  const { queue, office, time } = aPhone();
  office.answers = lost;
  await queue.add(aMove());
  await time.pass(10_000);
  assert.ok(office.sent.length > 1);
  assert.equal(new Set(office.sent.map(({ event_id }) => event_id)).size, 1);
  assert.deepEqual(new Set(office.sent.map(({ occurred_at }) => occurred_at)).size, 1);
});

test("without signal everything waits in order and survives a closed browser", async () => {
  const { queue, office, store } = aPhone();
  queue.signal("offline");
  for (const name of ["start", "no_access", "start", "complete"]) await queue.add(aMove(name));
  await settled();
  assert.deepEqual([office.sent, queue.state], [[], "offline"]);
  const again = aPhone({ store });
  await again.queue.load();
  assert.deepEqual(names(again.queue.waiting(MIGUEL)), ["start", "no_access", "start", "complete"]);
  again.queue.signal("online");
  await settled();
  assert.deepEqual(names(again.office.sent), ["start", "no_access", "start", "complete"]);
  assert.deepEqual(await store.items(), []);
});

test("an answer that was lost is asked for again under the same id", async () => {
  const { queue, office, time } = aPhone();
  const taken = new Set();
  office.answers = ({ event_id }) => {
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

test("a refusal stays until it was seen, and what comes after it is judged by the office", async () => {
  const { queue, office, store } = aPhone();
  office.answers = ({ move }) => {
    if (move.move === "start") throw problem(409, "illegal-move", { job_status: "cancelled" });
    return { job_id: HERE };
  };
  await queue.add(aMove("start"));
  await queue.add(aMove("complete"));
  await settled();
  assert.deepEqual(names(office.sent), ["start", "complete"]);
  const [item] = queue.refused(MIGUEL);
  assert.deepEqual([item.refused.slug, item.refused.job_status], ["illegal-move", "cancelled"]);
  const again = aPhone({ store });
  await again.queue.load();
  assert.deepEqual(names(again.queue.refused(MIGUEL)), ["start"]);
  await again.queue.dismiss(item.seq);
  again.queue.signal("online");
  await settled();
  assert.deepEqual([again.office.sent, await store.items()], [[], []]);
});

test("what was refused is sent again under its id when the person wants that", async () => {
  const { queue, office, store } = aPhone();
  office.answers = () => {
    throw problem(404, "unknown-job");
  };
  await queue.add(aMove());
  await settled();
  const [{ seq }] = queue.refused(MIGUEL);
  office.answers = () => ({ job_id: HERE });
  await queue.sendAgain(seq);
  await settled();
  assert.equal(new Set(office.sent.map(({ event_id }) => event_id)).size, 1);
  assert.deepEqual([office.sent.length, queue.refused(MIGUEL), await store.items()], [2, [], []]);
});

test("an action that is stuck holds up its own job and no other", async () => {
  const { queue, office, time } = aPhone();
  for (const failure of [problem(500, "internal"), problem(503, "unavailable"), timeout()]) {
    office.sent.length = 0;
    office.answers = ({ job_id }) => {
      if (job_id === HERE) throw failure;
      return { job_id };
    };
    await queue.add(aMove("start", HERE));
    await queue.add(aMove("complete", HERE));
    await queue.add(aMove("start", THERE));
    await settled();
    const sent = office.sent.map(({ job_id, move }) => [job_id, move.move]);
    assert.ok(sent.some(([job_id]) => job_id === THERE));
    assert.ok(!sent.some(([job_id, move]) => job_id === HERE && move === "complete"));
    assert.equal(queue.waiting(MIGUEL).length, 2);
    office.answers = ({ job_id }) => ({ job_id });
    await time.pass(120_000);
    assert.deepEqual(queue.waiting(MIGUEL), []);
  }
});

test("a session that has ended stops everything and loses nothing", async () => {
  const { queue, office, time } = aPhone();
  office.who = () => {
    throw problem(401, "signed-out");
  };
  await queue.add(aMove());
  await time.pass(600_000);
  assert.deepEqual([office.sent, queue.state], [[], "signed_out"]);
  office.who = () => MIGUEL;
  queue.signal("signed_in");
  await settled();
  assert.deepEqual(names(office.sent), ["start"]);
});

test("what one person did is never sent as another", async () => {
  const { queue, office, time } = aPhone();
  office.who = () => "tasha";
  await queue.add(aMove());
  await time.pass(600_000);
  assert.deepEqual(office.sent, []);
  assert.deepEqual([queue.waiting("tasha"), queue.others("tasha")], [[], 1]);
  office.who = () => MIGUEL;
  queue.signal("signed_in");
  await settled();
  assert.deepEqual(names(office.sent), ["start"]);
});

test("tries come further and further apart, never more than a minute, for as long as it takes", async () => {
  const { queue, office, time } = aPhone();
  office.answers = lost;
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

test("tries are spread, so that a whole crew back in reach does not come at once", async () => {
  const { queue, office, time } = aPhone({ random: () => 0 });
  office.answers = lost;
  await queue.add(aMove());
  await settled();
  assert.deepEqual(time.planned_ms, [2_000]);
});

test("signal, or a look at the page, is a reason to try at once", async () => {
  for (const signal of ["online", "visible"]) {
    const { queue, office } = aPhone();
    office.answers = lost;
    await queue.add(aMove());
    await settled();
    office.answers = () => ({ job_id: HERE });
    queue.signal(signal);
    await settled();
    assert.deepEqual(queue.waiting(MIGUEL), []);
  }
});

test("nothing is asked while nothing waits", async () => {
  let asked = 0;
  const { queue, time } = aPhone({ who: () => (asked += 1) && MIGUEL });
  queue.signal("online");
  await time.pass(600_000);
  assert.deepEqual([asked, time.planned_ms], [0, []]);
});

test("too many requests are a reason to wait, not to give up", async () => {
  const { queue, office, time } = aPhone();
  office.answers = () => {
    throw problem(429, "too-many-requests");
  };
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await settled();
  assert.deepEqual([office.sent.length, queue.waiting(MIGUEL).length], [1, 2]);
  office.answers = () => ({ job_id: HERE });
  await time.pass(60_000);
  assert.deepEqual([queue.waiting(MIGUEL), queue.refused(MIGUEL)], [[], []]);
});

test("what is added while others are sent goes out in the same turn, after them", async () => {
  const { queue, office } = aPhone();
  office.answers = async ({ move }) => {
    if (move.move === "start") await queue.add(aMove("complete"));
    return { job_id: HERE };
  };
  await queue.add(aMove("start"));
  await settled();
  assert.deepEqual(names(office.sent), ["start", "complete"]);
});

test("while another tab replays, this one waits, and looks again later", async () => {
  let free = false;
  const { queue, office, time } = aPhone({ alone: async (act) => (free ? act() : null) });
  await queue.add(aMove());
  await settled();
  assert.deepEqual(office.sent, []);
  free = true;
  await time.pass(60_000);
  assert.deepEqual(names(office.sent), ["start"]);
});

test("two tabs that do send the same action send it under one id", async () => {
  const store = new MemoryStore();
  const [one, other] = [aPhone({ store }), aPhone({ store })];
  one.queue.signal("offline");
  await one.queue.add(aMove());
  await other.queue.load();
  one.queue.signal("online");
  other.queue.signal("online");
  await settled();
  const ids = [...one.office.sent, ...other.office.sent].map(({ event_id }) => event_id);
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(await store.items(), []);
});

test("an action that was given up while it was sent does not come back", async () => {
  const { queue, office, store } = aPhone();
  office.answers = async () => {
    await queue.dismiss(office.sent[0].seq);
    return lost();
  };
  await queue.add(aMove());
  await settled();
  assert.deepEqual([queue.waiting(MIGUEL), await store.items()], [[], []]);
});

test("signing out takes everything along", async () => {
  const { queue, store } = aPhone();
  queue.signal("offline");
  await queue.add(aMove());
  await store.set("day", { jobs: ["private"] });
  await queue.wipe();
  assert.deepEqual([queue.waiting(MIGUEL), await store.items(), await store.get("day")], [[], [], null]);
});

test("an action that the phone cannot keep is an error and is not shown as done", async () => {
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

test("what the office took is not sent again, though nothing can be kept of the job after it", async () => {
  const { queue, office, store, time } = aPhone({ sent: full });
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await time.pass(600_000);
  assert.deepEqual([office.sent.length, queue.waiting(MIGUEL), await store.items()], [2, [], []]);
});

test("a refusal that a full phone cannot keep is shown, and holds up nothing", async () => {
  const { queue, office, store, time } = aPhone();
  store.put = full;
  office.answers = ({ job_id }) => {
    if (job_id === HERE) throw problem(409, "illegal-move");
    return { job_id };
  };
  await queue.add(aMove("start", HERE));
  await queue.add(aMove("start", THERE));
  await time.pass(600_000);
  assert.deepEqual([queue.refused(MIGUEL).length, queue.waiting(MIGUEL), queue.state], [1, [], "idle"]);
});

test("what another tab has sent meanwhile is not sent again: each pass reads what is kept", async () => {
  const { queue, office, store } = aPhone();
  queue.signal("offline");
  const first = await queue.add(aMove("start"));
  await queue.add(aMove("complete"));
  await store.remove(first.seq); // the other tab sent it and forgot it
  queue.signal("online");
  await settled();
  assert.deepEqual(names(office.sent), ["complete"]);
  assert.deepEqual(await store.items(), []);
});

test("408, 425 and 429 wait for another try; what the server refuses otherwise is final", async () => {
  const outcomes = {};
  for (const status of [408, 425, 429, 400, 403, 404, 409, 422]) {
    const { queue, office } = aPhone();
    office.answers = () => {
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
