// What hints have claimed about the `rev` of a view. A hint is never believed, only checked. The same
// as tracking/hinted_rev.py.

import { doubled } from "./polling_policy.js";
import { wholeNumber } from "./responses.js";

const HIGHEST = 9_999_999_999; // the edge accepts no more digits in `?rev=`

/** The highest `rev` of late, and what asking for it has brought. `known` is the remembered view. */
export class HintedRev {
  #policy;
  #rev = 0;
  #untilMs;
  #missed = 0;

  constructor(policy, now_ms) {
    this.#policy = policy;
    this.#untilMs = now_ms;
  }

  /** Whether it says anything new. What is no `rev` does not. */
  hear(claim, known, now_ms) {
    const rev = wholeNumber(claim, 1);
    const least = this.wanted(known, now_ms) ?? revOf(known);
    if (rev === null || rev <= least || rev > HIGHEST) return false;
    this.#rev = rev;
    this.#missed = 0;
    this.#untilMs = now_ms + this.#policy.hint_for_s * 1000;
    return true;
  }

  /** The `rev` to ask for; null if the view has it, or it never came. */
  wanted(known, now_ms) {
    return this.#rev > revOf(known) && this.isRecent(now_ms) ? this.#rev : null;
  }

  /** The longest wait after an answer without it; null if there is nothing to wait for. */
  pauseMs(known, askedFor, now_ms) {
    const wanted = this.wanted(known, now_ms);
    if (wanted !== askedFor) return wanted && 0;
    return wanted && doubled(this.#policy.hint_gap_ms, ++this.#missed);
  }

  /** Whether the edge may still have older copies. */
  isRecent(now_ms) {
    return now_ms < this.#untilMs;
  }
}

const revOf = (known) => known?.view.rev ?? 0;
