// A crew member's day as the phone has it: the account, the jobs, and when they were read. It is
// stored on the phone, so that the page opens with it, with signal or without.

import { newest } from "./crew_day.js";
import { changesOf, withChanges } from "./day_changes.js";
import { dayAt } from "../../shared/ui/business_time.js";
import { clockAheadMs } from "../../shared/api/refresh_timer.js";
import { HOUR_MS } from "../../shared/ui/time.js";

const STORED_FOR_MS = 48 * HOUR_MS;
const NOTHING = Object.freeze({
  session: null,
  flows: {},
  jobs: [],
  changes: [],
  trucks: {},
  office_texts: {},
  time_zone: null,
  as_of: null,
});

export class SavedDay {
  #known = NOTHING;
  #aheadMs = 0;
  #store;
  #clock;

  /** `store` as in crew_store.js. */
  constructor(store, clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** {session, flows, jobs, changes, trucks, office_texts, time_zone, as_of}; null or empty until known. */
  get known() {
    return this.#known;
  }

  /** The server's time, because the phone's clock may be wrong. */
  get now_ms() {
    return this.#clock() + this.#aheadMs;
  }

  /** The age of the jobs; null if there are none. */
  get age_ms() {
    const { as_of } = this.#known;
    return as_of === null ? null : Math.max(0, this.now_ms - Date.parse(as_of));
  }

  async load() {
    const kept = await this.#store.get("day");
    if (kept && this.#clock() - kept.kept_at_ms < STORED_FOR_MS) {
      this.#aheadMs = kept.ahead_ms;
      this.#known = { ...NOTHING, ...kept.day };
    } else if (kept) await this.#store.set("day", null);
  }

  /** Starts the day of `session`'s account. Another account's day is removed. */
  begin(session) {
    const mine = session.account === this.#known.session?.account;
    this.#known = { ...(mine ? this.#known : NOTHING), session };
  }

  learn(flows) {
    this.#known = { ...this.#known, flows };
  }

  clear() {
    this.#known = NOTHING;
  }

  /** Takes the jobs of a server response with that `date` header. */
  async read({ jobs, trucks = {}, office_texts = {}, time_zone }, date) {
    this.#aheadMs = clockAheadMs(date, this.#clock());
    const as_of = new Date(this.now_ms).toISOString();
    const known = new Map(this.#known.jobs.map((job) => [job.job_id, job]));
    const learned = { jobs: newest(jobs, known), trucks, office_texts, time_zone, as_of };
    this.#known = { ...this.#known, ...this.#changed(learned.jobs, time_zone), ...learned };
    await this.#save();
  }

  /** Takes a job after one of this phone's actions. */
  async take(job) {
    const newer = (known) => known.job_id === job?.job_id && known.rev <= job.rev;
    const jobs = this.#known.jobs.map((known) => (newer(known) ? job : known));
    this.#known = { ...this.#known, ...this.#changed(jobs, this.#known.time_zone), jobs };
    await this.#save();
  }

  /** {changes}: what the person has not read yet. A list of another day is not compared. */
  #changed(jobs, zone) {
    const { as_of, flows, jobs: before, changes } = this.#known;
    const { now_ms } = this;
    if (as_of === null || dayAt(Date.parse(as_of), zone) !== dayAt(now_ms, zone)) return { changes: [] };
    return { changes: withChanges(changes, changesOf(before, jobs, { flows, now_ms, zone })) };
  }

  /** The person has read what has changed. */
  async dismissChanges() {
    this.#known = { ...this.#known, changes: [] };
    await this.#save();
  }

  async #save() {
    if (this.#known.session === null) return;
    const kept = { day: this.#known, ahead_ms: this.#aheadMs, kept_at_ms: this.#clock() };
    try {
      await this.#store.set("day", kept);
    } catch {
      // The storage is full, so the earlier day stays. It has its own time.
    }
  }
}
