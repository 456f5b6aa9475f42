// When the next request is due: planned, brought forward, or held back. The same as
// tracking/next_request.py.

/** `at_ms` is the plan. It starts due at once. */
export class NextRequest {
  #notBeforeMs;
  #sentAtMs = null;

  constructor(now_ms) {
    this.at_ms = this.#notBeforeMs = now_ms;
  }

  /** How long to wait for it; nothing or less if it is due. */
  waitMs(now_ms) {
    return Math.max(this.at_ms, this.#notBeforeMs) - now_ms;
  }

  sent(now_ms) {
    this.#sentAtMs = now_ms;
  }

  /** No request before that time, whatever brings it forward. */
  hold(until_ms) {
    this.#notBeforeMs = until_ms;
  }

  /** At that time, but not within the gap after the last request. */
  plan(at_ms, gap_ms) {
    this.at_ms = this.#afterGap(at_ms, gap_ms);
  }

  /** The same, unless it is planned sooner. */
  hurry(at_ms, gap_ms) {
    this.at_ms = Math.min(this.at_ms, this.#afterGap(at_ms, gap_ms));
  }

  #afterGap(at_ms, gap_ms) {
    return this.#sentAtMs === null ? at_ms : Math.max(at_ms, this.#sentAtMs + gap_ms);
  }
}
