// When to poll: every five seconds (or `interval_ms`) while the page is visible, slower if requests
// fail, and not at all while it is hidden or offline. It has no network, clock, or DOM of its own.

const INTERVAL_MS = 5_000;
const JITTER_PERCENT = 10;
const TROUBLE_CAP_MS = 60_000;
const MIN_GAP_MS = 1_000;
const NUDGE_MS = 250;
const DOUBLINGS_MAX = 10;

/**
 * `state` is {kind, checked_at_ms, failures}; kind is `asking` until the first answer, then `current`,
 * `trouble`, `offline` or `signed_out`. `due_ms(now_ms)` is how long to wait before the next request
 * (null: until a signal). Call `asked` and `answered` around each request.
 */
export class RefreshTimer {
  #random;
  #kind = "asking";
  #checkedAtMs = null;
  #failures = 0;
  #hidden = false;
  #offline = false;
  #busy = false;
  #again = false;
  #wokenBusy = false;
  #nextAtMs;
  #askedAtMs = null;
  #intervalMs;

  constructor(now_ms, { random = Math.random, interval_ms = INTERVAL_MS } = {}) {
    this.#random = random;
    this.#intervalMs = interval_ms;
    this.#nextAtMs = now_ms;
  }

  get state() {
    const kind = this.#offline && this.#kind !== "signed_out" ? "offline" : this.#kind;
    return { kind, checked_at_ms: this.#checkedAtMs, failures: this.#failures };
  }

  due_ms(now_ms) {
    if (this.#busy || this.#hidden || this.#offline || this.#kind === "signed_out") return null;
    return Math.max(0, this.#nextAtMs - now_ms);
  }

  asked(now_ms) {
    this.#busy = true;
    this.#askedAtMs = now_ms;
  }

  /**
   * `outcome`: "fresh", "signed_out", {retry_after_ms} for a failure, or "void" if the answer was for
   * a person who has signed out meanwhile.
   */
  answered(outcome, now_ms) {
    this.#busy = false;
    if (outcome === "void") return;
    if (outcome === "signed_out") this.#kind = "signed_out";
    else if (typeof outcome === "string") this.#succeed(now_ms);
    else this.#fail(outcome.retry_after_ms ?? 0, now_ms);
    const worthIt = { current: this.#again, trouble: this.#wokenBusy }[this.#kind] ?? false;
    if (worthIt) this.#soon(now_ms, NUDGE_MS);
    this.#again = this.#wokenBusy = false;
  }

  /**
   * "hidden", "visible", "offline", "online", "nudge" (something happened here), "hint" (the service
   * has something new), "signed_in" or "signed_out".
   */
  signal(name, now_ms) {
    if (name === "hidden") this.#hidden = true;
    if (name === "offline") this.#offline = true;
    if (name === "visible") this.#hidden = false;
    if (name === "online") this.#offline = false;
    if (name === "signed_in") this.#kind = "asking";
    if (name === "signed_out") this.#kind = "signed_out";
    if (["visible", "online", "signed_in"].includes(name)) this.#wake(now_ms);
    if (name === "nudge") this.#changed(now_ms, NUDGE_MS);
    if (name === "hint" && this.#kind !== "trouble") this.#changed(now_ms, 0);
  }

  #changed(now_ms, wait_ms) {
    this.#again = this.#busy; // the answer to the current request may be older than the change
    this.#soon(now_ms, wait_ms);
  }

  #wake(now_ms) {
    this.#wokenBusy = this.#busy; // the current request began earlier, and may fail because of that
    this.#soon(now_ms, 0);
  }

  #succeed(now_ms) {
    this.#kind = "current";
    this.#failures = 0;
    this.#checkedAtMs = this.#askedAtMs;
    this.#nextAtMs = now_ms + this.#spread(this.#intervalMs);
  }

  #fail(retry_after_ms, now_ms) {
    this.#kind = "trouble";
    this.#failures += 1;
    const doubled_ms = this.#intervalMs * 2 ** Math.min(this.#failures - 1, DOUBLINGS_MAX);
    const pace_ms = this.#spread(Math.min(doubled_ms, TROUBLE_CAP_MS));
    this.#nextAtMs = now_ms + Math.max(pace_ms, Math.min(retry_after_ms, TROUBLE_CAP_MS));
  }

  #soon(now_ms, wait_ms) {
    const gap_ms = this.#askedAtMs === null ? now_ms : this.#askedAtMs + MIN_GAP_MS;
    this.#nextAtMs = Math.min(this.#nextAtMs, Math.max(now_ms + wait_ms, gap_ms));
  }

  #spread(middle_ms) {
    const percent = 100 - JITTER_PERCENT + 2 * JITTER_PERCENT * this.#random();
    return Math.floor((middle_ms * percent) / 100);
  }
}

/** How far the server's clock is ahead of ours, from a `Date` header; small differences count as 0. */
export function clockAheadMs(date, now_ms, tolerated_ms = 5_000) {
  const ahead_ms = Date.parse(date ?? "") - now_ms;
  return Number.isNaN(ahead_ms) || Math.abs(ahead_ms) < tolerated_ms ? 0 : ahead_ms;
}
