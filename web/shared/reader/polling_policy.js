// How long to wait: the policy, the interval a view asks for, and the budget of early retries.
// The same as tracking/polling_policy.py, where each number is explained.

const DOUBLINGS_MAX = 20;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The settings and their defaults. */
export const DEFAULT_POLICY = Object.freeze({
  poll_min_s: 2,
  poll_max_s: 300,
  poll_default_s: 10,
  poll_jitter_percent: 20,
  poll_fast_s: 5,
  fast_for_s: 120,
  window_near_s: 1_800,
  prepare_budget_s: 60,
  prepare_base_ms: 500,
  prepare_cap_ms: 5_000,
  gone_budget_s: 60,
  older_before_fallback: 3,
  fallback_pause_s: 60,
  retry_start_percent: 300,
  retry_earn_percent: 5,
  retry_base_ms: 1_000,
  trouble_cap_s: 30,
  recovery_jitter_percent: 50,
  retry_after_cap_s: 300,
  wake_jitter_ms: 1_000,
  wake_gap_ms: 2_000,
  request_timeout_s: 10,
  hint_gap_ms: 250,
  hint_for_s: 70,
});

/** The time between two polls that `view` (null: none yet) suggests, within the policy's limits. */
export function intervalMs(view, { poll_default_s, poll_min_s, poll_max_s }) {
  const poll_s = typeof view?.poll_s === "number" ? view.poll_s : poll_default_s;
  return Math.floor(Math.min(Math.max(poll_s, poll_min_s), poll_max_s) * 1000);
}

/**
 * The time to the next poll: shorter than `intervalMs` while attention is high. `attended_ms`: when
 * the view last changed, or someone began to look.
 */
export function paceMs(view, policy, attended_ms, now_ms) {
  const slow_ms = intervalMs(view, policy);
  const attended = now_ms - attended_ms < policy.fast_for_s * 1000;
  if (!attended && !isWindowNear(view, policy, now_ms)) return slow_ms;
  return Math.min(slow_ms, policy.poll_fast_s * 1000);
}

function isWindowNear(view, { window_near_s }, now_ms) {
  const start_ms = momentMs(view?.schedule?.window_start);
  const end_ms = momentMs(view?.schedule?.window_end);
  return start_ms - window_near_s * 1000 <= now_ms && now_ms < end_ms; // false if one is NaN
}

/** Epoch milliseconds of a moment as views have it; NaN for anything else. */
function momentMs(value) {
  return typeof value === "string" && MOMENT.test(value) ? Date.parse(value) : NaN;
}

/** `base_ms` the first time, then twice as much each time. */
export function doubled(base_ms, times) {
  return base_ms * 2 ** Math.min(times - 1, DOUBLINGS_MAX);
}

/** A token bucket for early retries; tracking/polling_policy.py explains `cut` and `earn`. */
export class RetryBudget {
  #percent;
  #earnPercent;
  #mostPercent;

  constructor(policy) {
    this.#percent = policy.retry_start_percent;
    this.#earnPercent = policy.retry_earn_percent;
    this.#mostPercent = Math.max(100, policy.retry_start_percent);
  }

  cut(random) {
    this.#percent = Math.min(this.#percent, Math.floor(random * 100));
  }

  earn() {
    this.#percent = Math.min(this.#percent + this.#earnPercent, this.#mostPercent);
  }

  spend() {
    if (this.#percent < 100) return false;
    this.#percent -= 100;
    return true;
  }
}
