// The reader in a browser: requests, clock, storage, visibility, and network signals. What the
// browser provides can be passed as arguments, so that it runs in Node as well.

import { DEFAULT_POLICY } from "./polling_policy.js";
import { sameShown } from "./display.js";
import { Reader } from "./reader.js";
import { mayReplace, rememberedIn } from "./saved_view.js";

const TOKEN_PATH = /^\/track\/([A-Za-z0-9_-]{22})\/?$/;
const MEMORY_PREFIX = "haulway.view.";
const SLEPT_MS = 1_000; // if the wall clock gains more on the steady clock, the device slept
const NOTHING = { view: null, checked_at_ms: null, reason: null };

/**
 * Shows the job behind `url` (https://host/track/{token}) and keeps it up to date.
 *
 * `onShown(shown)` is called whenever the state changes; `onStopped()` when there is nothing more to
 * ask for. `listen(channel, onHint, signal)`, if given, listens for hints until the signal. Returns
 * {retry(), stop(), now_ms()}; `now_ms` is the clock of `shown.checked_at_ms`. An address without a
 * token is `not_found` at once.
 */
export async function follow(url, options) {
  const env = { ...browser(), onStopped: () => {}, policy: {}, random: Math.random, ...options };
  const link = await linkOf(url);
  if (link === null) return notFound(env);
  return new Follower(link, env).start();
}

/**
 * {edge, api, key, channel}: a view's two addresses, its key in the storage, and the channel of its
 * hints (hint_channel in statemachine/values/ids.py); null without a token.
 */
export async function linkOf(url) {
  const { origin, pathname } = new URL(url);
  const token = TOKEN_PATH.exec(pathname)?.[1];
  if (token === undefined) return null;
  const digest = await digestOf(token);
  const edge = `${origin}/t/${digest}.json`;
  const channel = await digestOf(`hint ${digest}`);
  return { edge, api: `${origin}/api/track/${digest}`, key: MEMORY_PREFIX + digest, channel };
}

/** The first 32 hex digits of a text's SHA-256, such as a token's. Browsers have it on HTTPS and localhost only. */
export async function digestOf(token) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").slice(0, 32);
}

/** localStorage if the browser allows it; otherwise nothing is stored. */
export function browserMemory() {
  const quietly = (act) => {
    try {
      return act(globalThis.localStorage) ?? null;
    } catch {
      return null; // private mode, storage full, or forbidden: the page works without it
    }
  };
  return {
    get: (key) => quietly((storage) => storage.getItem(key)),
    set: (key, text) => quietly((storage) => storage.setItem(key, text)),
  };
}

/**
 * Whole epoch milliseconds that never go back. It follows the steady clock, so that setting the wall
 * clock does not change an age, and adds the time during which the device slept.
 */
export function createClock(wall_ms = () => Date.now(), steady_ms = () => performance.now()) {
  let ahead_ms = wall_ms() - steady_ms();
  return () => {
    const steady = steady_ms();
    const now_ahead_ms = wall_ms() - steady;
    if (now_ahead_ms - ahead_ms > SLEPT_MS) ahead_ms = now_ahead_ms;
    return Math.floor(steady + ahead_ms);
  };
}

function browser() {
  return {
    fetch: globalThis.fetch?.bind(globalThis),
    memory: browserMemory(),
    clock: createClock(),
    document: globalThis.document,
    window: globalThis.window,
    navigator: globalThis.navigator,
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
  };
}

function notFound(env) {
  env.onShown({ kind: "not_found", ...NOTHING });
  env.onStopped();
  return { retry: () => {}, stop: () => {}, now_ms: env.clock };
}

class Follower {
  #link;
  #env;
  #policy;
  #reader;
  #last = null;
  #timer = null;
  #ended = new AbortController();
  #stopped = false;
  #hints = new AbortController();

  constructor(link, env) {
    this.#link = link;
    this.#env = env;
    this.#policy = { ...DEFAULT_POLICY, ...env.policy };
    const remembered = rememberedIn(env.memory.get(link.key));
    const { policy, random } = env;
    this.#reader = new Reader(env.clock(), { policy, random, remembered });
  }

  start() {
    const { document, window, navigator, clock } = this.#env;
    if (document?.hidden) this.#reader.signal("hidden", clock());
    if (navigator?.onLine === false) this.#reader.signal("offline", clock());
    const signal = this.#ended.signal;
    const seen = () => this.#signal(document.hidden ? "hidden" : "visible");
    document?.addEventListener("visibilitychange", seen, { signal });
    window?.addEventListener?.("focus", () => this.#signal("focus"), { signal });
    window?.addEventListener?.("online", () => this.#signal("online"), { signal });
    window?.addEventListener?.("offline", () => this.#signal("offline"), { signal });
    const heed = (rev) => {
      this.#reader.hint(rev, clock());
      this.#turn();
    };
    this.#env.listen?.(this.#link.channel, heed, this.#hints.signal);
    this.#turn();
    return { retry: () => this.#signal("retry"), stop: () => this.#end(), now_ms: clock };
  }

  #signal(name) {
    this.#reader.signal(name, this.#env.clock());
    this.#turn();
  }

  #turn() {
    if (this.#ended.signal.aborted) return;
    this.#env.clearTimer(this.#timer);
    this.#show();
    const step = this.#reader.step(this.#env.clock());
    const stopped = step.do === "stop";
    if (step.do === "ask") this.#ask(step);
    else if (step.do === "wait" && step.ms !== null) {
      this.#timer = this.#env.setTimer(() => this.#turn(), step.ms);
    } else if (stopped && !this.#stopped) {
      this.#hints.abort();
      this.#env.onStopped();
    }
    this.#stopped = stopped;
  }

  #show() {
    const shown = this.#reader.shown;
    if (sameShown(shown, this.#last)) return;
    this.#last = shown;
    this.#env.onShown(shown);
  }

  async #ask(step) {
    const answer = await this.#get(step);
    if (this.#ended.signal.aborted) return;
    this.#reader.receive(answer, this.#env.clock());
    this.#keep();
    this.#turn();
  }

  /** {status, headers, body}, or null: no network, a broken answer, or one that came too late. */
  async #get(step) {
    const { fetch, setTimer, clearTimer } = this.#env;
    const limit = new AbortController();
    const timer = setTimer(() => limit.abort(), this.#policy.request_timeout_s * 1000);
    try {
      const query = step.rev === null ? "" : `?rev=${step.rev}`;
      const response = await fetch(this.#link[step.source] + query, {
        headers: step.headers,
        cache: "no-store", // the browser's cache would answer with what we have already
        credentials: "omit",
        redirect: "manual", // a redirect is never a view; it may be a hotel's sign-in page
        referrerPolicy: "no-referrer",
        signal: limit.signal,
      });
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, body: await response.text() };
    } catch {
      return null;
    } finally {
      clearTimer(timer);
    }
  }

  #keep() {
    const { memory } = this.#env;
    const { remembered } = this.#reader;
    if (remembered === null) return;
    if (!mayReplace(remembered, rememberedIn(memory.get(this.#link.key)))) return;
    memory.set(this.#link.key, JSON.stringify(remembered));
  }

  #end() {
    this.#ended.abort();
    this.#hints.abort();
    this.#env.clearTimer(this.#timer);
  }
}
