import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/lib/api.js";
import {
  Booking,
  EMPTY,
  faultsOf,
  linkIn,
  phoneNumber,
  requestOf,
  shownPhone,
} from "../../web/lib/booking.js";
import { DAY_MS, dayInput } from "../../web/lib/time.js";
import { memory } from "./memories.js";

const NOON_MS = new Date(2026, 10, 21, 12).getTime();
const FORM = {
  ...EMPTY,
  name: "Ada Wong",
  phone: "(555) 555-0123",
  address: "12 Harbor Road",
  what: "Sofa",
};
const BOOKED = { job_id: "261121-7k3m2q", tracking_url: "https://haul.example/track/abc" };

test("a phone number becomes E.164, American where no country is given", () => {
  const numbers = [
    "555 555 0123",
    "(555) 555-0123",
    "1-555-555-0123",
    "+1 555 555 0123",
    "+44 20 7946 0018",
    "0044 20 7946 0018",
  ];
  assert.deepEqual(numbers.map(phoneNumber), [
    "+15555550123",
    "+15555550123",
    "+15555550123",
    "+15555550123",
    "+442079460018",
    "+442079460018",
  ]);
  assert.deepEqual(
    ["", "555", "055 555 0123", "+1 555", "call me", "5555550123999"].map(phoneNumber),
    Array(6).fill(null),
  );
});

test("a phone number is shown as it is typed, and numbers of other countries are left in peace", () => {
  assert.deepEqual(
    ["5", "5555", "5555550", "5555550123", "15555550123", "+44 20", "+", ""].map(shownPhone),
    ["(5", "(555) 5", "(555) 555-0", "(555) 555-0123", "(555) 555-0123", "+44 20", "+", ""],
  );
});

test("each field that is wrong has its own message, and a good form none", () => {
  assert.deepEqual(faultsOf(FORM, NOON_MS), {});
  assert.deepEqual(faultsOf({ ...EMPTY, address: "Elm", phone: "12" }, NOON_MS), {
    name: "missing",
    phone: "not_a_phone",
    address: "too_short",
    what: "missing",
  });
});

test("the day is today or later, and today only while the window is not over", () => {
  const fault = (day, window = "any") => faultsOf({ ...FORM, day, window }, NOON_MS).day;
  const day = (days) => dayInput(NOON_MS + days * DAY_MS);
  assert.deepEqual(
    [fault(""), fault(day(0)), fault(day(1), "morning")],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    [fault(day(0), "morning"), fault(day(-1)), fault(day(91)), fault("?")],
    ["past", "past", "too_far", "not_a_day"],
  );
});

test("the request has the window of that day as moments, or none at all", () => {
  const window = requestOf({ ...FORM, day: "2026-11-23", window: "afternoon" });
  assert.equal(window.window_start, new Date(2026, 10, 23, 12).toISOString());
  assert.equal(window.window_end, new Date(2026, 10, 23, 16).toISOString());
  assert.deepEqual(requestOf(FORM), {
    name: "Ada Wong",
    phone: "+15555550123",
    address: "12 Harbor Road",
    what: "Sofa",
    language: "en",
  });
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

test("a booking without an answer keeps its key and its very request, also over a reload", async () => {
  const { device, booking } = aBooking();
  const lost = apiWith(new NoAnswer("unreachable"));
  await assert.rejects(booking.send(booking.prepare(FORM, NOON_MS), lost), NoAnswer);
  const reloaded = new Booking({ device, tab: memory() });
  const found = apiWith(BOOKED);
  assert.deepEqual(await reloaded.send(reloaded.unanswered(NOON_MS), found), BOOKED);
  assert.deepEqual(found.sent, lost.sent);
  assert.equal(reloaded.unanswered(NOON_MS), null);
});

test("after a refusal nothing was booked: the next try has a key of its own", async () => {
  const { booking } = aBooking();
  const refusing = apiWith(new Problem(422, { detail: "no" }));
  await assert.rejects(booking.send(booking.prepare(FORM, NOON_MS), refusing), Problem);
  assert.equal(booking.unanswered(NOON_MS), null);
  assert.equal(booking.prepare(FORM, NOON_MS).key, "key-2");
});

test("trouble and too many requests are no refusal", async () => {
  for (const status of [429, 500, 503]) {
    const { booking } = aBooking();
    await assert.rejects(
      booking.send(booking.prepare(FORM, NOON_MS), apiWith(new Problem(status, {}))),
    );
    assert.equal(booking.unanswered(NOON_MS).key, "key-1");
  }
});

test("once booked, draft and key are gone from the device and the link stays in the tab", async () => {
  const { device, booking } = aBooking();
  booking.keepDraft(FORM, NOON_MS);
  await booking.send(booking.prepare(FORM, NOON_MS), apiWith({ ...BOOKED, tracking_token: "t" }));
  assert.deepEqual(device.all(), {});
  assert.deepEqual(booking.booked(), BOOKED);
});

test("a draft is kept for a day, and rubbish in the storage is no draft", () => {
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
