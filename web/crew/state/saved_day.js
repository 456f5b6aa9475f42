// What the phone knows of someone's day: whose it is, the jobs, and when they were read. It is kept
// on the phone, so that the page opens with it, with signal or without.

import { newest } from "./crew_day.js";
import { clockAheadMs } from "../../shared/api/refresh_timer.js";
import { HOUR_MS } from "../../shared/ui/time.js";

const KEPT_FOR_MS = 48 * HOUR_MS;
const NOTHING = Object.freeze({
  session: null,
  flows: {},
  jobs: [],
  trucks: {},
  time_zone: null,
  as_of: null,
});

export class KeptDay {
  #known = NOTHING;
  #aheadMs = 0;
  #store;
  #clock;

  /** `store` as in crew_store.js. */
  constructor(store, clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** {session, flows, jobs, trucks, time_zone, as_of}; null or empty where nothing is known. */
  get known() {
    return this.#known;
  }

  /** Now, as the server has it: a phone's clock may be wrong. */
  get now_ms() {
    return this.#clock() + this.#aheadMs;
  }

  /** How old what is known is; null where nothing is. */
  get age_ms() {
    const { as_of } = this.#known;
    return as_of === null ? null : Math.max(0, this.now_ms - Date.parse(as_of));
  }

  async load() {
    const kept = await this.#store.get("day");
    if (kept && this.#clock() - kept.kept_at_ms < KEPT_FOR_MS) {
      this.#aheadMs = kept.ahead_ms;
      this.#known = { ...NOTHING, ...kept.day };
    } else if (kept) await this.#store.set("day", null);
  }

  /** From now on it is the day of `session`: no one sees what was someone else's. */
  begin(session) {
    const mine = session.account === this.#known.session?.account;
    this.#known = { ...(mine ? this.#known : NOTHING), session };
  }

  learn(flows) {
    this.#known = { ...this.#known, flows };
  }

  forget() {
    this.#known = NOTHING;
  }

  /** The jobs as the office has them, in an answer of that `date`. */
  async read({ jobs, trucks = {}, time_zone }, date) {
    this.#aheadMs = clockAheadMs(date, this.#clock());
    const as_of = new Date(this.now_ms).toISOString();
    const known = new Map(this.#known.jobs.map((job) => [job.job_id, job]));
    this.#known = { ...this.#known, jobs: newest(jobs, known), trucks, time_zone, as_of };
    await this.#keep();
  }

  /** A job after an action of ours. */
  async take(job) {
    const newer = (known) => known.job_id === job?.job_id && known.rev <= job.rev;
    const jobs = this.#known.jobs.map((known) => (newer(known) ? job : known));
    this.#known = { ...this.#known, jobs };
    await this.#keep();
  }

  async #keep() {
    if (this.#known.session === null) return;
    const kept = { day: this.#known, ahead_ms: this.#aheadMs, kept_at_ms: this.#clock() };
    try {
      await this.#store.set("day", kept);
    } catch {
      // A full phone keeps the day as it was before, which says itself how old it is.
    }
  }
}
