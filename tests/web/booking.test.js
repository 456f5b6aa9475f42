import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import {
  Booking,
  EMPTY,
  faultsOf,
  includesThing,
  linkIn,
  requestOf,
  toggled,
} from "../../web/shared/jobs/booking.js";
import { businessIn } from "../../web/shared/jobs/business.js";
import { isExpected } from "../../web/shared/jobs/recent_bookings.js";
import { DAY_MS, MINUTE_MS } from "../../web/shared/ui/time.js";
import { memory } from "./fake_storage.js";

const BUSINESS = businessIn({ name: "Haul & Co", time_zone: "America/New_York" });
const TOKYO = businessIn({ name: "Haul & Co", time_zone: "Asia/Tokyo" });
const NOON_MS = Date.parse("2026-11-21T17:00:00Z");
const FORM = {
  ...EMPTY,
  name: "Ada Wong",
  phone: "(555) 555-0123",
  address: "12 Harbor Road",
  what: "Sofa",
};
const BOOKED = { job_id: "261121-7k3m2q", tracking_url: "https://haul.example/track/abc" };

test("each wrong field has its own message, and a correct form has none", () => {
  assert.deepEqual(faultsOf(FORM, NOON_MS, BUSINESS), {});
  assert.deepEqual(faultsOf({ ...EMPTY, address: "Elm", phone: "12" }, NOON_MS, BUSINESS), {
    name: "missing",
    phone: "not_a_phone",
    address: "too_short",
    what: "missing",
  });
});

test("the day is today or later in the business's zone, and today only until its window ends", () => {
  const fault = (day, window = "16:00-19:00") => faultsOf({ ...FORM, day, window }, NOON_MS, BUSINESS).day;
  assert.deepEqual(
    [fault(""), fault("2026-11-21"), fault("2026-11-22", "08:00-12:00")],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    [fault("2026-11-21", "08:00-12:00"), fault("2026-11-20"), fault("2027-02-20"), fault("?")],
    ["past", "past", "too_far", "not_a_day"],
  );
});

test("the request has the window of that day in the business's zone, wherever the device is", () => {
  const form = { ...FORM, day: "2026-11-23", window: "12:00-16:00" };
  const { window_start, window_end } = requestOf(form, BUSINESS);
  assert.deepEqual(
    [window_start, window_end],
    ["2026-11-23T17:00:00.000Z", "2026-11-23T21:00:00.000Z"],
  );
  assert.equal(requestOf(form, TOKYO).window_start, "2026-11-23T03:00:00.000Z");
  assert.deepEqual(requestOf(FORM, BUSINESS), {
    name: "Ada Wong",
    phone: "+15555550123",
    address: "12 Harbor Road",
    what: "Sofa",
    language: "en",
    consent_wording: "booking-1",
  });
});

test("a day that is full is asked for without a window", () => {
  const form = { ...FORM, day: "2026-11-23", window: "any" };
  assert.equal(faultsOf(form, NOON_MS, BUSINESS).day, undefined);
  assert.equal(faultsOf({ ...form, day: "2026-11-20" }, NOON_MS, BUSINESS).day, "past");
  const { preferred_day, window_start } = requestOf(form, BUSINESS);
  assert.deepEqual([preferred_day, window_start], ["2026-11-23", undefined]);
});

test("a name of spaces and invisible characters is missing", () => {
  const name = (text) => faultsOf({ ...FORM, name: text }, NOON_MS, BUSINESS).name;
  assert.deepEqual(["  ", "\u200b", "\u202e", "李"].map(name), [
    "missing",
    "missing",
    "missing",
    undefined,
  ]);
});

test("a second tap removes a thing from the list, and typed text stays", () => {
  const twice = toggled(toggled("Sofa", "Mattress"), "Mattress");
  assert.deepEqual([toggled("Sofa", "Mattress"), twice], ["Sofa, mattress", "Sofa"]);
  assert.equal(toggled("an old mattress", "Mattress"), "an old mattress, mattress");
  assert.deepEqual([toggled("Mattress", "Mattress"), toggled("", "Sofa")], ["", "Sofa"]);
  assert.equal(includesThing("sofa,  MATTRESS", "Mattress"), true);
});

function aBooking() {
  const device = memory();
  const keys = ["key-1", "key-2"];
  return { device, booking: new Booking({ device, tab: memory(), newKey: () => keys.shift() }) };
}

/** An api that records what it was sent and answers, or raises. */
function apiWith(outcome) {
  const sent = [];
  const ask = async (method, path, options) => {
    sent.push({ path, key: options.headers["idempotency-key"], body: options.body });
    if (outcome instanceof Error) throw outcome;
    return { body: outcome };
  };
  return { sent, ask };
}

test("an unanswered booking keeps its key and its request, even after a reload", async () => {
  const { device, booking } = aBooking();
  const lost = apiWith(new NoAnswer("unreachable"));
  await assert.rejects(booking.send(booking.prepare(FORM, NOON_MS, BUSINESS), lost), NoAnswer);
  const reloaded = new Booking({ device, tab: memory() });
  const found = apiWith(BOOKED);
  const sending = reloaded.unanswered(NOON_MS);
  assert.deepEqual(await reloaded.send(sending, found), { ...BOOKED, request: sending.request });
  assert.deepEqual(found.sent, lost.sent);
  assert.equal(reloaded.unanswered(NOON_MS), null);
});

test("after a refusal nothing was booked, so the next request has a new key", async () => {
  const { booking } = aBooking();
  const refusing = apiWith(new Problem(422, { detail: "no" }));
  await assert.rejects(booking.send(booking.prepare(FORM, NOON_MS, BUSINESS), refusing), Problem);
  assert.equal(booking.unanswered(NOON_MS), null);
  assert.equal(booking.prepare(FORM, NOON_MS, BUSINESS).key, "key-2");
});

test("server errors and too many requests are not refusals", async () => {
  for (const status of [429, 500, 503]) {
    const { booking } = aBooking();
    await assert.rejects(
      booking.send(booking.prepare(FORM, NOON_MS, BUSINESS), apiWith(new Problem(status, {}))),
    );
    assert.equal(booking.unanswered(NOON_MS).key, "key-1");
  }
});

test("after the booking, draft and key are removed from the device, and the link stays in the tab", async () => {
  const { device, booking } = aBooking();
  booking.keepDraft(FORM, NOON_MS);
  await booking.send(booking.prepare(FORM, NOON_MS, BUSINESS), apiWith({ ...BOOKED, tracking_token: "t" }));
  const kept = Object.keys(device.all()).filter((name) => name.startsWith("haulway.booking"));
  assert.deepEqual(kept, []);
  const request = { ...requestOf(FORM, BUSINESS), tenant: "main" };
  assert.deepEqual(booking.booked(), { ...BOOKED, request });
  assert.equal(await isExpected(device, "t", NOON_MS + MINUTE_MS), true);
  assert.equal(await isExpected(device, "t", NOON_MS + DAY_MS), false);
  assert.equal(await isExpected(device, "another", NOON_MS), false);
});

test("a draft is kept for a day, and invalid text in the storage is ignored", () => {
  const { device, booking } = aBooking();
  booking.keepDraft(FORM, NOON_MS);
  assert.deepEqual(booking.draft(NOON_MS + DAY_MS - 1), FORM);
  assert.equal(booking.draft(NOON_MS + DAY_MS), null);
  device.set("haulway.booking.draft", "{");
  assert.equal(booking.draft(NOON_MS), null);
});

test("only a web address becomes a link", () => {
  assert.equal(linkIn(BOOKED, "https://haul.example"), BOOKED.tracking_url);
  assert.equal(linkIn({ tracking_url: "javascript:alert(1)" }, "https://haul.example"), null);
});
