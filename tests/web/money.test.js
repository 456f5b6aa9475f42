import assert from "node:assert/strict";
import { test } from "node:test";

import { centsIn } from "../../web/shared/ui/money.js";

test("dollars and cents are read as they are written", () => {
  const amounts = { 240: 24_000, "240.5": 24_050, "$240.50": 24_050, "1,200": 120_000 };
  for (const [text, cents] of Object.entries(amounts)) assert.equal(centsIn(text), cents, text);
  assert.equal(centsIn("$ 1,234,56".slice(0, 7)), 123_400);
  assert.deepEqual([centsIn(""), centsIn("  ")], [null, null]);
});

test("an ambiguous amount is refused", () => {
  const none = ["240,50", "1.200", "1,200,50", "12 50", "1,2", "-5", "1e3", "240.505", "٢٤٠"];
  none.push("$", "240 EUR", "1,000,000.01", "99999999");
  for (const text of none) assert.equal(centsIn(text), undefined, text);
});
