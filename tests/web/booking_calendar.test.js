import assert from "node:assert/strict";
import { test } from "node:test";

import { faultsOf } from "../../web/shared/jobs/booking.js";
import { dayFault, daysToBook, nameOf, windowsLeft } from "../../web/shared/jobs/booking_calendar.js";
import { businessIn } from "../../web/shared/jobs/business.js";

const SATURDAY_NOON_MS = Date.parse("2026-11-21T17:00:00Z");
const HAUL = businessIn({
  name: "Haul & Co",
  time_zone: "America/New_York",
  windows: [
    { start: "08:00", end: "10:00" },
    { start: "13:00", end: "16:00" },
  ],
  open_days: ["mon", "tue", "wed", "thu", "fri", "sat"],
  closed_dates: ["2026-11-26"],
  lead_minutes: 120,
  public_horizon_days: 6,
});
const fault = (day, window = "08:00-10:00", now_ms = SATURDAY_NOON_MS) =>
  dayFault(day, window, now_ms, HAUL);

test("closed weekdays, closed dates, and days past the horizon are not offered", () => {
  assert.deepEqual(daysToBook(SATURDAY_NOON_MS, HAUL), [
    "2026-11-23",
    "2026-11-24",
    "2026-11-25",
    "2026-11-27",
  ]);
  assert.deepEqual(
    ["2026-11-22", "2026-11-26", "2026-11-28", "2026-11-20"].map((day) => fault(day)),
    ["closed", "closed", "too_far", "past"],
  );
});

test("a window is offered until its lead time, by the business's clock", () => {
  const before_ms = SATURDAY_NOON_MS - 60 * 60_000;
  assert.equal(fault("2026-11-21", "13:00-16:00", before_ms), null);
  assert.equal(fault("2026-11-21", "13:00-16:00"), "too_soon");
  assert.equal(fault("2026-11-21", "08:00-10:00"), "past");
  assert.equal(fault("2026-11-23", "09:00-17:00"), "no_window");
  assert.equal(fault("2026-11-23", "08:00-10:00"), null);
  assert.deepEqual(windowsLeft("2026-11-21", before_ms, HAUL).map(nameOf), ["13:00-16:00"]);
});

test("the horizon counts from now, as the service counts it", () => {
  const friday = (now_ms) => windowsLeft("2026-11-27", now_ms, HAUL).map(nameOf);
  assert.deepEqual(friday(SATURDAY_NOON_MS), ["08:00-10:00"]);
  assert.deepEqual(friday(SATURDAY_NOON_MS + 4 * 60 * 60_000), ["08:00-10:00", "13:00-16:00"]);
  assert.equal(fault("2026-11-27", "13:00-16:00"), "too_far");
});

test("a form that was kept from before the windows changed is pointed out at its day", () => {
  const form = { name: "Ada", phone: "5555550123", address: "12 Harbor Road", what: "Sofa" };
  const kept = { ...form, day: "2026-11-23", window: "morning" };
  assert.deepEqual(faultsOf(kept, SATURDAY_NOON_MS, HAUL), { day: "no_window" });
});
