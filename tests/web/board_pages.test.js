import assert from "node:assert/strict";
import { test } from "node:test";

import { DispatchApi } from "../../web/dispatch/state/dispatch_api.js";

function apiOf(pages, asked) {
  return {
    get: async (path, { etag = null } = {}) => {
      asked.push([path, etag]);
      return pages[path];
    },
  };
}

test("a board in several pages is read to its end; only the first request has the ETag", async () => {
  const asked = [];
  const pages = {
    "/jobs": { status: 200, etag: "e", body: { jobs: { a: 1, b: 2 }, next: "b" } },
    "/jobs?after=b": { status: 200, body: { jobs: { c: 3 } } },
  };
  const answer = await new DispatchApi(apiOf(pages, asked)).board("known");
  assert.deepEqual(answer.body.jobs, { a: 1, b: 2, c: 3 });
  assert.equal(answer.etag, "e");
  assert.deepEqual(asked, [["/jobs", "known"], ["/jobs?after=b", null]]);
});

test("an unchanged board needs one request", async () => {
  const asked = [];
  const pages = { "/jobs": { status: 304, body: null } };
  assert.equal((await new DispatchApi(apiOf(pages, asked)).board("known")).status, 304);
  assert.equal(asked.length, 1);
});
