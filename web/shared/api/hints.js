// Listens for hints that something has changed: one WebSocket for the page, only while it is visible
// and connected. Whatever fails here costs nothing but speed, since who listens polls, too.
//
// The protocol is that of AWS AppSync Events (docs.aws.amazon.com/appsync/latest/eventapi/
// event-api-websocket-protocol.html, read 2026-11-29).

const SETTINGS = "/shared/push.json"; // written by the deployment; without it there are no hints
const SOCKET = "/event/realtime";
const NAMESPACE = "hints";
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 120_000;
const STEADY_MS = 60_000; // a connection that lasted so long was a good one
const SILENT_MS = 300_000; // unless the service names another time

/** Listens on `channel` until `signal`; `onHint(rev)` gets anything that was sent as a rev. */
export function listenOn(channel, onHint, signal, env = {}) {
  new HintListener(channel, onHint, { ...browser(), ...env }).start(signal);
}

function browser() {
  return {
    fetch: globalThis.fetch?.bind(globalThis),
    open: (url, protocols) => new WebSocket(url, protocols),
    document: globalThis.document,
    window: globalThis.window,
    navigator: globalThis.navigator,
    origin: globalThis.location?.origin,
    random: Math.random,
    clock: () => performance.now(),
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
  };
}

class HintListener {
  #channel;
  #onHint;
  #env;
  #ended = new AbortController();
  #socket = null;
  #timer = null;
  #failures = 0;
  #openedAtMs = null;
  #silentMs = SILENT_MS;

  constructor(channel, onHint, env) {
    this.#channel = channel;
    this.#onHint = onHint;
    this.#env = env;
  }

  start(until) {
    const { document, window } = this.#env;
    const signal = this.#ended.signal;
    if (until.aborted) return;
    until.addEventListener("abort", () => this.#stop(), { signal });
    const look = () => this.#look();
    document?.addEventListener("visibilitychange", look, { signal });
    window?.addEventListener?.("online", look, { signal });
    window?.addEventListener?.("offline", look, { signal });
    this.#look();
  }

  get #isWanted() {
    const { document, navigator } = this.#env;
    return !this.#ended.signal.aborted && !document?.hidden && navigator?.onLine !== false;
  }

  /** Someone looks, or no longer. */
  #look() {
    if (!this.#isWanted) this.#close();
    else if (this.#socket === null) this.#wait(0);
  }

  #stop() {
    this.#ended.abort();
    this.#close();
  }

  #wait(ms, act = () => this.#connect()) {
    this.#env.clearTimer(this.#timer);
    this.#timer = this.#env.setTimer(act, ms);
  }

  async #connect() {
    const connecting = (this.#socket = { close: () => {} });
    const settings = await this.#settings();
    if (this.#socket !== connecting) return;
    if (settings === undefined) this.#stop();
    else if (settings === null) this.#again();
    else this.#open(settings);
  }

  /** {host, api_key}; null without an answer, undefined if the site has no push service. */
  async #settings() {
    try {
      const answer = await this.#env.fetch(SETTINGS, { credentials: "omit" });
      if (answer.status === 403 || answer.status === 404) return undefined;
      const { host, api_key } = await answer.json();
      return { host, "x-api-key": api_key };
    } catch {
      return null;
    }
  }

  #open(authorization) {
    const token = btoa(JSON.stringify(authorization)).replace(/\+/g, "-").replace(/\//g, "_");
    const protocols = ["aws-appsync-event-ws", `header-${token.replace(/=+$/, "")}`];
    const url = this.#env.origin.replace(/^http/, "ws") + SOCKET;
    let socket;
    try {
      socket = this.#socket = this.#env.open(url, protocols);
    } catch {
      return this.#again(); // the browser forbids it
    }
    this.#openedAtMs = this.#env.clock();
    const current = (act) => (event) => this.#socket === socket && act(event);
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = current(() => send({ type: "connection_init" }));
    socket.onclose = current(() => this.#again());
    socket.onmessage = current(({ data }) => this.#take(parsed(data), authorization, send));
    this.#expectMore();
  }

  #take(message, authorization, send) {
    this.#expectMore();
    if (message?.type === "connection_ack") {
      this.#silentMs = Number(message.connectionTimeoutMs) || SILENT_MS;
      const channel = `/${NAMESPACE}/${this.#channel}`;
      send({ type: "subscribe", id: "1", channel, authorization });
    } else if (message?.type === "data") {
      for (const event of [message.event].flat()) this.#onHint(parsed(event)?.rev);
    } else if (/error$/.test(message?.type)) this.#again();
  }

  /** The service sends something every minute; a connection without that is dead. */
  #expectMore() {
    this.#wait(this.#silentMs, () => this.#again());
  }

  /** Full jitter: pages that lose their connection together do not come back together. */
  #again() {
    const lasted_ms = this.#openedAtMs === null ? 0 : this.#env.clock() - this.#openedAtMs;
    this.#close();
    this.#failures = lasted_ms >= STEADY_MS ? 1 : this.#failures + 1;
    const ceiling_ms = Math.min(RETRY_BASE_MS * 2 ** (this.#failures - 1), RETRY_CAP_MS);
    if (this.#isWanted) this.#wait(this.#env.random() * ceiling_ms);
  }

  #close() {
    const socket = this.#socket;
    this.#socket = this.#openedAtMs = null;
    this.#env.clearTimer(this.#timer);
    socket?.close();
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
