import assert from "node:assert/strict";
import { test } from "node:test";

import { proofOf } from "../../web/shared/jobs/proof_of_service.js";
import { aDetail, flow } from "./flows.js";

const path = (letter) => `/t/p/${letter.repeat(32)}.jpg`;
const photo = (kind, letter) => ({ kind, path: path(letter), photo_id: letter.repeat(32) });
const proven = () => {
  const strict = flow();
  strict.moves.find(({ name }) => name === "complete").requires = ["proof"];
  return strict;
};

test("photos are marked before, after, or from the customer, and the load size has a text", () => {
  const photos = [photo("after", "a"), photo("before", "b"), photo("after", "c"), photo("customer", "d")];
  const shown = proofOf({ ...aDetail(), photos, load_size: "three_quarters" }, flow());
  assert.deepEqual(shown.photos, [
    { path: path("d"), label: "From the customer", alt: "From the customer, photo 1 of 1" },
    { path: path("b"), label: "Before the work", alt: "Before the work, photo 1 of 1" },
    { path: path("a"), label: "After the work", alt: "After the work, photo 1 of 2" },
    { path: path("c"), label: "After the work", alt: "After the work, photo 2 of 2" },
  ]);
  assert.equal(shown.load, "Three quarters");
});

test("missing proof is listed only if a move of the flow requires proof", () => {
  const missing = (values, of = proven()) => proofOf({ ...aDetail(), ...values }, of).missing;
  assert.deepEqual(missing({}), ["a photo before", "a photo after", "the load size"]);
  const all = [photo("before", "b"), photo("after", "a")];
  assert.deepEqual(missing({ photos: all }), ["the load size"]);
  assert.deepEqual(missing({ photos: [all[0]], load_size: "half" }), ["a photo after"]);
  assert.deepEqual(missing({ photos: all, load_size: "half" }), []);
  assert.deepEqual(missing({}, flow()), []);
  assert.deepEqual(missing({ status: "completed" }), []);
});
