// When to look: every five seconds (or as told) while someone is looking, slower in trouble, not
// at all while the page is hidden or offline. Like lib/reader.js without network, clock and DOM.

const INTERVAL_MS = 5_000;
const JITTER_PERCENT = 10;
const TROUBLE_CAP_MS = 60_000;
const MIN_GAP_MS = 1_000;
const NUDGE_MS = 250;
const DOUBLINGS_MAX = 10;

/**
 * `state` says {kind, checked_at_ms, failures}: `asking` until the first answer, then `current`,
 * `trouble`, `offline` or `signed_out`. `due_ms(now_ms)` is how long to wait before asking (null:
 * for a signal); `asked` and `answered` are to be called around each request.
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
  #woken = false;
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
   * `outcome`: "fresh" or "unchanged", "signed_out", {retry_after_ms} for any trouble, or "void"
   * where the answer was meant for someone who has left meanwhile.
   */
  answered(outcome, now_ms) {
    this.#busy = false;
    if (outcome === "void") return;
    if (outcome === "signed_out") this.#kind = "signed_out";
    else if (typeof outcome === "string") this.#well(now_ms);
    else this.#trouble(outcome.retry_after_ms ?? 0, now_ms);
    const worthIt = { current: this.#again, trouble: this.#woken }[this.#kind] ?? false;
    if (worthIt) this.#soon(now_ms, NUDGE_MS);
    this.#again = this.#woken = false;
  }

  /**
   * "hidden", "visible", "offline", "online", "nudge" (something happened), "signed_in" or
   * "signed_out".
   */
  signal(name, now_ms) {
    if (name === "hidden") this.#hidden = true;
    if (name === "offline") this.#offline = true;
    if (name === "visible") this.#hidden = false;
    if (name === "online") this.#offline = false;
    if (name === "signed_in") this.#kind = "asking";
    if (name === "signed_out") this.#kind = "signed_out";
    if (["visible", "online", "signed_in"].includes(name)) this.#wake(now_ms);
    if (name !== "nudge") return;
    this.#again = this.#busy; // the answer that is on its way may be older than what happened
    this.#soon(now_ms, NUDGE_MS);
  }

  #wake(now_ms) {
    this.#woken = this.#busy; // what is on its way was asked before, and may fail for that alone
    this.#soon(now_ms, 0);
  }

  #well(now_ms) {
    this.#kind = "current";
    this.#failures = 0;
    this.#checkedAtMs = this.#askedAtMs;
    this.#nextAtMs = now_ms + this.#spread(this.#intervalMs);
  }

  #trouble(retry_after_ms, now_ms) {
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

/** How far the server's clock is ahead of ours, by a `Date` header; small differences are none. */
export function clockAheadMs(date, now_ms, tolerated_ms = 5_000) {
  const ahead_ms = Date.parse(date ?? "") - now_ms;
  return Number.isNaN(ahead_ms) || Math.abs(ahead_ms) < tolerated_ms ? 0 : ahead_ms;
}
