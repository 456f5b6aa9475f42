import assert from "node:assert/strict";
import { test } from "node:test";

import { accentsOf, contrast, textOn } from "../../web/shared/ui/business_brand.js";

const COLORS = ["#1d1c19", "#ffffff", "#000000", "#ffff00", "#0a0a5a", "#c2410c", "#777777", "#f6f5f1"];

test("whatever accent a business has, it stands out on the page and its text can be read", () => {
  for (const color of COLORS) {
    const { light, on_light, dark, on_dark } = accentsOf(color);
    assert.ok(contrast(light, "#f6f5f1") >= 3, color);
    assert.ok(contrast(dark, "#141412") >= 3, color);
    assert.ok(contrast(light, on_light) >= 4.5, color);
    assert.ok(contrast(dark, on_dark) >= 4.5, color);
  }
});

test("a color that can be seen stays as the owner chose it", () => {
  assert.equal(accentsOf("#c2410c").light, "#c2410c");
  assert.equal(textOn("#ffff00"), "#000000");
});
