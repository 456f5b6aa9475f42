import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ETA_SPAN_MINUTES, etaText, isOver } from "../../web/shared/jobs/eta.js";
import { NOON_MS, at } from "./flows.js";

const HERE = { language: "en", zone: "America/New_York", now_ms: NOON_MS };

test("an ETA has both ends, by the business's clock, in both languages", () => {
  assert.match(etaText(at(160), HERE), /^9:40\s–\s9:55\sAM$/u);
  assert.match(etaText(at(160), { ...HERE, language: "es" }), /^9:40\s*[–a]/);
});

test("an ETA of another day has its date", () => {
  assert.match(etaText(at(24 * 60), HERE), /^Sun, Nov 22, 7:00/);
});

test("an ETA is over when its later end is", () => {
  assert.deepEqual([isOver(at(-14), NOON_MS), isOver(at(-15), NOON_MS)], [false, true]);
});

test("texts and pages give an ETA the same span", () => {
  const visit = readFileSync(new URL("../../statemachine/job/visit.py", import.meta.url), "utf8");
  const [, minutes] = /ETA_SPAN = timedelta\(minutes=(\d+)\)/.exec(visit);
  assert.equal(Number(minutes), ETA_SPAN_MINUTES);
});
