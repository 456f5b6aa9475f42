// What a crew has done and the office does not know yet: moves, notes, photos, in the order they
// were done. They are kept until the server has taken or refused them, whatever happens meanwhile.
//
// An action gets its `event_id` and `occurred_at` once, here; a second copy of it changes nothing,
// so a lost answer, a closed browser or a second tab do no harm. Within a job the order is strict:
// an action that cannot be sent now holds up those after it, but not the other jobs. What the
// server refuses stays, with its reason, until the person has seen it; the actions after it are
// sent all the same, for the server knows best what still holds.

import { NoAnswer, Problem, newId } from "../../shared/api/api.js";

const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 60_000;
const DOUBLINGS_MAX = 6;
const WORTH_ANOTHER_TRY = [408, 425, 429];

/**
 * The options: `store` as in crew_store.js; `who()` is the account that requests are made as now;
 * `send(item)` does one action and answers with the job after it; `sent(job)` is told of it;
 * `changed()` whenever something is to be shown again; `alone(act)` runs `act` unless another tab is
 * at it; clock, timers and randomness as everywhere.
 */
export class CrewQueue {
  #items = [];
  #options;
  #timer = null;
  #busy = false;
  #again = false;
  #failures = 0;
  #offline = false;
  #state = "idle";
  #account = null;

  constructor({ random = Math.random, alone = (act) => act(), ...options }) {
    this.#options = { random, alone, ...options };
  }

  /** `idle`, `sending`, `offline`, `unreachable`, `trouble` or `signed_out`: how it goes. */
  get state() {
    return this.#offline ? "offline" : this.#state;
  }

  /** What is not sent yet, oldest first. */
  waiting(account) {
    return this.#of(account).filter((item) => !item.refused);
  }

  /** What the server refused and no one has dismissed, oldest first. */
  refused(account) {
    return this.#of(account).filter((item) => item.refused);
  }

  /** How many actions of other accounts wait on this phone. */
  others(account) {
    return this.#items.filter((item) => item.account !== account && !item.refused).length;
  }

  #of(account) {
    return this.#items.filter((item) => item.account === account);
  }

  /** Read what is kept; to be called once at first, and when another tab has changed it. */
  async load() {
    this.#items = await this.#options.store.items();
    this.#options.changed();
  }

  /** Keep an action; it counts as done at `occurred_at`. Raises where the phone cannot keep it. */
  async add(action) {
    const item = { ...action, event_id: newId(), tries: 0, refused: null, fault: null };
    item.seq = await this.#options.store.add(item);
    if (!this.#items.some(({ seq }) => seq === item.seq)) this.#items = [...this.#items, item];
    this.#options.changed();
    this.replay();
    return item;
  }

  /** The person has seen why it was refused, or gives it up. */
  async dismiss(seq) {
    await this.#options.store.remove(seq);
    this.#forget(seq);
    this.#options.changed();
  }

  /** What was refused is put to the office once more, under the same id. */
  async sendAgain(seq) {
    const refused = this.#items.find((item) => item.seq === seq);
    if (refused === undefined) return;
    await this.#replace({ ...refused, refused: null });
    this.#options.changed();
    this.replay();
  }

  /** Nothing of anybody is left on the phone. */
  async wipe() {
    this.#items = [];
    await this.#options.store.wipe();
    this.#options.changed();
  }

  /** "online", "offline", "visible", "signed_in" or "signed_out". */
  signal(name) {
    if (name === "offline") this.#offline = true;
    if (name === "online") this.#offline = false;
    if (name === "signed_out") this.#state = "signed_out";
    if (name === "signed_in") this.#state = "idle";
    if (name === "offline" || name === "signed_out") this.#options.clearTimer(this.#timer);
    else this.replay();
  }

  /** Send all that waits, as far as that is possible now. */
  async replay() {
    if (this.#busy) return void (this.#again = true);
    if (this.#offline || this.#state === "signed_out" || !this.#anything) return;
    this.#busy = true;
    this.#options.clearTimer(this.#timer);
    try {
      await this.#options.alone(() => this.#pass());
    } finally {
      this.#busy = false;
      this.#plan();
      this.#options.changed();
    }
  }

  get #anything() {
    return this.#items.some((item) => !item.refused);
  }

  /** Each turn takes an action away, or holds its job up, or is the last: so it ends. */
  async #pass() {
    this.#again = false;
    this.#state = "sending";
    const held = new Map();
    try {
      this.#account = await this.#options.who();
      await this.load();
      let item;
      while ((item = this.#next(held))) await this.#take(item, held);
      this.#state = held.size > 0 ? "trouble" : "idle";
    } catch (error) {
      this.#state = stateAfter(error);
    }
    this.#failures = this.#state === "idle" ? 0 : this.#failures + 1;
  }

  /** What someone else did on this phone waits until they sign in again. */
  #next(held) {
    return this.waiting(this.#account).find((item) => !held.has(item.job_id));
  }

  /** Raises where nothing else can be sent now either. */
  async #take(item, held) {
    try {
      const job = await this.#options.send(item);
      await this.#taken(item, job);
    } catch (error) {
      await this.#failed(item, error);
      if (isForAll(error)) throw error;
      if (!isFinal(error)) held.set(item.job_id, error);
    }
    this.#options.changed();
  }

  /** It goes first: whatever cannot be kept of the job after it, it is not sent again. */
  async #taken(item, job) {
    await this.#options.store.remove(item.seq);
    this.#forget(item.seq);
    await this.#options.sent(job);
  }

  async #failed(item, error) {
    if (!this.#items.some(({ seq }) => seq === item.seq)) return; // given up meanwhile
    const refused = isFinal(error) ? problemOf(error) : null;
    const fault = error instanceof Problem ? error.slug || String(error.status) : "no-answer";
    await this.#replace({ ...item, tries: item.tries + 1, refused, fault });
  }

  async #replace(item) {
    this.#items = this.#items.map((known) => (known.seq === item.seq ? item : known));
    try {
      await this.#options.store.put(item);
    } catch {
      // A full phone keeps it as it was: it is sent once more, and answered the same.
    }
  }

  #forget(seq) {
    this.#items = this.#items.filter((item) => item.seq !== seq);
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    const left = this.#account === null ? this.#anything : this.waiting(this.#account).length > 0;
    if (this.#offline || this.#state === "signed_out" || !left) return;
    const ceiling_ms = RETRY_BASE_MS * 2 ** Math.min(this.#failures, DOUBLINGS_MAX);
    const most_ms = this.#again ? RETRY_BASE_MS : Math.min(ceiling_ms, RETRY_CAP_MS);
    const wait_ms = Math.floor(most_ms * (0.5 + this.#options.random() / 2));
    this.#timer = this.#options.setTimer(() => this.replay(), wait_ms);
  }
}

/** Trying again would be answered the same. */
function isFinal(error) {
  if (!(error instanceof Problem) || error.status === 401) return false;
  return error.status >= 400 && error.status < 500 && !WORTH_ANOTHER_TRY.includes(error.status);
}

/** It is not this action: nothing can be sent now. A timeout may be one large photo's alone. */
function isForAll(error) {
  if (error instanceof NoAnswer) return error.reason === "unreachable";
  return error instanceof Problem && [401, 429].includes(error.status);
}

function stateAfter(error) {
  if (error instanceof NoAnswer) return "unreachable";
  return error instanceof Problem && error.status === 401 ? "signed_out" : "trouble";
}

/** What is kept of a refusal: the problem's own words, and where the job is now. */
function problemOf({ status, slug, title, detail, document }) {
  const { why = null, job_status = null, moved_by = null, moved_at = null } = document;
  return { status, slug, why, title, detail, job_status, moved_by, moved_at };
}
