import assert from "node:assert/strict";
import { test } from "node:test";

import { mapHref } from "../../web/shared/ui/map_link.js";
import { LocationWatch, locationIn } from "../../web/track/crew_location.js";

const NOW_MS = Date.parse("2026-11-21T12:00:00.000Z");
const HERE = { latitude: 37.775, longitude: -122.42, at: "2026-11-21T11:59:00.000Z" };

/** A watch with a manual clock and timer; `changes` has every change it reported. */
function aWatch(...answers) {
  const scene = { changes: [], asked: 0, timers: [], hidden: false, now_ms: NOW_MS };
  scene.watch = new LocationWatch({
    ask: async () => {
      const answer = answers[Math.min(scene.asked, answers.length - 1)];
      scene.asked += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    now_ms: () => scene.now_ms,
    isHidden: () => scene.hidden,
    onChange: (location) => scene.changes.push(location),
    random: () => 0.5,
    setTimer: (run, wait_ms) => scene.timers.push({ run, wait_ms }),
    clearTimer: () => (scene.timers = []),
  });
  scene.next = async () => scene.timers.shift().run();
  return scene;
}

test("while the job is under way the location is read every 30 seconds", async () => {
  const later = { ...HERE, at: "2026-11-21T12:00:30.000Z" };
  const scene = aWatch(HERE, HERE, later);
  await scene.watch.follow(true);
  await scene.watch.follow(true);
  assert.equal(scene.timers[0].wait_ms, 30_000);
  await scene.next();
  await scene.next();
  assert.equal(scene.asked, 3);
  assert.deepEqual(scene.changes, [HERE, later]);
});

test("after the job the location is removed and not read", async () => {
  const scene = aWatch(HERE);
  await scene.watch.follow(true);
  scene.watch.follow(false);
  assert.deepEqual([scene.changes, scene.timers], [[HERE, null], []]);
});

test("an answer after the end is ignored", async () => {
  const scene = aWatch(HERE);
  const looking = scene.watch.follow(true);
  scene.watch.follow(false);
  await looking;
  assert.deepEqual([scene.changes, scene.timers], [[], []]);
});

test("a crew that stops sharing disappears from the page", async () => {
  const scene = aWatch(HERE, null);
  await scene.watch.follow(true);
  await scene.next();
  assert.deepEqual(scene.changes, [HERE, null]);
});

test("without an answer the last location stays until it is 30 minutes old", async () => {
  const scene = aWatch(HERE, new Error("no answer"));
  await scene.watch.follow(true);
  await scene.next();
  assert.deepEqual(scene.changes, [HERE]);
  scene.now_ms = NOW_MS + 29 * 60_000;
  await scene.next();
  assert.deepEqual(scene.changes, [HERE, null]);
});

test("a hidden page sends no requests", async () => {
  const scene = aWatch(HERE);
  scene.hidden = true;
  await scene.watch.follow(true);
  assert.deepEqual([scene.asked, scene.changes, scene.timers.length], [0, [], 1]);
});

test("an invalid or old location is ignored", () => {
  const wrong = [
    null,
    {},
    { ...HERE, latitude: 91 },
    { ...HERE, longitude: "1" },
    { ...HERE, latitude: null },
    { ...HERE, at: "soon" },
    { ...HERE, at: "2026-11-21T11:30:00.000Z" },
  ];
  assert.deepEqual(
    wrong.map((body) => locationIn(body, NOW_MS)),
    wrong.map(() => null),
  );
  assert.deepEqual(locationIn({ ...HERE, name: "x" }, NOW_MS), HERE);
});

test("the link opens a map on the web", () => {
  const href = mapHref({ latitude: -0.005, longitude: 10 });
  const { origin, searchParams, hash } = new URL(href);
  assert.equal(origin, "https://www.openstreetmap.org");
  assert.deepEqual([searchParams.get("mlat"), searchParams.get("mlon")], ["-0.005", "10.000"]);
  assert.equal(hash, "#map=15/-0.005/10.000");
});
