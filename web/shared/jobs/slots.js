// How many places the arrival windows have left, as the service told it a moment ago.

/** At most so many are counted out on a page; with more, there is no hurry. */
const FEW = 2;

/** Without an answer of the service, no window counts as full: the service judges every booking. */
export class Slots {
  #left;

  constructor(offers = []) {
    this.#left = new Map(offers.map(({ window_start, left }) => [Date.parse(window_start), left]));
    this.offers = offers;
  }

  /** `full`, `few`, or null: nothing to say. */
  stateOf(start_ms) {
    const left = this.#left.get(start_ms);
    if (left === undefined || left > FEW) return null;
    return left === 0 ? "full" : "few";
  }

  left(start_ms) {
    return this.#left.get(start_ms);
  }

  isFull(start_ms) {
    return this.stateOf(start_ms) === "full";
  }

  /** The free windows, the nearest first. */
  get free() {
    return this.offers.filter(({ left }) => left > 0);
  }
}

/** What the API's slots say; without an answer, as if nothing were full. */
export async function readSlots(api, path) {
  try {
    const { body } = await api.get(path, { tries: 1 });
    return new Slots(Array.isArray(body?.slots) ? body.slots : []);
  } catch {
    return new Slots(); // the next look may say more
  }
}
