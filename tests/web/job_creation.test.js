import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { JobCreation, corrections } from "../../web/dispatch/state/job_creation.js";

const ASKED = {
  customer_name: "Ada Wong",
  phone: null,
  location: "12 Harbor Road",
  language: "en",
  flow: "haul",
  notes: "",
  price: 240,
  schedule: null,
};
const CREATED = { job_id: "261121-7k3m2q", tracking_url: "https://haul.example/track/abc" };

/** A server that keeps one request a key; `lose` answers are lost, `arrives`: before or after. */
function aServer({ lose = 1, arrives = true, strict = true } = {}) {
  const known = new Map();
  const server = { edits: [], keys: new Set() };
  const answerOf = (request, key) => {
    if (!known.has(key)) known.set(key, request);
    const same = JSON.stringify(known.get(key)) === JSON.stringify(request);
    if (strict && !same) throw new Problem(422, { type: "/problems/idempotency-key-reused" });
    return CREATED;
  };
  server.create = async (request, key) => {
    server.keys.add(key);
    lose -= 1;
    if (lose >= 0 && !arrives) throw new NoAnswer("unreachable");
    const answer = answerOf(request, key);
    if (lose >= 0) throw new NoAnswer("timeout");
    return answer;
  };
  server.detail = async () => {
    const { customer_name: name, location: address, language, flow, price } = [...known.values()][0];
    const place = { address };
    return { rev: 1, customer: { name, language }, place, flow, price_cents: price * 100, notes: [] };
  };
  server.edit = async (_, changes) => server.edits.push(changes);
  return server;
}

async function corrected(server, correction) {
  const creation = new JobCreation(server);
  await assert.rejects(creation.submit(ASKED), NoAnswer);
  return creation.submit({ ...ASKED, ...correction });
}

for (const strict of [true, false]) {
  test(`a correction after a lost answer is applied to the job (strict: ${strict})`, async () => {
    const server = aServer({ strict });
    const { created, late, missed } = await corrected(server, { location: "9 Elm Street" });
    assert.deepEqual([created, late, missed], [CREATED, true, []]);
    assert.deepEqual(server.edits, [{ place: { address: "9 Elm Street" } }]);
    assert.equal(server.keys.size, 1);
  });
}

test("if the first request never arrived, the corrected one becomes the job", async () => {
  const server = aServer({ arrives: false });
  const { missed } = await corrected(server, { location: "9 Elm Street" });
  assert.deepEqual([missed, server.edits, server.keys.size], [[], [], 1]);
});

test("corrections that cannot be applied are reported", async () => {
  const { missed } = await corrected(aServer(), { flow: "dumpster", price: null });
  assert.deepEqual(missed, ["kind of job", "no price"]);
});

test("a refused correction is reported with the reason", async () => {
  const server = aServer();
  server.edit = async () => {
    throw new Problem(412, { detail: "changed meanwhile" });
  };
  const { created, missed, error } = await corrected(server, { location: "9 Elm Street" });
  assert.deepEqual([created, missed, error.detail], [CREATED, ["your corrections"], "changed meanwhile"]);
});

test("after a refusal nothing is created, and the next request has a new key", async () => {
  const server = aServer({ lose: 0 });
  const { create } = server;
  server.create = async (request, key) => {
    server.keys.add(key);
    throw new Problem(422, { type: "/problems/invalid", faults: ["phone: no"] });
  };
  const creation = new JobCreation(server);
  await assert.rejects(creation.submit(ASKED), Problem);
  server.create = create;
  assert.equal((await creation.submit({ ...ASKED, price: 1 })).late, false);
  assert.equal(server.keys.size, 2);
});

test("another load than the one that arrived cannot be corrected, and is told", () => {
  const known = { load_size: "half", items: [{ name: "Mattress", count: 1, each_cents: 3500 }] };
  const detail = { customer: { name: "Ada", language: "en" }, place: { address: "1 Elm" }, flow: "haul", estimate: known };
  const request = { customer_name: "Ada", language: "en", location: "1 Elm", flow: "haul", price: null };
  const wanted = { load_size: "half", items: [{ name: "Mattress", count: 1 }], surcharges: [] };
  assert.deepEqual(corrections({ ...request, estimate: wanted }, detail).missed, []);
  assert.deepEqual(corrections({ ...request, estimate: { ...wanted, load_size: "full" } }, detail).missed, ["load"]);
  assert.deepEqual(corrections({ ...request, estimate: null }, detail).missed, []);
});
