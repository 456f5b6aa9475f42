import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { errorKey } from "../../web/track/act_errors.js";
import { WORDS } from "../../web/track/words.js";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const problem = (status, slug, more = {}) =>
  new Problem(status, { type: `/problems/${slug}`, title: slug, ...more });

test("the page has a text, in both languages, for each reason to refuse a photo", () => {
  const [, literal] = /PhotoFault = Literal\[([^\]]+)\]/.exec(read("statemachine/rules/proof_of_service.py"));
  const faults = [...literal.matchAll(/"(\w+)"/g)].map(([, fault]) => fault);
  assert.ok(faults.includes("ended"));
  for (const why of faults) {
    const key = errorKey(problem(422, "photo-refused", { why }));
    assert.notEqual(key, "refused", why);
    assert.ok(key in WORDS.en && key in WORDS.es, key);
  }
});

test("a refusal is told apart from an answer that did not come", () => {
  assert.equal(errorKey(new NoAnswer("timeout")), "unknown");
  assert.equal(errorKey(problem(503, "unavailable")), "unknown");
  assert.equal(errorKey(problem(409, "job-changed")), "overtaken");
  assert.equal(errorKey(problem(409, "slot-full")), "slot_full");
  assert.equal(errorKey(problem(429, "too-many-requests")), "busy");
  assert.equal(errorKey(problem(422, "invalid")), "refused");
});
