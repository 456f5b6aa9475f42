import assert from "node:assert/strict";
import { test } from "node:test";

import { newsIn, newsText, textsIn } from "../../web/dispatch/state/board_news.js";
import { aCard, at } from "./flows.js";

const card = (rev, customer_act, more = {}) => aCard({ rev, customer_act, ...more });
const acts = (known, cards) => newsIn(known, cards).map(({ act }) => act);

test("a booking, a cancellation, another time, a message, and a photo are news once", () => {
  const booked = card(1, "booked");
  assert.deepEqual(acts([], [booked]), ["booked"]);
  assert.deepEqual(acts([booked], [booked]), []);
  assert.deepEqual(acts([booked], [card(2, "cancelled")]), ["cancelled"]);
  const wrote = card(2, "wrote", { notes: 1 });
  assert.deepEqual(acts([booked], [wrote]), ["wrote"]);
  assert.deepEqual(acts([wrote], [card(3, "wrote", { notes: 2 })]), ["wrote"]);
  assert.deepEqual(acts([wrote], [card(3, "photographed", { notes: 1 })]), ["photographed"]);
  const moved = card(2, "rescheduled", { schedule: { window_start: at(60) } });
  assert.deepEqual(acts([booked], [moved]), ["rescheduled"]);
  assert.deepEqual(acts([moved], [card(3, "rescheduled", { schedule: { window_start: at(90) } })]), ["rescheduled"]);
  const asked = card(2, "asked_again", { schedule: { window_start: at(60) } });
  assert.deepEqual(acts([booked], [asked]), ["asked_again"]);
  assert.deepEqual(acts([asked], [card(3, "asked_again", { schedule: { window_start: at(90) } })]), ["asked_again"]);
});

test("what the office or the system did is no news", () => {
  const wrote = card(2, "wrote", { notes: 1 });
  assert.deepEqual(acts([], [card(1)]), []);
  assert.deepEqual(acts([wrote], [card(3, undefined, { notes: 2 })]), []);
  assert.deepEqual(acts([wrote], [card(3, "wrote", { notes: 1 })]), []);
});

test("news name the customer", () => {
  const [booked] = newsIn([], [card(1, "booked")]);
  assert.equal(newsText(booked), "New booking: Ada Wong");
});

const talk = (unread, more = {}) => ({ conversation: "c1", unread, phone_end: "0123", ...more });

test("a message of a number without a job is news once, and so is the next one", () => {
  const [news] = textsIn([], [talk(1)], []);
  assert.equal(newsText(news), "Message from a number ending in 0123");
  assert.equal(news.conversation, "c1");
  assert.deepEqual(textsIn([talk(1)], [talk(1)], []), []);
  assert.equal(textsIn([talk(1)], [talk(2)], []).length, 1);
  assert.deepEqual(textsIn([talk(2)], [talk(0)], []), []);
});

test("a message about a job on the board is told by its card alone", () => {
  const shown = card(1, undefined);
  assert.deepEqual(textsIn([], [talk(1, { job_id: shown.job_id })], [shown]), []);
  assert.equal(textsIn([], [talk(1, { job_id: "261121-gone00" })], [shown]).length, 1);
});
