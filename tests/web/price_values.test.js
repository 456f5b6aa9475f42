import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { guideValue, typedGuide } from "../../web/settings/state/price_values.js";

const { guides } = JSON.parse(
  readFileSync(new URL("../data/price_guide_cases.json", import.meta.url), "utf8"),
);
const EMPTY = typedGuide(null);
const LOADS = { ...EMPTY.loads, minimum: "99", full: "550" };
const FAULTS = {
  "no minimum": { loads: { ...LOADS, minimum: "" } },
  "no full load": { loads: { ...LOADS, full: " " } },
  "an amount with a comma for the cents": { loads: { ...LOADS, half: "240,50" } },
  "half cheaper than a quarter": { loads: { ...LOADS, quarter: "200", half: "199.99" } },
  "an item without a name": { items: [{ name: " ", name_es: "", price: "5" }] },
  "an item without a price": { items: [{ name: "Tire", name_es: "", price: "" }] },
  "an item in percent": { items: [{ name: "Tire", name_es: "", price: "10%" }] },
  "a surcharge over 100 %": { surcharges: [{ name: "Fuel", name_es: "", price: "101%" }] },
  "a surcharge of nothing": { surcharges: [{ name: "Fuel", name_es: "", price: "0%" }] },
};

for (const [name, guide] of Object.entries(guides)) {
  test(`a price guide is typed as it is shown: ${name}`, () => {
    const { value } = guideValue(typedGuide(guide));
    assert.deepEqual(value, { items: [], surcharges: [], ...guide });
  });
}

test("nothing typed is no price guide", () => {
  assert.deepEqual(guideValue(EMPTY), { value: null });
});

for (const [name, changes] of Object.entries(FAULTS)) {
  test(`refused with words: ${name}`, () => {
    const { fault, value } = guideValue({ ...EMPTY, loads: LOADS, ...changes });
    assert.equal(value, undefined);
    assert.match(fault, /[a-z]/);
  });
}

test("percentages keep two digits", () => {
  const surcharges = [{ name: "Fuel", name_es: "Gasolina", price: " 7.25 % " }];
  const { value } = guideValue({ ...EMPTY, loads: LOADS, surcharges });
  assert.deepEqual(value.surcharges, [{ name: "Fuel", name_es: "Gasolina", basis_points: 725 }]);
});
