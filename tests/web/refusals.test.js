import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { WORDS } from "../../web/crew/words.js";
import { maySendAgain, whyOf } from "../../web/crew/state/refusals.js";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const ACTIONS = ["/moves", "/photos", "/photos/{photo_id}", ""];
const ENDS_NO_ACTION = ["signed-out", "photo-missing", "internal", "unavailable"];
const OF_CUSTOMERS = ["window-missing"];
const PHOTOS_OF_CUSTOMERS = ["ended"]; // a job that is done still takes photos of the work
const OF_DISPATCHERS = ["crew-unavailable", "crew-off", "crew-taken", "slot-full", "override-not-allowed", "if-match-missing"];
const OF_PROGRAMS = ["wrong-key", "past-the-edge"]; // no page sends a key, and each is at the edge

/** The kinds of problem that the API answers an action with. */
function problems() {
  const { paths } = JSON.parse(read("docs/openapi.json"));
  const actions = ACTIONS.map((path) => paths[`/api/jobs/{job_id}${path}`]);
  const said = JSON.stringify(actions.flatMap(({ post, patch }) => [post ?? patch]));
  return new Set([...said.matchAll(/\/problems\/([a-z-]+)"/g)].map(([, slug]) => slug));
}

test("the page has its own text for every refusal that a crew can get", () => {
  const slugs = [...problems()].filter(
    (slug) =>
      ![...ENDS_NO_ACTION, ...OF_CUSTOMERS, ...OF_DISPATCHERS, ...OF_PROGRAMS].includes(slug),
  );
  assert.ok(slugs.includes("records-full"));
  for (const slug of slugs) {
    const key = whyOf({ slug, why: null });
    assert.ok(key in WORDS.en && key !== "why_other", slug);
  }
});

test("the page has a text for each reason to refuse a photo", () => {
  const [, literal] = /PhotoFault = Literal\[([^\]]+)\]/.exec(read("statemachine/rules/proof_of_service.py"));
  const all = [...literal.matchAll(/"(\w+)"/g)].map(([, fault]) => fault);
  const faults = all.filter((fault) => !PHOTOS_OF_CUSTOMERS.includes(fault));
  const keys = faults.map((why) => whyOf({ slug: "photo-refused", why }));
  assert.equal(new Set(keys).size, faults.length);
  for (const key of keys) assert.ok(key in WORDS.en, key);
});

test("a temporary refusal can be sent again, a recorded one cannot", () => {
  const again = (kind, slug, more = {}) =>
    maySendAgain({ kind, refused: { slug, why: null, job_status: null, ...more } });
  assert.ok(again("move", "unknown-job"));
  assert.ok(again("photo", "photo-refused", { why: "cancelled" }));
  assert.ok(!again("photo", "photo-refused", { why: "heic" }));
  assert.ok(again("edit", "job-changed", { job_status: "in_progress" }));
  assert.ok(!again("move", "not-allowed", { job_status: "in_progress" }));
});
