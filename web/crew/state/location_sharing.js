// Where the phone is, told only while an own job is under way and only if its owner wants that. It
// goes out as it is or not at all: an old place is of no use, so nothing of it is kept. Once it is
// switched off, what was told is taken back.

import { Problem } from "../../shared/api/api.js";
import { MINUTE_MS, SECOND_MS } from "../../shared/ui/time.js";

const EVERY_MS = MINUTE_MS;
const BACK_EVERY_MS = 15 * SECOND_MS;
const LASTS_MS = 30 * MINUTE_MS; // by then the office has dropped a place by itself
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

export class Sharing {
  #options;
  #wanted = false;
  #job_id = null;
  #timer = null;
  #lastMs = null;
  #fault = null;
  #toldOf = null;
  #telling = Promise.resolve();
  #owed = null;
  #backTimer = null;

  /**
   * `position()` resolves with {latitude, longitude}, `tell(job_id, where)` sends it, and
   * `forget(job_id)` has the office forget it.
   */
  constructor(options) {
    this.#options = options;
  }

  /**
   * `off`, `ending` while what was told is not taken back yet, `waiting` for a job under way, `on`,
   * or `forbidden` by the phone.
   */
  get state() {
    if (this.#fault === "forbidden") return "forbidden";
    if (!this.#wanted) return this.#owed === null ? "off" : "ending";
    return this.#job_id === null ? "waiting" : "on";
  }

  get wanted() {
    return this.#wanted;
  }

  /** Resolves, where it is switched off, once the office was asked to forget the place. */
  async want(wanted) {
    if (wanted) this.#owed = null;
    else if (this.#wanted) this.#owe();
    this.#wanted = wanted;
    this.#fault = null;
    this.#plan();
    await this.takeBack();
  }

  /** The own job that is under way now, or null. */
  follow(job_id) {
    if (job_id === this.#job_id) return;
    this.#job_id = job_id;
    this.#plan();
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    if (this.state !== "on") return;
    const { clock, setTimer } = this.#options;
    const wait_ms = this.#lastMs === null ? 0 : Math.max(0, this.#lastMs + EVERY_MS - clock());
    this.#timer = setTimer(() => this.#tell(), wait_ms);
  }

  async #tell() {
    const { clock, position, changed } = this.#options;
    const job_id = this.#job_id;
    this.#lastMs = clock();
    try {
      const where = await position();
      if (this.state === "on" && this.#job_id === job_id) await this.#send(job_id, where);
    } catch (error) {
      // No signal, no fix, or not under way by the office's clock: the next minute will tell.
      if (error.code === REFUSED) this.#forbidden();
    }
    this.#plan();
    changed();
  }

  #send(job_id, where) {
    const sent = this.#options.tell(job_id, where);
    this.#toldOf = job_id;
    this.#telling = sent.catch(() => {}); // how it ended is for `#tell`; others wait until it has
    return sent;
  }

  #forbidden() {
    this.#owe();
    this.#wanted = false;
    this.#fault = "forbidden";
    this.takeBack();
  }

  /** An earlier visit may have told of the job that is followed now. */
  #owe() {
    const job_id = this.#toldOf ?? this.#job_id;
    this.#toldOf = null;
    if (job_id !== null) this.#owed = { job_id, until_ms: this.#options.clock() + LASTS_MS };
  }

  /** Have the place forgotten, if that is still to be done; again and again without an answer. */
  async takeBack() {
    const { clock, setTimer, clearTimer, forget, changed } = this.#options;
    clearTimer(this.#backTimer);
    const owed = this.#owed;
    if (owed === null) return;
    await this.#telling; // a place on its way would be kept after it was forgotten
    if (owed !== this.#owed) return;
    const settled = await forget(owed.job_id).then(() => true, isFinal);
    if (owed !== this.#owed) return;
    if (settled || clock() >= owed.until_ms) this.#owed = null;
    else this.#backTimer = setTimer(() => this.takeBack(), BACK_EVERY_MS);
    changed();
  }
}

/** The job is not theirs any more, or the session has ended: asking again changes nothing. */
function isFinal(error) {
  return error instanceof Problem && error.status < 500 && error.status !== 429;
}
