// The roster of the day that is looked at: read when the day is chosen, again when a job has
// changed or time has passed. What was read stays when reading again fails. No network, no DOM.

const READ_AGAIN_MS = 30_000;
const AFTER_TROUBLE_MS = 5_000;

export class Roster {
  /** The newest CrewDocument of the chosen day; null before the first answer. */
  crew = null;
  /** Why the last reading failed; null where it did not. */
  error = null;
  #ask;
  #clock;
  #onChange;
  #date = undefined;
  #visit = 0;
  #seen = null;
  #askedAtMs = -Infinity;
  #asking = false;

  /** `ask(date)` reads the roster of that day (null: today); `clock()` is in milliseconds. */
  constructor({ ask, clock, onChange }) {
    this.#ask = ask;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /**
   * Look at `date` (null: today). `seen` says in a text which jobs are known, in which state: where
   * it has changed, so may have what people are on.
   */
  look(date, seen) {
    if (date !== this.#date) this.#turnTo(date);
    if (!this.#asking && this.#isDue(seen)) this.#read(seen);
  }

  /** Read again at the next look: something was changed from here. */
  forget() {
    this.#seen = null;
    this.#askedAtMs = -Infinity;
  }

  /** Forget what was read, whoever reads next. */
  clear() {
    this.#turnTo(undefined);
  }

  #turnTo(date) {
    this.#date = date;
    this.#visit += 1;
    this.crew = null;
    this.error = null;
    this.forget();
  }

  #isDue(seen) {
    const waited_ms = this.#clock() - this.#askedAtMs;
    if (this.error !== null) return waited_ms >= AFTER_TROUBLE_MS;
    return seen !== this.#seen || waited_ms >= READ_AGAIN_MS;
  }

  async #read(seen) {
    const date = this.#date;
    const visit = this.#visit;
    this.#asking = true;
    this.#askedAtMs = this.#clock();
    this.#seen = seen;
    const answer = await this.#answer(date);
    this.#asking = false;
    if (visit === this.#visit) Object.assign(this, answer);
    this.#onChange();
  }

  /** What the reading changes: the document, or only the error. */
  async #answer(date) {
    try {
      return { crew: await this.#ask(date), error: null };
    } catch (error) {
      return { error };
    }
  }
}
