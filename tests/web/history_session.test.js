import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, historyIn } from "../../web/dispatch/history/state/history_address.js";
import { HistorySession } from "../../web/dispatch/history/state/history_session.js";
import { statusesOf } from "../../web/dispatch/history/state/status_choices.js";
import { NOON_MS, aCard, flow } from "./flows.js";

const ids = (count, from = 0) =>
  Array.from({ length: count }, (_, n) => `261121-${String(from + n).padStart(6, "0")}`);

/** Answers each search with the next of `pages`, in the order in which a test lets them go. */
class FakeService {
  asked = [];
  pages = [];
  held = [];

  async session() {
    return { account: "dana", roles: ["dispatcher"], name: "Dana" };
  }

  async flows() {
    return { flows: { haul: flow() }, default: "haul" };
  }

  async search(question, after = null) {
    this.asked.push([question, after]);
    const page = this.pages.shift() ?? { jobs: [], next: undefined };
    if (page.held) await new Promise((go) => this.held.push(go));
    const jobs = Object.fromEntries(page.jobs.map((job_id) => [job_id, { ...aCard(), job_id }]));
    return { status: 200, body: { jobs, next: page.next }, date: null };
  }
}

async function signedIn() {
  const service = new FakeService();
  const session = new HistorySession({
    service,
    clock: () => NOON_MS,
    setTimer: () => null,
    clearTimer: () => {},
    onChange: () => {},
  });
  await session.resume();
  return { session, service };
}

const found = (session) => session.found.map(({ job_id }) => job_id);

test("pages follow each other, and a job is shown once", async () => {
  const { session, service } = await signedIn();
  service.pages = [{ jobs: ids(3), next: "p1" }, { jobs: ids(3, 2) }];
  await session.ask({ q: "ada" });
  assert.deepEqual([found(session), session.hasMore], [ids(3), true]);
  await session.more();
  assert.deepEqual([found(session), session.hasMore], [ids(5), false]);
  await session.more();
  assert.deepEqual(service.asked, [[{ q: "ada" }, null], [{ q: "ada" }, "p1"]]);
});

test("an answer to an earlier question is not shown", async () => {
  const { session, service } = await signedIn();
  service.pages = [{ jobs: ids(1), held: true }, { jobs: ids(1, 7) }];
  const first = session.ask({ q: "a" });
  await session.ask({ q: "ad" });
  service.held[0]();
  await first;
  assert.deepEqual(found(session), ids(1, 7));
});

test("empty pages are followed until there is a job", async () => {
  const { session, service } = await signedIn();
  service.pages = [{ jobs: [], next: "p1" }, { jobs: [], next: "p2" }, { jobs: ids(1), next: "p3" }];
  await session.ask({});
  assert.deepEqual([found(session), session.hasMore], [ids(1), true]);
});

test("polling reads the first page and keeps the pages after it", async () => {
  const { session, service } = await signedIn();
  service.pages = [{ jobs: ids(2), next: "p1" }, { jobs: ids(2, 2), next: "p2" }, { jobs: ids(2, 8), next: "p9" }];
  await session.ask({});
  await session.more();
  await session.read(() => true);
  assert.deepEqual(found(session), [...ids(2, 8), ...ids(4)]);
  service.pages = [{ jobs: ids(1, 4) }];
  await session.more();
  assert.equal(service.asked.at(-1)[1], "p2");
});

test("the next person sees nothing of the last one's search", async () => {
  const { session, service } = await signedIn();
  service.pages = [{ jobs: ids(2), next: "p1" }];
  await session.ask({ q: "ada" });
  session.clear();
  assert.deepEqual([found(session), session.hasMore, session.isAnswered], [[], false, false]);
});

test("the question is behind the #, which no server sees", () => {
  const place = { job: "261121-7k3m2q", customer: null, question: { q: "Ada Wong", first: "2024-06-01" } };
  const address = addressOf(place);
  assert.equal(address, "?job=261121-7k3m2q#q=Ada+Wong&first=2024-06-01");
  const [search, hash] = address.split("#");
  assert.deepEqual(historyIn({ search, hash: `#${hash}` }), place);
  assert.equal(addressOf({ question: {} }), "");
});

test("an address that was tampered with asks nothing", () => {
  const place = historyIn({ search: "?job=<b>&customer=1", hash: "#first=yesterday&x=1" });
  assert.deepEqual(place, { job: null, customer: null, question: {} });
});

test("statuses with the same label in several flows are one choice", () => {
  const [one, other] = [flow(), flow("crewed")];
  const choices = statusesOf({ one, other });
  const labels = choices.map(([, label]) => label);
  assert.deepEqual(labels, [...new Set(labels)]);
  for (const { name, label } of [...one.statuses, ...other.statuses])
    assert.ok(choices.find(([, text]) => text === label.en)[0].split(",").includes(name));
});
