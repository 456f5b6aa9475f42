import assert from "node:assert/strict";
import { test } from "node:test";

import { RefreshTimer, clockAheadMs } from "../../web/shared/api/refresh_timer.js";

const MIDDLE = { random: () => 0.5 };

function answeredTimer(outcome = "fresh") {
  const timer = new RefreshTimer(0, MIDDLE);
  timer.asked(0);
  timer.answered(outcome, 100);
  return timer;
}

test("the first poll is at once, then every five seconds", () => {
  const timer = new RefreshTimer(0, MIDDLE);
  assert.equal(timer.due_ms(0), 0);
  timer.asked(0);
  assert.equal(timer.due_ms(50), null);
  timer.answered("fresh", 100);
  assert.equal(timer.due_ms(100), 5_000);
  assert.deepEqual(timer.state, { kind: "current", checked_at_ms: 0, failures: 0 });
});

test("the age counts from the request, not from the answer", () => {
  const timer = new RefreshTimer(0, MIDDLE);
  timer.asked(1_000);
  timer.answered("fresh", 4_000);
  assert.equal(timer.state.checked_at_ms, 1_000);
});

test("a hidden page does not poll, and polls at once when it is visible again", () => {
  const timer = answeredTimer();
  timer.signal("hidden", 200);
  assert.equal(timer.due_ms(60_000), null);
  timer.signal("visible", 60_000);
  assert.equal(timer.due_ms(60_000), 0);
});

test("offline is its own state, and coming online polls at once", () => {
  const timer = answeredTimer();
  timer.signal("offline", 200);
  assert.equal(timer.state.kind, "offline");
  assert.equal(timer.due_ms(9_000), null);
  timer.signal("online", 9_000);
  assert.equal(timer.state.kind, "current");
  assert.equal(timer.due_ms(9_000), 0);
});

test("failures slow polling down to once a minute and obey Retry-After", () => {
  const timer = new RefreshTimer(0, MIDDLE);
  const waits = [];
  for (let at_ms = 0, tries = 0; tries < 6; tries += 1) {
    timer.asked(at_ms);
    timer.answered({ retry_after_ms: 0 }, at_ms);
    waits.push(timer.due_ms(at_ms));
    at_ms += timer.due_ms(at_ms);
  }
  assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  assert.equal(answeredTimer({ retry_after_ms: 30_000 }).due_ms(100), 30_000);
});

test("after a failure the data keeps its age", () => {
  const timer = answeredTimer();
  timer.asked(5_000);
  timer.answered({}, 5_100);
  assert.deepEqual(timer.state, { kind: "trouble", checked_at_ms: 0, failures: 1 });
});

test("a nudge polls soon, but not twice within a second", () => {
  const timer = answeredTimer();
  timer.signal("nudge", 300);
  assert.equal(timer.due_ms(300), 700);
  timer.asked(1_000);
  timer.signal("nudge", 1_050);
  timer.answered("fresh", 1_100);
  assert.equal(timer.due_ms(1_100), 900);
});

test("a hint polls at once, but not twice within a second", () => {
  const timer = answeredTimer();
  timer.signal("hint", 2_000);
  assert.equal(timer.due_ms(2_000), 0);
  timer.asked(2_000);
  timer.answered("fresh", 2_100);
  timer.signal("hint", 2_200);
  assert.equal(timer.due_ms(2_200), 800);
});

test("a hint during a request brings another, because the answer may be older", () => {
  const timer = answeredTimer();
  timer.asked(5_000);
  timer.signal("hint", 5_050);
  timer.answered("fresh", 5_100);
  assert.equal(timer.due_ms(5_100), 900);
});

test("after a failure hints do not hurry the page", () => {
  const timer = answeredTimer({ retry_after_ms: 30_000 });
  timer.signal("hint", 2_100);
  assert.equal(timer.due_ms(2_100), 28_000);
});

test("an expired session stops polling until someone signs in", () => {
  const timer = answeredTimer("signed_out");
  assert.equal(timer.state.kind, "signed_out");
  assert.equal(timer.due_ms(99_000), null);
  timer.signal("signed_in", 99_000);
  assert.equal(timer.due_ms(99_000), 0);
});

test("the server's clock is used if ours is clearly wrong", () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  assert.equal(clockAheadMs(date, Date.parse(date) - 3_600_000), 3_600_000);
  assert.equal(clockAheadMs(date, Date.parse(date) - 2_000), 0);
  assert.equal(clockAheadMs(null, 0), 0);
});

test("a request that began before the connection came back is repeated if it fails", () => {
  const timer = answeredTimer();
  timer.signal("offline", 4_000);
  timer.signal("online", 4_100);
  timer.asked(4_100);
  timer.signal("offline", 4_200);
  timer.signal("online", 4_300);
  timer.answered({ retry_after_ms: 0 }, 4_400);
  assert.equal(timer.due_ms(4_400), 700);
  timer.asked(5_100);
  timer.answered({ retry_after_ms: 0 }, 5_200);
  assert.equal(timer.due_ms(5_200), 10_000);
});

test("a page can set its own interval", () => {
  const timer = new RefreshTimer(0, { ...MIDDLE, interval_ms: 15_000 });
  timer.asked(0);
  timer.answered("fresh", 0);
  assert.equal(timer.due_ms(0), 15_000);
});
