import assert from "node:assert/strict";
import { test } from "node:test";

import { HOUR_MS } from "../../web/shared/ui/time.js";
import {
  dayAfter,
  dayAt,
  hoursAt,
  inputOf,
  longDayText,
  momentAt,
  momentIn,
  wholeDay,
  isZone,
  zoneName,
  zoneText,
} from "../../web/shared/ui/business_time.js";

const NEW_YORK = "America/New_York";
const iso = (ms) => new Date(ms).toISOString().slice(0, 16);
const hoursOf = ({ begin_ms, end_ms }) => (end_ms - begin_ms) / HOUR_MS;

test("the date is the business's: late in the evening in New York, London is a day ahead", () => {
  const late_ms = Date.parse("2026-11-22T03:30:00Z");
  assert.equal(dayAt(late_ms, NEW_YORK), "2026-11-21");
  assert.equal(dayAt(late_ms, "Europe/London"), "2026-11-22");
});

test("a time in the business's zone is a moment, in summer and in winter", () => {
  assert.equal(iso(momentAt("2026-07-01", "07:30", NEW_YORK)), "2026-07-01T11:30");
  assert.equal(iso(momentAt("2026-11-21", "07:30", NEW_YORK)), "2026-11-21T12:30");
  assert.equal(iso(momentAt("2026-11-21", "07:30", "Asia/Kathmandu")), "2026-11-21T01:45");
  assert.equal(iso(momentAt("2026-11-21", "00:30", "Pacific/Kiritimati")), "2026-11-20T10:30");
});

test("a time that does not occur is shifted; a time that occurs twice is the first one", () => {
  assert.equal(iso(momentAt("2026-03-08", "02:30", NEW_YORK)), "2026-03-08T07:30");
  assert.equal(iso(momentAt("2026-11-01", "01:30", NEW_YORK)), "2026-11-01T05:30");
  assert.equal(iso(momentAt("2026-11-01", "02:00", NEW_YORK)), "2026-11-01T07:00");
});

test("a day has 23 hours in spring and 25 in autumn", () => {
  assert.equal(hoursOf(wholeDay("2026-03-08", NEW_YORK)), 23);
  assert.equal(hoursOf(wholeDay("2026-11-01", NEW_YORK)), 25);
  assert.equal(hoursOf(wholeDay("2026-11-21", NEW_YORK)), 24);
});

test("a day without a midnight begins at its first moment", () => {
  const { begin_ms } = wholeDay("2026-03-29", "Asia/Beirut");
  assert.equal(dayAt(begin_ms, "Asia/Beirut"), "2026-03-29");
  assert.equal(dayAt(begin_ms - 1, "Asia/Beirut"), "2026-03-28");
});

test("every hour of a year survives the conversion in both directions", () => {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: NEW_YORK,
    timeStyle: "short",
  });
  for (let ms = Date.parse("2026-01-01T00:00Z"); ms < Date.parse("2027-01-01"); ms += HOUR_MS) {
    const back_ms = momentAt(dayAt(ms, NEW_YORK), format.format(ms), NEW_YORK);
    const twice = back_ms === ms - HOUR_MS; // the second 1 o'clock of autumn
    assert.ok(back_ms === ms || (twice && iso(ms) === "2026-11-01T06:00"), iso(ms));
  }
});

test("an input shows and reads moments in the business's zone", () => {
  const noon = "2026-11-21T17:00:00.000Z";
  assert.equal(inputOf(noon, NEW_YORK), "2026-11-21T12:00");
  assert.equal(momentIn("2026-11-21T12:00", NEW_YORK), noon);
  assert.equal(inputOf(noon, "Asia/Tokyo"), "2026-11-22T02:00");
  assert.equal(momentIn("2026-11-22T02:00", "Asia/Tokyo"), noon);
  assert.deepEqual([inputOf(undefined, NEW_YORK), momentIn("", NEW_YORK)], ["", null]);
});

test("hours that end before they begin go past midnight; midnight to midnight is a day", () => {
  const hours = (begin, end) => hoursAt("2026-11-21", { begin, end }, NEW_YORK);
  assert.deepEqual(hours("00:00", "00:00"), wholeDay("2026-11-21", NEW_YORK));
  assert.equal(hoursOf(hours("22:00", "06:00")), 8);
  assert.equal(hoursOf(hours("07:00", "15:30")), 8.5);
});

test("days follow each other across months, years, and clock changes", () => {
  assert.equal(dayAfter("2026-12-31", 1), "2027-01-01");
  assert.equal(dayAfter("2026-03-01", -1), "2026-02-28");
  assert.equal(dayAfter("2026-03-08", 1), "2026-03-09");
  const now_ms = Date.parse("2026-11-21T12:00Z");
  assert.equal(longDayText("2026-11-21", now_ms), "Saturday, November 21");
  assert.equal(longDayText("2025-12-01", now_ms), "Monday, December 1, 2025");
});

test("a two-digit year is in this century, and an impossible year is not a time", () => {
  assert.equal(momentIn("0026-12-01T09:00", NEW_YORK), "2026-12-01T14:00:00.000Z");
  const wrong = ["1026-12-01T09:00", "9999-12-31T23:59", "0001-01-01T00:00", "2026-13-40T09:00"];
  assert.deepEqual([wrong[0], wrong[1], wrong[3]].map((text) => momentIn(text, NEW_YORK)), [null, null, null]);
  assert.equal(momentIn(wrong[2], NEW_YORK), "2001-01-01T05:00:00.000Z");
  assert.equal(inputOf("0026-12-01T14:00:00Z", NEW_YORK).length, 16);
});

test("each calendar day comes once, even on the eve of a clock change", () => {
  const after = (eve) => dayAfter(dayAt(Date.parse(eve), NEW_YORK), 1);
  assert.equal(after("2026-03-08T04:30:00Z"), "2026-03-08"); // 23:30 on March 7
  assert.equal(after("2026-11-01T03:30:00Z"), "2026-11-01"); // 23:30 on October 31
});

test("a zone has a common name, which is not shown if this device has the same time", () => {
  assert.equal(zoneName(NEW_YORK), "Eastern Time");
  assert.equal(zoneName(NEW_YORK, "es"), "hora oriental");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.deepEqual([zoneText(own), zoneText(undefined)], ["", ""]);
  assert.equal(zoneText("Asia/Tokyo"), "All times are Japan Standard Time");
  assert.deepEqual([isZone(NEW_YORK), isZone("Nowhere/At_All"), isZone(7)], [true, false, false]);
});
