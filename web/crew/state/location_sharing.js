// Sharing the phone's location, only while one of the person's jobs is under way and only if they
// want it. A location is sent at once or not at all, because an old one is of no use. When sharing
// is switched off, the server is asked to remove the last location.

import { Problem } from "../../shared/api/api.js";
import { MINUTE_MS, SECOND_MS } from "../../shared/ui/time.js";

const SEND_EVERY_MS = MINUTE_MS;
const REMOVE_EVERY_MS = 15 * SECOND_MS;
const EXPIRES_MS = 30 * MINUTE_MS; // by then the server has removed a location by itself
const PERMISSION_DENIED = 1; // GeolocationPositionError.PERMISSION_DENIED

export class LocationSharing {
  #options;
  #wanted = false;
  #job_id = null;
  #timer = null;
  #lastMs = null;
  #fault = null;
  #sentFor = null;
  #sending = Promise.resolve();
  #toRemove = null;
  #removeTimer = null;

  /**
   * `position()` resolves with {latitude, longitude}; `send(job_id, where)` sends it to the server
   * and `remove(job_id)` removes it there.
   */
  constructor(options) {
    this.#options = options;
  }

  /**
   * `off`, `ending` (the last location is not removed yet), `waiting` for a job under way, `on`, or
   * `forbidden` by the phone.
   */
  get state() {
    if (this.#fault === "forbidden") return "forbidden";
    if (!this.#wanted) return this.#toRemove === null ? "off" : "ending";
    return this.#job_id === null ? "waiting" : "on";
  }

  get wanted() {
    return this.#wanted;
  }

  /** Switches sharing on or off. If off, resolves once the server was asked to remove the location. */
  async want(wanted) {
    if (wanted) this.#toRemove = null;
    else if (this.#wanted) this.#mustRemove();
    this.#wanted = wanted;
    this.#fault = null;
    this.#plan();
    await this.removeLocation();
  }

  /** `job_id`: the person's job that is under way now, or null. */
  follow(job_id) {
    if (job_id === this.#job_id) return;
    this.#job_id = job_id;
    this.#plan();
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    if (this.state !== "on") return;
    const { clock, setTimer } = this.#options;
    const wait_ms = this.#lastMs === null ? 0 : Math.max(0, this.#lastMs + SEND_EVERY_MS - clock());
    this.#timer = setTimer(() => this.#sendPosition(), wait_ms);
  }

  async #sendPosition() {
    const { clock, position, changed } = this.#options;
    const job_id = this.#job_id;
    this.#lastMs = clock();
    try {
      const where = await position();
      if (this.state === "on" && this.#job_id === job_id) await this.#send(job_id, where);
    } catch (error) {
      // No signal, no position, or not under way on the server: try again in a minute.
      if (error.code === PERMISSION_DENIED) this.#forbidden();
    }
    this.#plan();
    changed();
  }

  #send(job_id, where) {
    const sent = this.#options.send(job_id, where);
    this.#sentFor = job_id;
    this.#sending = sent.catch(() => {}); // `#sendPosition` handles the error; others only wait for the end
    return sent;
  }

  #forbidden() {
    this.#mustRemove();
    this.#wanted = false;
    this.#fault = "forbidden";
    this.removeLocation();
  }

  /** If nothing was sent in this visit, an earlier one may have sent a location for this job. */
  #mustRemove() {
    const job_id = this.#sentFor ?? this.#job_id;
    this.#sentFor = null;
    if (job_id !== null) this.#toRemove = { job_id, until_ms: this.#options.clock() + EXPIRES_MS };
  }

  /** Removes the location from the server if that is still to be done; repeats until answered. */
  async removeLocation() {
    const { clock, setTimer, clearTimer, remove, changed } = this.#options;
    clearTimer(this.#removeTimer);
    const toRemove = this.#toRemove;
    if (toRemove === null) return;
    await this.#sending; // a location that is still on its way would arrive after the removal
    if (toRemove !== this.#toRemove) return;
    const settled = await remove(toRemove.job_id).then(() => true, isFinal);
    if (toRemove !== this.#toRemove) return;
    if (settled || clock() >= toRemove.until_ms) this.#toRemove = null;
    else this.#removeTimer = setTimer(() => this.removeLocation(), REMOVE_EVERY_MS);
    changed();
  }
}

/** The job is no longer theirs, or the session has ended: trying again changes nothing. */
function isFinal(error) {
  return error instanceof Problem && error.status < 500 && error.status !== 429;
}
