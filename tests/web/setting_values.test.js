import assert from "node:assert/strict";
import { test } from "node:test";

import { textOf } from "../../web/settings/state/setting_texts.js";
import {
  capacityValue,
  codesValue,
  datesValue,
  hoursValue,
  languagesValue,
  loadDurationsValue,
  optionalAddress,
  optionalColor,
  optionalPhone,
  policyValue,
  quietValue,
  requiredText,
  wholeNumber,
  windowsValue,
} from "../../web/settings/state/setting_values.js";

const span = (start, end) => ({ start, end });

test("what is left empty is not set, and a name is needed", () => {
  for (const read of [optionalAddress, optionalColor, optionalPhone]) {
    assert.deepEqual(read(" "), { value: null });
  }
  assert.deepEqual(policyValue({ en: " ", es: "" }), { value: null });
  assert.deepEqual(requiredText(" ", "Which name?"), { fault: "Which name?" });
});

test("a web address may be typed without its scheme, and is nothing but a web address", () => {
  assert.equal(optionalAddress("quick.example/terms").value, "https://quick.example/terms");
  for (const typed of ["javascript:alert(1)", "mailto:a@b.example", "no address", "https://x"]) {
    assert.match(optionalAddress(typed).fault, /web address/, typed);
  }
});

test("times that end before they begin or overlap are said, with their day", () => {
  assert.match(windowsValue([span("12:00", "08:00")]).fault, /12:00 PM to 8:00 AM ends before/);
  assert.match(windowsValue([span("08:00", "12:00"), span("11:00", "13:00")]).fault, /overlap/);
  assert.match(windowsValue([]).fault, /at least one/);
  assert.match(hoursValue({ mon: [span("08:00", "")] }).fault, /^Monday: Give both times/);
  assert.match(hoursValue({ mon: [] }).fault, /at least one day/);
});

test("windows come in their order, and a closed day is not named", () => {
  const late = span("13:00", "15:00");
  const early = span("08:00", "10:00");
  assert.deepEqual(windowsValue([late, early]).value, [early, late]);
  assert.deepEqual(hoursValue({ mon: [early], sun: [] }).value, { mon: [early] });
});

test("lists are typed as people type them", () => {
  assert.deepEqual(codesValue("100, 112\n m5v;100").value, ["100", "112", "M5V"]);
  assert.match(codesValue("10-1").fault, /“10-1”/);
  assert.deepEqual(datesValue(["2026-12-25", "2026-11-26", "2026-12-25"]).value, [
    "2026-11-26",
    "2026-12-25",
  ]);
  assert.match(languagesValue([]).fault, /at least one/);
});

test("a color, a number, and hours that are none of these are faults", () => {
  assert.equal(optionalColor("1D4ED8").value, "#1d4ed8");
  assert.match(optionalColor("red").fault, /six digits/);
  assert.match(wholeNumber("1.5", { least: 1, most: 9 }).fault, /from 1 to 9/);
  assert.match(wholeNumber("", { least: 0, most: 9 }).fault, /from 0 to 9/);
  assert.match(quietValue({ begin: "21:00", end: "" }).fault, /both/);
});

test("a setting is told in words that the page uses", () => {
  assert.equal(textOf("phone", "+15555550123"), "(555) 555-0123");
  assert.equal(textOf("opening_hours", { mon: [span("08:00", "17:00")] }), "Monday 8:00 AM – 5:00 PM");
  assert.equal(textOf("closed_dates", []), "none");
  assert.equal(textOf("website", null), "none");
});

test("only the windows with a number have a capacity of their own, and 0 closes one", () => {
  const typed = { mon: { "08:00": "", "12:00": " " }, sat: { "08:00": "2", "12:00": "0" } };
  assert.deepEqual(capacityValue(typed).value, { sat: { "08:00": 2, "12:00": 0 } });
  assert.match(capacityValue({ sat: { "08:00": "two" } }).fault, /^Saturday, 8:00 AM: .+from 0 to 100/);
  assert.match(capacityValue({ "2026-12-24": { "08:00": "101" } }).fault, /^2026-12-24, 8:00 AM/);
  assert.equal(
    textOf("slots_by_weekday", { sat: { "08:00": 2, "12:00": 0 } }),
    "Saturday 8:00 AM 2, 12:00 PM 0",
  );
});

test("a load takes as long as usual unless a time was chosen for it", () => {
  assert.deepEqual(loadDurationsValue({ minimum: "", full: "180" }).value, { full: 180 });
  assert.equal(textOf("load_durations", { three_quarters: 90 }), "three quarters 90 min");
  assert.equal(textOf("load_durations", {}), "none");
});
