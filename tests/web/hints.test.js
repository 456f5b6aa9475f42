// Listening for hints: when there is a connection, and what is taken from it.

import assert from "node:assert/strict";
import test from "node:test";

import { listenOn } from "../../web/shared/api/hints.js";

const CHANNEL = "a".repeat(32);
const SETTINGS = { host: "push.example", api_key: "da2-key" };

/** A browser whose timers fire when told; `sockets` are those that the page has opened. */
class FakePage {
  document = Object.assign(new EventTarget(), { hidden: false });
  window = new EventTarget();
  navigator = { onLine: true };
  sockets = [];
  heard = [];
  waits = [];
  asked = 0;
  now_ms = 0;
  answer = { status: 200, json: async () => SETTINGS };
  #timer = null;

  listen() {
    const { document, window, navigator } = this;
    const ended = new AbortController();
    listenOn(CHANNEL, (rev) => this.heard.push(rev), ended.signal, {
      document,
      window,
      navigator,
      origin: "https://haul.example",
      random: () => 1,
      clock: () => this.now_ms,
      fetch: async () => {
        this.asked += 1;
        return this.answer;
      },
      open: (url, protocols) => this.#open(url, protocols),
      setTimer: (act, ms) => {
        this.#timer = act;
        this.waits.push(ms);
        return act;
      },
      clearTimer: (timer) => {
        if (timer === this.#timer) this.#timer = null;
      },
    });
    return { stop: () => ended.abort() };
  }

  #open(url, protocols) {
    const socket = { url, protocols, sent: [], closed: false };
    socket.send = (text) => socket.sent.push(JSON.parse(text));
    socket.close = () => (socket.closed = true);
    this.sockets.push(socket);
    return socket;
  }

  /** The timer that is set fires, and everything that follows is done. */
  async pass() {
    const act = this.#timer;
    this.#timer = null;
    act?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get socket() {
    return this.sockets.at(-1);
  }

  get open() {
    return this.sockets.filter((socket) => !socket.closed).length;
  }

  receive(message) {
    this.socket.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  drop() {
    this.socket.closed = true;
    this.socket.onclose({});
  }

  show(hidden) {
    this.document.hidden = hidden;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
}

async function subscribed() {
  const page = new FakePage();
  const listening = page.listen();
  await page.pass();
  page.socket.onopen({});
  page.receive({ type: "connection_ack", connectionTimeoutMs: 300_000 });
  return { page, listening };
}

test("a page connects to its own origin and subscribes to its one channel", async () => {
  const { page } = await subscribed();
  assert.equal(page.socket.url, "wss://haul.example/event/realtime");
  const [init, subscribe] = page.socket.sent;
  assert.deepEqual(init, { type: "connection_init" });
  assert.equal(subscribe.channel, `/hints/${CHANNEL}`);
  const header = page.socket.protocols[1].replace("header-", "");
  const known = JSON.parse(Buffer.from(header, "base64url").toString());
  assert.deepEqual(known, { host: "push.example", "x-api-key": "da2-key" });
});

test("a rev is passed on as it came, one or several in a message", async () => {
  const { page } = await subscribed();
  page.receive({ type: "data", id: "1", event: '{"rev": 8}' });
  page.receive({ type: "data", id: "1", event: ['{"rev": 9}', '{"rev": 10}'] });
  assert.deepEqual(page.heard, [8, 9, 10]);
});

test("garbage stops nothing", async () => {
  const { page } = await subscribed();
  for (const message of ["", "[", "null", "7", { type: 5 }, { type: "data" }, { type: "ka" }]) {
    page.receive(message);
  }
  page.receive({ type: "data", event: "{" });
  page.receive({ type: "data", event: '{"rev": 8}' });
  assert.deepEqual(page.heard.filter((rev) => rev !== undefined), [8]);
  assert.equal(page.open, 1);
});

test("a hidden page has no connection, and one that comes back has one", async () => {
  const { page } = await subscribed();
  page.show(true);
  assert.equal(page.open, 0);
  page.show(false);
  await page.pass();
  assert.equal(page.open, 1);
});

test("a page that was hidden while it asked for the settings opens no connection", async () => {
  const page = new FakePage();
  page.listen();
  const passing = page.pass();
  page.show(true);
  await passing;
  assert.equal(page.sockets.length, 0);
});

test("after the end there is no connection and no timer", async () => {
  const { page, listening } = await subscribed();
  listening.stop();
  page.show(true);
  page.show(false);
  await page.pass();
  assert.equal(page.open, 0);
});

test("a site without a push service is asked once", async () => {
  const page = new FakePage();
  page.answer = { status: 403 };
  page.listen();
  await page.pass();
  page.show(true);
  page.show(false);
  await page.pass();
  assert.equal(page.asked, 1);
});

test("a connection that flaps is tried again ever later, up to two minutes", async () => {
  const { page } = await subscribed();
  page.waits.length = 0;
  const pauses = [];
  for (let round = 0; round < 10; round += 1) {
    page.drop();
    pauses.push(page.waits.at(-1));
    await page.pass();
  }
  const expected = [1, 2, 4, 8, 16, 32, 64, 120, 120, 120].map((seconds) => seconds * 1000);
  assert.deepEqual(pauses, expected);
  assert.equal(page.open, 1);
});

test("after a long good connection the first pause is short again", async () => {
  const { page } = await subscribed();
  for (let round = 0; round < 5; round += 1) {
    page.drop();
    await page.pass();
  }
  page.now_ms += 60_000;
  page.drop();
  assert.equal(page.waits.at(-1), 1000);
});

test("a refused key or channel is tried again later, not at once", async () => {
  for (const type of ["connection_error", "subscribe_error"]) {
    const { page } = await subscribed();
    page.receive({ type, errors: [{ errorType: "UnauthorizedException" }] });
    assert.equal(page.open, 0);
    assert.equal(page.waits.at(-1), 1000);
  }
});

test("a connection that is silent for too long is replaced", async () => {
  const { page } = await subscribed();
  await page.pass(); // the silence
  assert.equal(page.open, 0);
  await page.pass();
  assert.equal(page.open, 1);
});
