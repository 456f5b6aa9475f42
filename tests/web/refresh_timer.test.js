import assert from "node:assert/strict";
import { test } from "node:test";

import { RefreshTimer, clockAheadMs } from "../../web/shared/api/refresh_timer.js";

const MIDDLE = { random: () => 0.5 };

function answeredFeed(outcome = "fresh") {
  const feed = new RefreshTimer(0, MIDDLE);
  feed.asked(0);
  feed.answered(outcome, 100);
  return feed;
}

test("the board is asked for at once and then every five seconds", () => {
  const feed = new RefreshTimer(0, MIDDLE);
  assert.equal(feed.due_ms(0), 0);
  feed.asked(0);
  assert.equal(feed.due_ms(50), null);
  feed.answered("fresh", 100);
  assert.equal(feed.due_ms(100), 5_000);
  assert.deepEqual(feed.state, { kind: "current", checked_at_ms: 0, failures: 0 });
});

test("the age counts from the question, not from the answer", () => {
  const feed = new RefreshTimer(0, MIDDLE);
  feed.asked(1_000);
  feed.answered("unchanged", 4_000);
  assert.equal(feed.state.checked_at_ms, 1_000);
});

test("a hidden page asks nothing, and asks at once when it is seen again", () => {
  const feed = answeredFeed();
  feed.signal("hidden", 200);
  assert.equal(feed.due_ms(60_000), null);
  feed.signal("visible", 60_000);
  assert.equal(feed.due_ms(60_000), 0);
});

test("offline is its own state, and the connection coming back asks at once", () => {
  const feed = answeredFeed();
  feed.signal("offline", 200);
  assert.equal(feed.state.kind, "offline");
  assert.equal(feed.due_ms(9_000), null);
  feed.signal("online", 9_000);
  assert.equal(feed.state.kind, "current");
  assert.equal(feed.due_ms(9_000), 0);
});

test("trouble slows down up to a minute and obeys Retry-After", () => {
  const feed = new RefreshTimer(0, MIDDLE);
  const waits = [];
  for (let at_ms = 0, tries = 0; tries < 6; tries += 1) {
    feed.asked(at_ms);
    feed.answered({ retry_after_ms: 0 }, at_ms);
    waits.push(feed.due_ms(at_ms));
    at_ms += feed.due_ms(at_ms);
  }
  assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  assert.equal(answeredFeed({ retry_after_ms: 30_000 }).due_ms(100), 30_000);
});

test("data shown before trouble keeps its age", () => {
  const feed = answeredFeed();
  feed.asked(5_000);
  feed.answered({}, 5_100);
  assert.deepEqual(feed.state, { kind: "trouble", checked_at_ms: 0, failures: 1 });
});

test("a nudge asks soon, but not twice within a second", () => {
  const feed = answeredFeed();
  feed.signal("nudge", 300);
  assert.equal(feed.due_ms(300), 700);
  feed.asked(1_000);
  feed.signal("nudge", 1_050);
  feed.answered("unchanged", 1_100);
  assert.equal(feed.due_ms(1_100), 900);
});

test("a session that has ended stops asking until someone signs in", () => {
  const feed = answeredFeed("signed_out");
  assert.equal(feed.state.kind, "signed_out");
  assert.equal(feed.due_ms(99_000), null);
  feed.signal("signed_in", 99_000);
  assert.equal(feed.due_ms(99_000), 0);
});

test("the server's clock counts where ours is clearly wrong", () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  assert.equal(clockAheadMs(date, Date.parse(date) - 3_600_000), 3_600_000);
  assert.equal(clockAheadMs(date, Date.parse(date) - 2_000), 0);
  assert.equal(clockAheadMs(null, 0), 0);
});

test("a question that was on its way when the connection came back may fail: it is asked again", () => {
  const feed = answeredFeed();
  feed.signal("offline", 4_000);
  feed.signal("online", 4_100);
  feed.asked(4_100);
  feed.signal("offline", 4_200);
  feed.signal("online", 4_300);
  feed.answered({ retry_after_ms: 0 }, 4_400);
  assert.equal(feed.due_ms(4_400), 700);
  feed.asked(5_100);
  feed.answered({ retry_after_ms: 0 }, 5_200);
  assert.equal(feed.due_ms(5_200), 10_000);
});

test("a page that needs it less often says so", () => {
  const feed = new RefreshTimer(0, { ...MIDDLE, interval_ms: 15_000 });
  feed.asked(0);
  feed.answered("fresh", 0);
  assert.equal(feed.due_ms(0), 15_000);
});
