// The retrying reader of a public view: what to ask and when, and what to show.
//
// No network, no clock, no storage, no DOM: following.js has those. The same as
// tracking/reader.py, where the kinds of what is shown are explained; both leave the same trace
// on every file in tracking/scenarios/. Documents keep their snake_case names here too.

import {
  ageOfAnswerMs,
  isObject,
  isView,
  jsonIn,
  meaningOf,
  revOf,
  wholeNumber,
} from "./responses.js";
import { DEFAULT_POLICY, doubled, intervalMs, RetryBudget } from "./polling_policy.js";

export { browserMemory, createClock, digestOf, follow, linkOf } from "./browser_reader.js";
export { DEFAULT_POLICY } from "./polling_policy.js";

/** What can be shown. `stale` comes with the reason `older` or `missing`; `trouble` with
 * `unreachable`, `busy`, `server_error` or `bad_answer`. */
export const KINDS = Object.freeze([
  "asking",
  "preparing",
  "remembered",
  "current",
  "stale",
  "trouble",
  "offline",
  "not_found",
  "gone",
]);

/**
 * One visit to one link.
 *
 * Call `step` until it says "stop", do what it says, and tell the reader what happened with
 * `receive` and `signal`; look at `shown` after each. `now_ms` is one clock in whole epoch
 * milliseconds that does not go back. `random` gives numbers in [0, 1).
 */
export class Reader {
  #policy;
  #random;
  #remembered;
  #kind = "asking";
  #reason = null;
  #stopped = false;
  #hidden = false;
  #offline = false;
  #asked = null;
  #askedAtMs = null;
  #apiAskedAtMs = null;
  #nextAtMs;
  #notBeforeMs;
  #failures = 0;
  #early = 0;
  #older = 0;
  #missing = 0;
  #missingSinceMs = null;
  #budget;

  constructor(now_ms, { policy = {}, random = Math.random, remembered = null } = {}) {
    this.#policy = { ...DEFAULT_POLICY, ...policy };
    this.#random = random;
    this.#remembered = believable(remembered, now_ms);
    this.#nextAtMs = now_ms;
    this.#notBeforeMs = now_ms;
    this.#budget = new RetryBudget(this.#policy);
    if (this.#remembered !== null) {
      this.#kind = "remembered";
      this.#budget.cut(this.#random());
    }
  }

  /** {view, etag, checked_at_ms}: what outlives a visit. Its `rev` is the floor. */
  get remembered() {
    return this.#remembered;
  }

  /** {kind, view, checked_at_ms, reason}: the newest view ever shown, whatever the kind. */
  get shown() {
    const offline = this.#offline && !this.#stopped;
    const { view = null, checked_at_ms = null } = this.#remembered ?? {};
    const kind = offline ? "offline" : this.#kind;
    return Object.freeze({ kind, view, checked_at_ms, reason: offline ? null : this.#reason });
  }

  /** {do: "ask", source, headers} now, {do: "wait", ms} (null: for a signal), or {do: "stop"}. */
  step(now_ms) {
    if (this.#stopped) return { do: "stop" };
    if (this.#asked !== null || this.#hidden || this.#offline) return { do: "wait", ms: null };
    const due_ms = Math.max(this.#nextAtMs, this.#notBeforeMs);
    return now_ms < due_ms ? { do: "wait", ms: due_ms - now_ms } : this.#ask(now_ms);
  }

  /** Take {status, headers, body}, the answer to the last request; null: none came in time. */
  receive(answer, now_ms) {
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null) throw new Error("an answer without a question: call step() first");
    if (answer === null && this.#offline) return;
    const meaning = meaningOf(answer, asked.etag !== null, now_ms);
    if (meaning.kind === "trouble") this.#trouble(meaning, now_ms);
    else if (meaning.kind === "gone") this.#stop("gone");
    else if (meaning.kind === "missing") this.#notThere(asked, now_ms);
    else this.#there(meaning, asked, ageOfAnswerMs(answer.headers), now_ms);
  }

  /** Take "hidden", "visible", "offline", "online", or "retry" (someone pressed a button). */
  signal(signal, now_ms) {
    if (signal === "hidden") this.#hidden = true;
    else if (signal === "offline") this.#offline = true;
    else if (signal === "visible" && this.#hidden) {
      this.#hidden = false;
      this.#doubt(now_ms);
      if (this.#isOld(now_ms)) this.#wake(now_ms);
    } else if (signal === "online" && this.#offline) {
      this.#offline = false;
      this.#doubt(now_ms);
      this.#nextAtMs = now_ms + this.#upTo(this.#policy.wake_jitter_ms);
      this.#keepGap();
    } else if (signal === "retry") this.#pressRetry(now_ms);
  }

  // What an answer changes

  #there(meaning, asked, age_ms, now_ms) {
    const known = this.#remembered;
    const { view, etag } = meaning.kind === "unchanged" ? known : meaning;
    if (known !== null && view.rev < known.view.rev) this.#olderCopy(asked, now_ms);
    else this.#confirm({ view, etag, checked_at_ms: asked.at_ms - age_ms }, asked, now_ms);
  }

  #olderCopy(asked, now_ms) {
    this.#older += asked.source === "edge" ? 1 : 0;
    this.#missingSinceMs = null;
    this.#show("stale", "older");
    this.#settle(now_ms);
  }

  #confirm(fresh, asked, now_ms) {
    const first = this.#remembered === null;
    this.#remembered = laterCheck(fresh, this.#remembered);
    this.#missingSinceMs = null;
    this.#older = asked.source === "edge" ? 0 : this.#older;
    if (first) this.#budget.cut(this.#random());
    this.#show("current");
    this.#settle(now_ms);
    this.#stopped = this.#remembered.view.terminal;
  }

  #notThere(asked, now_ms) {
    if (this.#missingSinceMs === null) {
      this.#missing = 0;
      this.#missingSinceMs = asked.at_ms;
    }
    this.#missing += 1;
    const seen = this.#remembered !== null;
    const lastWord = asked.source === "api" || !this.#wantsApi(now_ms);
    if (now_ms >= this.#missingUntilMs() && lastWord) {
      this.#stop(seen ? "gone" : "not_found");
    } else if (seen) {
      this.#show("stale", "missing");
      this.#settle(now_ms);
    } else {
      this.#show("preparing");
      this.#prepare(now_ms);
    }
  }

  /** Ask again soon, and for the last time when the budget ends. */
  #prepare(now_ms) {
    const { prepare_base_ms, prepare_cap_ms } = this.#policy;
    const ceiling_ms = Math.min(doubled(prepare_base_ms, this.#missing), prepare_cap_ms);
    this.#failures = this.#early = 0;
    this.#nextAtMs = Math.min(now_ms + this.#upTo(ceiling_ms), this.#missingUntilMs());
  }

  #trouble({ reason, retry_after_ms }, now_ms) {
    this.#failures += 1;
    this.#show("trouble", reason);
    this.#budget.earn();
    if (retry_after_ms !== null) {
      this.#obey(retry_after_ms, now_ms);
    } else if (this.#budget.spend()) {
      this.#early += 1;
      const ceiling_ms = doubled(this.#policy.retry_base_ms, this.#early);
      this.#nextAtMs = now_ms + this.#upTo(Math.min(ceiling_ms, this.#intervalMs()));
    } else {
      this.#nextAtMs = now_ms + this.#troubledPaceMs();
    }
  }

  /** Not before the time asked for; then spread, as everybody was told the same time. */
  #obey(retry_after_ms, now_ms) {
    this.#notBeforeMs = now_ms + Math.min(retry_after_ms, this.#policy.retry_after_cap_s * 1000);
    const spread_ms = this.#upTo(this.#intervalMs());
    const pace_ms = this.#troubledPaceMs();
    this.#nextAtMs = Math.max(now_ms + pace_ms, this.#notBeforeMs + spread_ms);
  }

  /** The server answered sense: the next poll at the ordinary pace. */
  #settle(now_ms) {
    const { recovery_jitter_percent, poll_jitter_percent } = this.#policy;
    const percent = this.#failures > 0 ? recovery_jitter_percent : poll_jitter_percent;
    this.#failures = this.#early = 0;
    this.#nextAtMs = now_ms + this.#around(this.#intervalMs(), percent);
  }

  #show(kind, reason = null) {
    this.#kind = kind;
    this.#reason = reason;
  }

  #stop(kind) {
    this.#show(kind);
    this.#stopped = true;
  }

  // When and whom to ask

  #ask(now_ms) {
    const source = this.#wantsApi(now_ms) ? "api" : "edge";
    if (source === "api") this.#apiAskedAtMs = now_ms;
    this.#askedAtMs = now_ms;
    const etag = this.#remembered?.etag ?? null;
    this.#asked = { source, at_ms: now_ms, etag };
    const condition = etag === null ? {} : { "if-none-match": etag };
    return { do: "ask", source, headers: { accept: "application/json", ...condition } };
  }

  /** Whether the edge has been wrong for so long that its word is not enough. */
  #wantsApi(now_ms) {
    const pause_ms = this.#policy.fallback_pause_s * 1000;
    if (this.#apiAskedAtMs !== null && now_ms - this.#apiAskedAtMs < pause_ms) return false;
    if (this.#older >= this.#policy.older_before_fallback) return true;
    if (this.#missingSinceMs === null) return false;
    return this.#remembered !== null || now_ms >= this.#missingUntilMs();
  }

  #missingUntilMs() {
    const { gone_budget_s, prepare_budget_s } = this.#policy;
    const budget_s = this.#remembered !== null ? gone_budget_s : prepare_budget_s;
    return this.#missingSinceMs + budget_s * 1000;
  }

  #isOld(now_ms) {
    const age_ms = ageMs(this.shown, now_ms);
    return age_ms === null || age_ms >= this.#intervalMs();
  }

  #pressRetry(now_ms) {
    if (this.#stopped) {
      this.#stopped = false;
      this.#failures = this.#early = 0;
      this.#missingSinceMs = null;
      this.#show(this.#remembered === null ? "asking" : "remembered");
    }
    this.#wake(now_ms);
  }

  /** After a time in which nothing was asked, `current` would say too much. */
  #doubt(now_ms) {
    if (this.#kind === "current" && !this.#stopped && this.#isOld(now_ms)) this.#show("remembered");
  }

  #wake(now_ms) {
    this.#nextAtMs = Math.min(this.#nextAtMs, now_ms);
    this.#keepGap();
  }

  #keepGap() {
    if (this.#askedAtMs === null) return;
    this.#nextAtMs = Math.max(this.#nextAtMs, this.#askedAtMs + this.#policy.wake_gap_ms);
  }

  #intervalMs() {
    return intervalMs(this.#remembered?.view ?? null, this.#policy);
  }

  /** Never sooner than the ordinary poll would come, and later by a growing full jitter. */
  #troubledPaceMs() {
    const own_ms = this.#intervalMs();
    const cap_ms = this.#policy.trouble_cap_s * 1000;
    return own_ms + this.#upTo(Math.min(doubled(own_ms, this.#failures - this.#early), cap_ms));
  }

  /** Full jitter: anything from 0 to `ceiling_ms`. */
  #upTo(ceiling_ms) {
    return Math.floor(this.#random() * ceiling_ms);
  }

  #around(middle_ms, percent) {
    return Math.floor((middle_ms * (100 - percent + 2 * percent * this.#random())) / 100);
  }
}

/** How old the shown view is, by the clock the reader was given; null: no one knows. */
export function ageMs(shown, now_ms) {
  return shown.checked_at_ms === null ? null : Math.max(0, now_ms - shown.checked_at_ms);
}

/** Whether two shown states look the same, however their views were parsed. */
export function sameShown(one, other) {
  if (!isObject(one) && !Array.isArray(one)) return Object.is(one, other);
  if (!isObject(other) && !Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameShown(one[key], other[key]))
  );
}

/** What a storage kept of {view, etag, checked_at_ms}; null for nothing and for anything else. */
export function rememberedIn(text) {
  const kept = jsonIn(text ?? "");
  if (!isObject(kept) || !isView(kept.view)) return null;
  const etag = typeof kept.etag === "string" ? kept.etag : null;
  return { view: kept.view, etag, checked_at_ms: wholeNumber(kept.checked_at_ms, 0) };
}

/** Whether `fresh` may replace `stored`: two tabs keep one memory, and it never goes back. */
export function worthKeeping(fresh, stored) {
  return stored === null || revOf(fresh.view) >= revOf(stored.view);
}

/** A check from the future (a clock was set back) says nothing about the view's age. */
function believable(remembered, now_ms) {
  if (remembered === null || (remembered.checked_at_ms ?? 0) <= now_ms) return remembered;
  return { ...remembered, checked_at_ms: null };
}

/** `fresh`, with the later of both checks where both confirm the same `rev`. */
function laterCheck(fresh, known) {
  if (known === null || known.view.rev !== fresh.view.rev) return fresh;
  return { ...fresh, checked_at_ms: Math.max(fresh.checked_at_ms, known.checked_at_ms ?? 0) };
}
