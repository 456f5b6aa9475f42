// The retrying reader of a public view: what to request and when, and what to show.
//
// It has no network, clock, storage, or DOM: browser_reader.js has those. It is the same reader as
// tracking/reader.py, and both leave the same trace on every file in tracking/scenarios/. Documents
// keep their snake_case names here too.

import { ageMs } from "./display.js";
import { ageOfAnswerMs, meaningOf } from "./responses.js";
import { HintedRev } from "./hinted_rev.js";
import { NextRequest } from "./next_request.js";
import { laterCheck, withoutFutureCheck } from "./saved_view.js";
import { DEFAULT_POLICY, doubled, intervalMs, paceMs, RetryBudget } from "./polling_policy.js";

/**
 * One visit to one link.
 *
 * Call `step` until it says "stop", do what it says, and report what happened with `receive`,
 * `signal`, and `hint`; read `shown` after each. `now_ms` is a clock in whole epoch milliseconds that never goes
 * back. `random` gives numbers in [0, 1).
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
  #apiAskedAtMs = null;
  #next;
  #attendedAtMs;
  #failures = 0;
  #early = 0;
  #older = 0;
  #missing = 0;
  #missingSinceMs = null;
  #hinted;
  #budget;

  constructor(now_ms, { policy = {}, random = Math.random, remembered = null } = {}) {
    this.#policy = { ...DEFAULT_POLICY, ...policy };
    this.#random = random;
    this.#remembered = withoutFutureCheck(remembered, now_ms);
    this.#next = new NextRequest(now_ms);
    this.#attendedAtMs = now_ms;
    this.#hinted = new HintedRev(this.#policy, now_ms);
    this.#budget = new RetryBudget(this.#policy);
    if (this.#remembered !== null) {
      this.#kind = "remembered";
      this.#budget.cut(this.#random());
    }
  }

  /** {view, etag, checked_at_ms} to store between visits. No view with a lower `rev` is accepted. */
  get remembered() {
    return this.#remembered;
  }

  /** {kind, view, checked_at_ms, reason}: with the newest view ever shown, for every kind. */
  get shown() {
    const offline = this.#offline && !this.#stopped;
    const { view = null, checked_at_ms = null } = this.#remembered ?? {};
    const kind = offline ? "offline" : this.#kind;
    return Object.freeze({ kind, view, checked_at_ms, reason: offline ? null : this.#reason });
  }

  /** {do: "ask", source, rev, headers} now, {do: "wait", ms} (null: until a signal), or {do: "stop"}. */
  step(now_ms) {
    if (this.#stopped) return { do: "stop" };
    if (this.#asked !== null || this.#hidden || this.#offline) return { do: "wait", ms: null };
    const ms = this.#next.waitMs(now_ms);
    return ms > 0 ? { do: "wait", ms } : this.#ask(now_ms);
  }

  /** Takes {status, headers, body}, the answer to the last request; null: none came in time. */
  receive(answer, now_ms) {
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null) throw new Error("an answer without a request: call step() first");
    if (answer === null && this.#offline) return;
    const meaning = meaningOf(answer, asked.etag !== null, now_ms);
    if (meaning.kind === "trouble") this.#trouble(meaning, now_ms);
    else if (meaning.kind === "gone") this.#stop("gone");
    else if (meaning.kind === "missing") this.#notThere(asked, now_ms);
    else this.#there(meaning, asked, ageOfAnswerMs(answer.headers), now_ms);
  }

  /**
   * Takes "hidden", "visible", "focus" (someone turned to the window), "offline", "online", or "retry"
   * (someone pressed a button).
   */
  signal(signal, now_ms) {
    if (signal === "hidden") this.#hidden = true;
    else if (signal === "offline") this.#offline = true;
    else if (signal === "visible" && this.#hidden) {
      this.#hidden = false;
      this.#doubt(now_ms);
      this.#wake(now_ms);
    } else if (signal === "focus") this.#wake(now_ms);
    else if (signal === "online" && this.#offline) {
      this.#offline = false;
      this.#attendedAtMs = now_ms;
      this.#doubt(now_ms);
      this.#next.plan(now_ms + this.#upTo(this.#policy.wake_jitter_ms), this.#policy.wake_gap_ms);
    } else if (signal === "retry") this.#pressRetry(now_ms);
  }

  /** Takes the claim that the view has this `rev` now. It only brings requests forward. */
  hint(rev, now_ms) {
    if (!this.#hinted.hear(rev, this.#remembered, now_ms)) return;
    this.#next.hurry(now_ms, this.#policy.hint_gap_ms);
  }

  // What an answer changes

  #there(meaning, asked, age_ms, now_ms) {
    const known = this.#remembered;
    const { view, etag } = meaning.kind === "unchanged" ? known : meaning;
    if (known !== null && view.rev < known.view.rev) this.#olderCopy(asked, now_ms);
    else this.#confirm({ view, etag, checked_at_ms: asked.at_ms - age_ms }, asked, now_ms);
  }

  #olderCopy(asked, now_ms) {
    this.#missingSinceMs = null;
    if (this.#kind !== "current" || asked.rev !== null || !this.#hinted.isRecent(now_ms)) {
      this.#older += asked.source === "edge" ? 1 : 0;
      this.#show("stale", "older");
    }
    this.#settle(now_ms);
    this.#followHint(asked, now_ms);
  }

  #confirm(fresh, asked, now_ms) {
    const first = this.#remembered === null;
    if (!first && fresh.view.rev > this.#remembered.view.rev) this.#attendedAtMs = now_ms;
    this.#remembered = laterCheck(fresh, this.#remembered);
    this.#missingSinceMs = null;
    this.#older = asked.source === "edge" ? 0 : this.#older;
    if (first) this.#budget.cut(this.#random());
    this.#show("current");
    this.#settle(now_ms);
    this.#followHint(asked, now_ms);
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

  /** Asks again soon, and for the last time when the budget ends. */
  #prepare(now_ms) {
    const { prepare_base_ms, prepare_cap_ms } = this.#policy;
    const ceiling_ms = Math.min(doubled(prepare_base_ms, this.#missing), prepare_cap_ms);
    this.#failures = this.#early = 0;
    this.#next.at_ms = Math.min(now_ms + this.#upTo(ceiling_ms), this.#missingUntilMs());
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
      this.#next.at_ms = now_ms + this.#upTo(Math.min(ceiling_ms, this.#intervalMs()));
    } else {
      this.#next.at_ms = now_ms + this.#troubledPaceMs();
    }
  }

  /** Waits until the requested time, plus jitter, because all readers got the same time. */
  #obey(retry_after_ms, now_ms) {
    const wait_ms = Math.min(retry_after_ms, this.#policy.retry_after_cap_s * 1000);
    this.#next.hold(now_ms + wait_ms);
    const spread_ms = this.#upTo(this.#intervalMs());
    this.#next.at_ms = now_ms + Math.max(this.#troubledPaceMs(), wait_ms + spread_ms);
  }

  /** The answer was usable: the next poll follows attention. */
  #settle(now_ms) {
    const { recovery_jitter_percent, poll_jitter_percent } = this.#policy;
    const percent = this.#failures > 0 ? recovery_jitter_percent : poll_jitter_percent;
    this.#failures = this.#early = 0;
    const view = this.#remembered?.view ?? null;
    const own_ms = paceMs(view, this.#policy, this.#attendedAtMs, now_ms);
    this.#next.at_ms = now_ms + this.#around(own_ms, percent);
  }

  /** The answer may be older than the hint: ask again sooner than the next poll. */
  #followHint(asked, now_ms) {
    const pause_ms = this.#hinted.pauseMs(this.#remembered, asked.rev, now_ms);
    if (pause_ms === null) return;
    this.#next.hurry(now_ms + this.#upTo(pause_ms), this.#policy.hint_gap_ms);
  }

  #show(kind, reason = null) {
    this.#kind = kind;
    this.#reason = reason;
  }

  #stop(kind) {
    this.#show(kind);
    this.#stopped = true;
  }

  // When to ask, and edge or API

  #ask(now_ms) {
    const source = this.#wantsApi(now_ms) ? "api" : "edge";
    if (source === "api") this.#apiAskedAtMs = now_ms;
    this.#next.sent(now_ms);
    const etag = this.#remembered?.etag ?? null;
    const rev = source === "edge" ? this.#hinted.wanted(this.#remembered, now_ms) : null;
    this.#asked = { source, at_ms: now_ms, etag, rev };
    const condition = etag === null ? {} : { "if-none-match": etag };
    return { do: "ask", source, rev, headers: { accept: "application/json", ...condition } };
  }

  /** Whether the edge has been wrong for so long that the API has to be asked. */
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

  /** After a time without requests, the view may no longer be `current`. */
  #doubt(now_ms) {
    if (this.#kind === "current" && !this.#stopped && this.#isOld(now_ms)) this.#show("remembered");
  }

  /** Someone looks: ask at once. */
  #wake(now_ms) {
    this.#attendedAtMs = now_ms;
    this.#next.plan(Math.min(this.#next.at_ms, now_ms), this.#policy.wake_gap_ms);
  }

  #intervalMs() {
    return intervalMs(this.#remembered?.view ?? null, this.#policy);
  }

  /** Never sooner than the ordinary poll, and later by a growing full jitter. */
  #troubledPaceMs() {
    const own_ms = this.#intervalMs();
    const later_ms = doubled(own_ms, this.#failures - this.#early);
    return own_ms + this.#upTo(Math.min(later_ms, this.#policy.trouble_cap_s * 1000));
  }

  /** Full jitter: anything from 0 to `ceiling_ms`. */
  #upTo(ceiling_ms) {
    return Math.floor(this.#random() * ceiling_ms);
  }

  #around(middle_ms, percent) {
    return Math.floor((middle_ms * (100 - percent + 2 * percent * this.#random())) / 100);
  }
}
