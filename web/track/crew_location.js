// Where the crew is: asked for now and then while the job is under way, forgotten afterwards. No DOM.

import { MINUTE_MS, SECOND_MS, msOf } from "../shared/ui/time.js";

const EVERY_MS = 30 * SECOND_MS;
const MAP = "https://www.openstreetmap.org/";
const JITTER = 0.2;
const LASTS_MS = 30 * MINUTE_MS; // older than that it is where the crew was

/** {latitude, longitude, at} as the API says it; null for anything that is no place of now. */
export function placeIn(body, now_ms) {
  const { latitude, longitude, at } = body ?? {};
  const known = within(latitude, 90) && within(longitude, 180) && !Number.isNaN(msOf(at));
  if (!known || now_ms - msOf(at) >= LASTS_MS) return null;
  return { latitude, longitude, at };
}

function within(degrees, most) {
  return Number.isFinite(degrees) && Math.abs(degrees) <= most;
}

/** A map that opens on every device; `geo:` addresses open on few. To about a hundred meters. */
export function mapHref({ latitude, longitude }) {
  const [lat, lon] = [latitude.toFixed(3), longitude.toFixed(3)];
  return `${MAP}?mlat=${lat}&mlon=${lon}#map=15/${lat}/${lon}`;
}

/**
 * Asks for the place while `follow(true)` holds, and tells every change: a place, or null where
 * none is known. `ask` gives the answer's body, or null where the API knows no place, and raises
 * where no answer came: then what was known stays, until it is too old.
 */
export class PlaceWatch {
  #env;
  #timer = null;
  #following = false;
  #place = null;

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
    if (underWay) return this.#look();
    const { clearTimer } = this.#env;
    clearTimer(this.#timer);
    this.#tell(null);
  }

  async #look() {
    const { ask, now_ms, isHidden, random, setTimer } = this.#env;
    let body = this.#place;
    if (!isHidden()) {
      try {
        body = await ask();
      } catch {
        // no answer: what was known ages, and is asked for again
      }
    }
    if (!this.#following) return;
    this.#tell(placeIn(body, now_ms()));
    const wait_ms = EVERY_MS * (1 + JITTER * (2 * random() - 1));
    this.#timer = setTimer(() => this.#look(), wait_ms);
  }

  #tell(place) {
    const changed = place?.at !== this.#place?.at;
    this.#place = place;
    if (changed) this.#env.onPlace(place);
  }
}
