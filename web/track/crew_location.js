// The crew's location: polled while the job is under way, removed from the page afterwards.

import { MINUTE_MS, SECOND_MS, msOf } from "../shared/ui/time.js";

const POLL_EVERY_MS = 30 * SECOND_MS;
const JITTER = 0.2;
const EXPIRES_MS = 30 * MINUTE_MS; // an older location is of no use

/** {latitude, longitude, at} from the API; null if it is not a location, or too old. */
export function locationIn(body, now_ms) {
  const { latitude, longitude, at } = body ?? {};
  const known = within(latitude, 90) && within(longitude, 180) && !Number.isNaN(msOf(at));
  if (!known || now_ms - msOf(at) >= EXPIRES_MS) return null;
  return { latitude, longitude, at };
}

function within(degrees, most) {
  return Number.isFinite(degrees) && Math.abs(degrees) <= most;
}

/**
 * Polls the location while `follow(true)` holds. `onChange` gets each new location, or null if none
 * is known. `ask` resolves with the answer's body, or null if the API has no location. If it raises
 * an error, the last location stays until it is too old.
 */
export class LocationWatch {
  #env;
  #timer = null;
  #following = false;
  #location = null;

  constructor(env) {
    const timers = {
      setTimer: globalThis.setTimeout.bind(globalThis),
      clearTimer: globalThis.clearTimeout.bind(globalThis),
    };
    this.#env = { ...timers, random: Math.random, ...env };
  }

  follow(underWay) {
    if (underWay === this.#following) return;
    this.#following = underWay;
    if (underWay) return this.#poll();
    const { clearTimer } = this.#env;
    clearTimer(this.#timer);
    this.#set(null);
  }

  async #poll() {
    const { ask, now_ms, isHidden, random, setTimer } = this.#env;
    let body = this.#location;
    if (!isHidden()) {
      try {
        body = await ask();
      } catch {
        // No answer: the last location stays, and is asked for again.
      }
    }
    if (!this.#following) return;
    this.#set(locationIn(body, now_ms()));
    const wait_ms = POLL_EVERY_MS * (1 + JITTER * (2 * random() - 1));
    this.#timer = setTimer(() => this.#poll(), wait_ms);
  }

  #set(location) {
    const changed = location?.at !== this.#location?.at;
    this.#location = location;
    if (changed) this.#env.onChange(location);
  }
}
