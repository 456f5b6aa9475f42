import assert from "node:assert/strict";
import { test } from "node:test";

import { WEEKDAYS } from "../../web/shared/jobs/business.js";
import { areHoursConfirmed, confirmHours, isCrew, missingIn } from "../../web/shared/jobs/setup_checklist.js";
import { memory } from "./fake_storage.js";

const hours = (start) =>
  Object.fromEntries(WEEKDAYS.slice(0, 6).map((day) => [day, [{ start, end: "19:00" }]]));
const NEW = { name: "Quick Dump", accent_color: "#1d1c19", opening_hours: hours("08:00") };
const SET = {
  phone: "+15555550123",
  privacy_url: "https://quick.example/privacy",
  accent_color: "#c2410c",
  opening_hours: hours("07:00"),
};
const keys = (settings, known = {}) =>
  missingIn(settings, { has_crew: true, hours_confirmed: false, ...known }).map(({ key }) => key);

test("a new business is told all that is missing, each with its place", () => {
  const items = missingIn(NEW, { has_crew: false, hours_confirmed: false });
  assert.deepEqual(
    items.map(({ href }) => href),
    ["phone", "opening_hours", "privacy_url", "accent_color", "crew"].map((key) => `/settings/#${key}`),
  );
});

test("the list is empty once all is set, and hours of one's own need no confirmation", () => {
  assert.deepEqual(keys(SET), []);
  assert.deepEqual(keys({ ...SET, opening_hours: hours("08:00") }), ["opening_hours"]);
  assert.deepEqual(keys({ ...SET, opening_hours: hours("08:00") }, { hours_confirmed: true }), []);
});

test("whether there is crew is not claimed while it is not known", () => {
  assert.deepEqual(keys(SET, { has_crew: null }), []);
  assert.deepEqual([["driver"], ["dispatcher", "ops"]].map((roles) => isCrew({ roles })), [true, false]);
});

test("confirmed hours are remembered for each business", () => {
  const device = memory();
  confirmHours(device, "main");
  assert.deepEqual(["main", "other"].map((tenant) => areHoursConfirmed(device, tenant)), [true, false]);
});
