import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { isFull, isPassing, isRefusal } from "../../web/shared/jobs/booking.js";
import { isFullDay, placeOf } from "../../web/shared/jobs/booking_calendar.js";
import { businessIn } from "../../web/shared/jobs/business.js";
import { Slots, readSlots } from "../../web/shared/jobs/slots.js";

const NOON_MS = Date.parse("2026-11-21T17:00:00Z");
const HAUL = businessIn({
  name: "Haul & Co",
  time_zone: "America/New_York",
  windows: [
    { start: "08:00", end: "12:00" },
    { start: "12:00", end: "16:00" },
  ],
});
const MORNING = "2026-11-23T13:00:00.000Z";
const AFTERNOON = "2026-11-23T17:00:00.000Z";
const slots = (...left) =>
  new Slots([
    { window_start: MORNING, left: left[0] },
    { window_start: AFTERNOON, left: left[1] },
  ]);

test("a window says that it is full or nearly so, and nothing where many are left", () => {
  const said = (left) => slots(left, 1).stateOf(Date.parse(MORNING));
  assert.deepEqual([0, 1, 2, 3, 5].map(said), ["full", "few", "few", null, null]);
});

test("a window that the service did not mention is not full: the service decides", () => {
  assert.equal(new Slots().isFull(Date.parse(MORNING)), false);
  assert.equal(new Slots().stateOf(Date.parse(MORNING)), null);
});

test("a day is full if each of its windows is", () => {
  assert.equal(isFullDay("2026-11-23", NOON_MS, HAUL, slots(0, 1)), false);
  assert.equal(isFullDay("2026-11-23", NOON_MS, HAUL, slots(0, 0)), true);
  assert.deepEqual(
    slots(0, 2).free.map(({ window_start }) => window_start),
    [AFTERNOON],
  );
});

test("a moment is a day and a window of the business", () => {
  assert.deepEqual(placeOf(AFTERNOON, HAUL), { day: "2026-11-23", window: "12:00-16:00" });
  assert.equal(placeOf("2026-11-23T17:30:00.000Z", HAUL), null);
});

test("without an answer nothing counts as full", async () => {
  const silent = { get: () => Promise.reject(new NoAnswer()) };
  assert.deepEqual((await readSlots(silent, "/businesses/main/slots")).offers, []);
  const telling = { get: async () => ({ body: { slots: [{ window_start: MORNING, left: 0 }] } }) };
  assert.equal((await readSlots(telling, "/x")).isFull(Date.parse(MORNING)), true);
});

test("a full window is a refusal: nothing was booked, and the form can be sent again", () => {
  const full = new Problem(409, { type: "/problems/slot-full" });
  assert.deepEqual([isFull(full), isRefusal(full), isPassing(full)], [true, true, false]);
});
