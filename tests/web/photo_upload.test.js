import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { sendPhoto } from "../../web/shared/api/photo_upload.js";

const UPLOAD = { url: "/uploads/a", headers: { "content-type": "image/jpeg" } };
const blob = new Blob(["four"]);

/** Sends a photo; `answers` of the API in order, an Error is raised. What was asked is in `asked`. */
function sending(answers, fetch) {
  const asked = [];
  const ask = async (path, body) => {
    asked.push([path, body.bytes]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, sent: sendPhoto({ ask, fetch, path: "/photos", body: { event_id: "e" }, blob }) };
}

test("a photo is announced with its size, uploaded as told, and added", async () => {
  const puts = [];
  const fetch = async (url, { method, headers, body }) => {
    puts.push([method, url, headers, body.byteLength]);
    return { ok: true };
  };
  const { asked, sent } = sending([{ photo_id: "a", upload: UPLOAD }, "the view"], fetch);
  assert.equal(await sent, "the view");
  assert.deepEqual(puts, [["PUT", "/uploads/a", UPLOAD.headers, 4]]);
  assert.deepEqual(asked, [
    ["/photos", 4],
    ["/photos/a", 4],
  ]);
});

test("a photo that is there already is not uploaded again", async () => {
  const { sent } = sending([{ photo_id: "a" }, "the view"], () => assert.fail("an upload"));
  assert.equal(await sent, "the view");
});

test("what fails on the way can be tried again", async () => {
  const announced = { photo_id: "a", upload: UPLOAD };
  const expired = sending([announced], async () => ({ ok: false, status: 403 }));
  await assert.rejects(expired.sent, (error) => error instanceof Problem && error.status === 503);
  const offline = sending([announced], () => Promise.reject(new TypeError("offline")));
  await assert.rejects(offline.sent, NoAnswer);
  const missing = new Problem(409, { type: "/problems/photo-missing", title: "missing" });
  const lost = sending([announced, missing], async () => ({ ok: true }));
  await assert.rejects(lost.sent, (error) => error.status === 503);
});

test("a photo that the phone has lost is refused for good", async () => {
  const gone = { arrayBuffer: () => Promise.reject(new Error("gone")) };
  const sent = sendPhoto({ ask: assert.fail, fetch: assert.fail, path: "/", body: {}, blob: gone });
  await assert.rejects(sent, (error) => error.status === 422 && error.slug === "photo-unreadable");
});
