// The reader in JavaScript: the scenarios of tracking/scenarios/, first on `Reader`, then with
// `follow` in a fake browser; then what only the browser has.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import test from "node:test";

import {
  browserMemory,
  createClock,
  digestOf,
  follow,
  linkOf,
} from "../../web/shared/reader/browser_reader.js";
import { ageMs, KINDS, sameShown } from "../../web/shared/reader/display.js";
import { Reader } from "../../web/shared/reader/reader.js";
import {
  answerIn,
  answersOf,
  askedInTrace,
  EPOCH_MS,
  memoryTextOf,
  mulberry32,
  play,
  policyOf,
  randomOf,
  scenarioFiles,
  shownInTrace,
  TAKES_MS,
  viewOf,
} from "./scenario_player.js";

const TOKEN = "Zm9ybTI2cmFuZG9tYml0cw";
const PAGE = `https://haul.example/track/${TOKEN}`;
const DIGEST = createHash("sha256").update(TOKEN).digest("hex").slice(0, 32);
const SOURCES = {
  [`https://haul.example/t/${DIGEST}.json`]: "edge",
  [`https://haul.example/api/track/${DIGEST}`]: "api",
};

/** A browser whose time passes only when `run` says so. */
class FakeBrowser {
  now_ms = 0;
  trace = [];
  stored = new Map();
  document = Object.assign(new EventTarget(), { hidden: false });
  window = new EventTarget();
  navigator = { onLine: true };
  #timers = new Map();
  #lastTimer = 0;
  #answers;

  constructor(scenario) {
    this.#answers = answersOf(scenario);
    const text = memoryTextOf(scenario);
    if (text !== null) this.stored.set(`haulway.view.${DIGEST}`, text);
  }

  get options() {
    const { document, window, navigator } = this;
    return {
      document,
      window,
      navigator,
      clock: () => EPOCH_MS + this.now_ms,
      memory: { get: (key) => this.stored.get(key) ?? null, set: (k, v) => this.stored.set(k, v) },
      fetch: (url, options) => this.#fetch(url, options),
      setTimer: (act, ms) => this.#setTimer(act, ms),
      clearTimer: (timer) => this.#timers.delete(timer),
      listen: (channel, onHint, signal) => this.#listen(channel, onHint, signal),
      onShown: (shown) => this.trace.push(shownInTrace(shown, this.now_ms)),
      onStopped: () => this.trace.push({ at_ms: this.now_ms, stop: true }),
    };
  }

  #listen(channel, onHint, signal) {
    this.channel = channel;
    this.hint = (rev) => signal.aborted || onHint(rev);
  }

  take({ signal, hint }) {
    if (signal === undefined) this.hint?.(hint);
    else this.signal(signal);
  }

  signal(name) {
    if (name === "hidden" || name === "visible") {
      this.document.hidden = name === "hidden";
      this.document.dispatchEvent(new Event("visibilitychange"));
    } else {
      this.navigator.onLine = name === "online";
      this.window.dispatchEvent(new Event(name));
    }
  }

  /** Let timers and `signals` come in the order of their times. */
  async run(until_ms, signals = [], act = (line) => this.take(line)) {
    for (;;) {
      await settled();
      const [timer, next] = this.#nextTimer();
      const signal = signals[0];
      const at_ms = Math.min(next?.at_ms ?? Infinity, signal?.at_ms ?? Infinity);
      if (at_ms > until_ms || at_ms === Infinity) return;
      this.now_ms = at_ms;
      if (next?.at_ms === at_ms) {
        this.#timers.delete(timer);
        next.act();
      } else act(signals.shift());
    }
  }

  #nextTimer() {
    const soonest = (one, other) => (other[1].at_ms < one[1].at_ms ? other : one);
    return [...this.#timers].reduce(soonest, [null, { at_ms: Infinity }]);
  }

  #setTimer(act, ms) {
    this.#lastTimer += 1;
    this.#timers.set(this.#lastTimer, { act, at_ms: this.now_ms + ms });
    return this.#lastTimer;
  }

  #fetch(url, { headers, signal }) {
    const [address, rev] = url.split("?rev=");
    const hinted = rev === undefined ? null : Number(rev);
    this.trace.push(askedInTrace(SOURCES[address], headers, this.now_ms, hinted));
    const line = this.#answers.next().value;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (line.fails === "timeout") return;
      const answer = () => resolve(response(line));
      const refuse = () => reject(new TypeError("no network"));
      this.#setTimer(line.fails ? refuse : answer, line.takes_ms ?? TAKES_MS);
    });
  }
}

function response(line) {
  const { status, headers, body } = answerIn(line);
  return { status, headers: new Map(Object.entries(headers)), text: async () => body };
}

/** Everything that promises have left to do is done. */
function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

async function followed(scenario) {
  const browser = new FakeBrowser(scenario);
  const signals = [...(scenario.signals ?? [])];
  while (signals[0]?.at_ms === 0) browser.take(signals.shift());
  const policy = policyOf(scenario);
  const following = await follow(PAGE, { ...browser.options, policy, random: randomOf(scenario) });
  const act = (line) => (line.signal === "retry" ? following.retry() : browser.take(line));
  await browser.run(scenario.until_ms ?? Infinity, signals, act);
  following.stop();
  return browser.trace;
}

for (const [file, scenarios] of scenarioFiles()) {
  test(`${file}: the reader leaves the recorded traces`, async (t) => {
    for (const scenario of scenarios) {
      await t.test(scenario.name, () => assert.deepEqual(play(scenario), scenario.trace));
    }
  });
  test(`${file}: so does following in a browser`, async (t) => {
    for (const scenario of scenarios) {
      await t.test(scenario.name, async () =>
        assert.deepEqual(await followed(scenario), scenario.trace),
      );
    }
  });
}

test("the scenarios show every kind", () => {
  const lines = scenarioFiles().flatMap(([, scenarios]) => scenarios.flatMap((one) => one.trace));
  const shown = new Set(lines.filter((line) => line.show).map((line) => line.show));
  assert.deepEqual([...shown].sort(), [...KINDS].sort());
});

test("the random generator gives the known numbers for its seed", () => {
  const random = mulberry32(0);
  const numbers = Array.from({ length: 3 }, () => random() * 2 ** 32);
  assert.deepEqual(numbers, [1144304738, 1416247, 958946056]);
});

test("no token is sent, stored, or shown", async () => {
  const browser = new FakeBrowser({ answers: [{ status: 200, view: {}, times: "forever" }] });
  const seen = [];
  const fetch = (url, options) => {
    seen.push(url, options.headers);
    return browser.options.fetch(url, options);
  };
  const onShown = (shown) => seen.push(shown);
  const following = await follow(PAGE, { ...browser.options, fetch, onShown });
  await browser.run(30_000);
  following.stop();
  assert.ok(seen.length > 6);
  assert.ok(!JSON.stringify([seen, [...browser.stored]]).includes(TOKEN));
});

test("an address without a token is not found, without a request", async () => {
  for (const path of ["/track/", "/track/short", `/track/${TOKEN}A`, `/track/${TOKEN}/more`, "/"]) {
    const browser = new FakeBrowser({ answers: [] });
    const following = await follow(`https://haul.example${path}`, browser.options);
    following.retry();
    await browser.run(1_000);
    const expected = [{ at_ms: 0, show: "not_found" }, { at_ms: 0, stop: true }];
    assert.deepEqual(browser.trace, expected);
  }
});

test("a link has two addresses with the token's digest", async () => {
  assert.equal(await digestOf(TOKEN), DIGEST);
  for (const tail of ["", "/", "?lang=es", "#now"]) {
    const { edge, api } = await linkOf(PAGE + tail);
    assert.deepEqual([SOURCES[edge], SOURCES[api]], ["edge", "api"]);
  }
});

test("after stop() nothing is requested or shown, not even a pending answer", async () => {
  const browser = new FakeBrowser({ answers: [{ status: 200, view: {}, times: "forever" }] });
  const following = await follow(PAGE, browser.options);
  following.stop();
  browser.signal("hidden");
  browser.signal("visible");
  following.retry();
  await browser.run(60_000);
  assert.deepEqual(browser.trace, [{ at_ms: 0, show: "asking" }, { at_ms: 0, get: "edge" }]);
});

test("two tabs share a storage, and its rev never decreases", async () => {
  const answers = [{ status: 200, view: { rev: 7 }, times: "forever" }];
  const browser = new FakeBrowser({ answers });
  const key = `haulway.view.${DIGEST}`;
  const other = { view: viewOf({ rev: 9 }), etag: null, checked_at_ms: EPOCH_MS };
  const following = await follow(PAGE, browser.options);
  await browser.run(5_000);
  assert.equal(JSON.parse(browser.stored.get(key)).view.rev, 7);
  browser.stored.set(key, JSON.stringify(other));
  await browser.run(30_000);
  following.stop();
  assert.deepEqual(JSON.parse(browser.stored.get(key)), other);
});

test("a browser that forbids storage stores nothing", () => {
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() {
      throw new Error("forbidden");
    },
  });
  const memory = browserMemory();
  memory.set("key", "text");
  assert.equal(memory.get("key"), null);
  delete globalThis.localStorage;
  assert.equal(memory.get("key"), null);
});

test("a clock starts with the wall time, is steady, and adds the time asleep", () => {
  let wall = 1_000_000;
  let steady = 50;
  const clock = createClock(() => wall, () => steady);
  [wall, steady] = [1_005_000, 5_050];
  assert.equal(clock(), 1_005_000);
  [wall, steady] = [400_000, 6_050];
  assert.equal(clock(), 1_006_000, "the wall clock was set back");
  [wall, steady] = [4_606_000, 7_050];
  assert.equal(clock(), 4_606_000, "the device slept for an hour");
});

test("an age counts from the check and is never negative", () => {
  assert.equal(ageMs({ checked_at_ms: 5_000 }, 9_000), 4_000);
  assert.equal(ageMs({ checked_at_ms: 5_000 }, 4_000), 0);
  assert.equal(ageMs({ checked_at_ms: null }, 4_000), null);
});

test("states are equal regardless of the order of their fields", () => {
  assert.ok(sameShown({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }));
  assert.ok(!sameShown({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(!sameShown({ a: [1, 2] }, { a: [2, 1] }));
  assert.ok(!sameShown({ a: null }, null));
});

test("an answer without a request is an error", () => {
  assert.throws(() => new Reader(EPOCH_MS).receive(null, EPOCH_MS), /call step/);
});

test("with real requests: found, unchanged, redirected, ended", { timeout: 10_000 }, async () => {
  const asked = [];
  const server = createServer((request, answer) => {
    asked.push([request.url, request.headers["if-none-match"] ?? null]);
    const view = (rev, terminal) => JSON.stringify(viewOf({ rev, terminal, poll_s: 0 }));
    if (asked.length === 1) answer.writeHead(200, { ETag: '"7"' }).end(view(7, false));
    else if (asked.length === 2) answer.writeHead(304).end();
    else if (asked.length === 3) answer.writeHead(302, { Location: "/elsewhere" }).end();
    else answer.writeHead(200, { Age: "1" }).end(view(8, true));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const shown = [];
  await new Promise((resolve) => {
    follow(`http://127.0.0.1:${port}/track/${TOKEN}`, {
      policy: { poll_min_s: 0.01, trouble_cap_s: 0 },
      onShown: ({ kind, reason, view }) => shown.push([kind, reason, view?.rev ?? null]),
      onStopped: resolve,
    });
  });
  await new Promise((resolve) => server.close(resolve));
  const path = `/t/${DIGEST}.json`;
  assert.deepEqual(asked, [[path, null], [path, '"7"'], [path, '"7"'], [path, '"7"']]);
  const last = shown.filter(([kind], at) => kind !== shown[at - 1]?.[0]);
  assert.deepEqual(last, [
    ["asking", null, null],
    ["current", null, 7],
    ["trouble", "bad_answer", 7],
    ["current", null, 8],
  ]);
});
