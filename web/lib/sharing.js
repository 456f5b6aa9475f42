// Where the phone is, told only while an own job is under way and only if its owner wants that. It
// goes out as it is or not at all: an old place is of no use, so nothing of it is kept.

const EVERY_MS = 60_000;
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

export class Sharing {
  #options;
  #wanted = false;
  #job_id = null;
  #timer = null;
  #lastMs = null;
  #fault = null;

  /** `position()` resolves with {latitude, longitude}, `tell(job_id, where)` sends it. */
  constructor(options) {
    this.#options = options;
  }

  /** `off`, `waiting` for a job under way, `on`, or `forbidden` by the phone. */
  get state() {
    if (this.#fault === "forbidden") return "forbidden";
    if (!this.#wanted) return "off";
    return this.#job_id === null ? "waiting" : "on";
  }

  get wanted() {
    return this.#wanted;
  }

  want(wanted) {
    this.#wanted = wanted;
    this.#fault = null;
    this.#plan();
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
    const { clock, position, tell, changed } = this.#options;
    const job_id = this.#job_id;
    this.#lastMs = clock();
    try {
      const where = await position();
      if (this.state === "on" && this.#job_id === job_id) await tell(job_id, where);
    } catch (error) {
      // No signal, no fix, or not under way by the office's clock: the next minute will tell.
      if (error.code === REFUSED) this.#forbidden();
    }
    this.#plan();
    changed();
  }

  #forbidden() {
    this.#wanted = false;
    this.#fault = "forbidden";
  }
}
