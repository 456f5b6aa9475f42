// The roster of the day that is shown. It is read when the day is chosen, and again when a job has
// changed or time has passed. If reading fails, the last roster stays.

const READ_AGAIN_MS = 30_000;
const AFTER_TROUBLE_MS = 5_000;

export class Roster {
  /** The newest CrewDocument of the chosen day; null before the first answer. */
  crew = null;
  /** The error of the last read; null if it succeeded. */
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
   * Shows `date` (null: today). `seen` is a text of the known jobs and their revs: if it has changed,
   * assignments may have changed too, so the roster is read again.
   */
  show(date, seen) {
    if (date !== this.#date) this.#turnTo(date);
    if (!this.#asking && this.#isDue(seen)) this.#read(seen);
  }

  /** The roster was changed from here: the next `show` reads it again. */
  invalidate() {
    this.#seen = null;
    this.#askedAtMs = -Infinity;
  }

  /** Removes the roster, after a sign-out. */
  clear() {
    this.#turnTo(undefined);
  }

  #turnTo(date) {
    this.#date = date;
    this.#visit += 1;
    this.crew = null;
    this.error = null;
    this.invalidate();
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

  /** The document or the error. */
  async #answer(date) {
    try {
      return { crew: await this.#ask(date), error: null };
    } catch (error) {
      return { error };
    }
  }
}
