import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { estimateOf, priceAfterLoad, priceOf } from "../../web/shared/jobs/price_guide.js";

const CASES = JSON.parse(
  readFileSync(new URL("../data/price_guide_cases.json", import.meta.url), "utf8"),
);

for (const example of CASES.examples) {
  test(`worked by hand: ${example.guide}, ${example.by_hand}`, () => {
    const estimate = estimateOf(CASES.guides[example.guide], example);
    assert.deepEqual(
      [estimate.low_cents, estimate.high_cents, priceOf(estimate, example.reported)],
      [example.low_cents, example.high_cents, example.price_cents],
    );
  });
}

test("the price follows the load until a person sets another", () => {
  const estimate = estimateOf(CASES.guides.town, { load_size: "half" });
  assert.equal(priceAfterLoad({ estimate }, "half"), 30_000);
  assert.equal(priceAfterLoad({ estimate, price_cents: 30_000, load_size: "half" }, "full"), 55_000);
  assert.equal(priceAfterLoad({ estimate, price_cents: 25_000, load_size: "half" }, "full"), 25_000);
  assert.equal(priceAfterLoad({ price_cents: 25_000 }, "full"), 25_000);
  assert.equal(priceAfterLoad({}, "full"), null);
});
