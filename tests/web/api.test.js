import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, NoAnswer, Problem } from "../../web/shared/api/api.js";

function answer(status, body = {}, headers = {}) {
  return new Response(status === 304 || status === 204 ? null : JSON.stringify(body), {
    status,
    headers,
  });
}

/** An Api whose fetch gives `answers` in turn (an Error is thrown), and what it was asked. */
function apiThat(...answers) {
  const asked = [];
  const fetch = async (url, request) => {
    asked.push({ url, ...request });
    const next = answers[Math.min(asked.length, answers.length) - 1];
    if (next instanceof Error) throw next;
    return next.clone();
  };
  const pauses = [];
  const pause = async (ms) => void pauses.push(ms);
  return { api: new Api({ fetch, pause, random: () => 1 }), asked, pauses };
}

test("a body is sent as JSON, past every cache", async () => {
  const { api, asked } = apiThat(answer(200));
  await api.ask("POST", "/session", { body: { account: "ünï" } });
  const [{ url, headers, body, cache }] = asked;
  assert.equal(url, "/api/session");
  assert.equal(body, '{"account":"ünï"}');
  assert.equal(headers["content-type"], "application/json");
  assert.equal(cache, "no-store");
});

test("a request without a body names no type; a read sends the ETag it knows", async () => {
  const { api, asked } = apiThat(answer(204));
  await api.ask("DELETE", "/session");
  assert.deepEqual(asked[0].headers, { accept: "application/json" });
  await api.get("/jobs", { etag: '"7"' });
  assert.equal(asked[1].headers["if-none-match"], '"7"');
});

test("a problem document is raised as an error with its slug, detail, and other fields", async () => {
  const document = {
    type: "/problems/overtaken",
    title: "Overtaken",
    detail: "look again",
    rev: 9,
  };
  const { api } = apiThat(answer(409, document));
  const raised = await api.ask("POST", "/jobs/x/moves", { body: {} }).catch((error) => error);
  assert.ok(raised instanceof Problem);
  assert.deepEqual(
    [raised.status, raised.slug, raised.detail, raised.document.rev],
    [409, "overtaken", "look again", 9],
  );
});

test("reads are tried three times; requests that cannot be repeated only once", async () => {
  const { api, asked, pauses } = apiThat(new TypeError("no network"));
  await assert.rejects(api.get("/flows"), NoAnswer);
  assert.equal(asked.length, 3);
  assert.deepEqual(pauses, [1_200, 2_400]);
  await assert.rejects(api.ask("PATCH", "/jobs/x", { body: {} }), NoAnswer);
  assert.equal(asked.length, 4);
});

test("a request with its own id is sent again unchanged if no answer came", async () => {
  const { api, asked } = apiThat(new TypeError("gone"), answer(503), answer(201, { job_id: "x" }));
  const { body } = await api.ask("POST", "/jobs", { body: { a: 1 }, repeatable: true });
  assert.deepEqual(body, { job_id: "x" });
  assert.deepEqual(new Set(asked.map((request) => request.body)), new Set(['{"a":1}']));
});

test("a refused request is not retried", async () => {
  const { api, asked } = apiThat(answer(422, { title: "invalid" }));
  await assert.rejects(api.ask("POST", "/jobs", { body: {}, repeatable: true }), { status: 422 });
  assert.equal(asked.length, 1);
});

test("a long Retry-After is not waited for", async () => {
  const { api, asked } = apiThat(answer(429, {}, { "retry-after": "60" }));
  await assert.rejects(api.get("/flows"), { status: 429, retry_after_ms: 60_000 });
  assert.equal(asked.length, 1);
});

test("Retry-After stretches the pause", async () => {
  const { api, pauses } = apiThat(answer(503, {}, { "retry-after": "3" }), answer(200));
  await api.get("/flows");
  assert.deepEqual(pauses, [3_000]);
});

test("a response that is not JSON is an error", async () => {
  const fetch = async () => new Response("<html>sign in to this hotel</html>", { status: 200 });
  const api = new Api({ fetch, pause: async () => {} });
  await assert.rejects(api.ask("GET", "/flows", { tries: 1 }), { status: 502 });
});
