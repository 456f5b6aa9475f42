// The actions of a crew member that the server does not have yet: moves, notes, and photos, in the
// order they were done. They are stored until the server has accepted or refused them.
//
// An action gets its `event_id` and `occurred_at` once, here. A second copy of it changes nothing,
// so a lost answer, a closed browser, or a second tab do no harm. Within a job the order is strict:
// an action that cannot be sent now delays those after it, but not those of other jobs. A refused
// action stays, with its reason, until the person dismisses it. The actions after it are sent
// anyway, because only the server knows whether they are still allowed.

import { NoAnswer, Problem, newId } from "../../shared/api/api.js";

const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 60_000;
const DOUBLINGS_MAX = 6;
const RETRYABLE = [408, 425, 429];

/**
 * The options: `store` as in crew_store.js; `who()` resolves with the account that is signed in now;
 * `send(item)` sends one action and resolves with the job after it; `sent(job)` is called then;
 * `changed()` is called when the queue has changed; `alone(act)` runs `act` unless another tab does.
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

  /** `idle`, `sending`, `offline`, `unreachable`, `trouble` or `signed_out`. */
  get state() {
    return this.#offline ? "offline" : this.#state;
  }

  /** The actions that are not sent yet, oldest first. */
  waiting(account) {
    return this.#of(account).filter((item) => !item.refused);
  }

  /** The refused actions that are not dismissed yet, oldest first. */
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

  /** Reads the store: once at the start, and when another tab has changed it. */
  async load() {
    this.#items = await this.#options.store.items();
    this.#options.changed();
  }

  /** Stores an action done at `occurred_at`. Raises an error if the phone cannot store it. */
  async add(action) {
    const item = { ...action, event_id: newId(), tries: 0, refused: null, fault: null };
    item.seq = await this.#options.store.add(item);
    if (!this.#items.some(({ seq }) => seq === item.seq)) this.#items = [...this.#items, item];
    this.#options.changed();
    this.replay();
    return item;
  }

  /** The person has read why the action was refused, or discards it. */
  async dismiss(seq) {
    await this.#options.store.remove(seq);
    this.#drop(seq);
    this.#options.changed();
  }

  /**
   * Takes the action back: one that was never sent is removed. For every other one, `back` is added,
   * which undoes it on the server; it is sent only if the action itself was accepted.
   */
  async takeBack({ seq, event_id }, back) {
    if (await this.#removedUnsent(seq)) this.#options.changed();
    else await this.add({ ...back, undoes: event_id });
  }

  async #removedUnsent(seq) {
    if (this.#busy) return false;
    this.#busy = true; // or it would be sent while it is removed
    try {
      return Boolean(await this.#options.alone(() => this.#removeUnsent(seq)));
    } finally {
      this.#busy = false;
      this.#plan();
    }
  }

  async #removeUnsent(seq) {
    await this.load();
    const item = this.#items.find((known) => known.seq === seq);
    if (item === undefined || item.tries > 0) return false;
    await this.#options.store.remove(seq);
    this.#drop(seq);
    return true;
  }

  /** Sends a refused action again, with the same id. */
  async sendAgain(seq) {
    const refused = this.#items.find((item) => item.seq === seq);
    if (refused === undefined) return;
    await this.#replace({ ...refused, refused: null });
    this.#options.changed();
    this.replay();
  }

  /** Removes the actions of all accounts from the phone. */
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

  /** Sends the waiting actions, as far as that is possible now. */
  async replay() {
    if (this.#busy) return void (this.#again = true);
    if (this.#offline || this.#state === "signed_out" || !this.#anyWaiting) return;
    this.#busy = true;
    this.#options.clearTimer(this.#timer);
    try {
      await this.#options.alone(() => this.#sendAll());
    } finally {
      this.#busy = false;
      this.#plan();
      this.#options.changed();
    }
  }

  get #anyWaiting() {
    return this.#items.some((item) => !item.refused);
  }

  /** Ends, because each turn removes an action, holds its job, or raises an error. */
  async #sendAll() {
    this.#again = false;
    this.#state = "sending";
    const held = new Map();
    try {
      this.#account = await this.#options.who();
      await this.load();
      let item;
      while ((item = this.#next(held))) await this.#sendOne(item, held);
      this.#state = held.size > 0 ? "trouble" : "idle";
    } catch (error) {
      this.#state = stateAfter(error);
    }
    this.#failures = this.#state === "idle" ? 0 : this.#failures + 1;
  }

  /** The actions of another account wait until that person signs in again. */
  #next(held) {
    return this.waiting(this.#account).find((item) => !held.has(item.job_id));
  }

  /** Raises an error if nothing else can be sent now either. */
  async #sendOne(item, held) {
    try {
      const job = await this.#options.send(item);
      await this.#accepted(item, job);
    } catch (error) {
      await this.#failed(item, error);
      if (isForAll(error)) throw error;
      if (!isFinal(error)) held.set(item.job_id, error);
    }
    this.#options.changed();
  }

  /** Removes the action first: even if the new job cannot be stored, it must not be sent again. */
  async #accepted(item, job) {
    await this.#options.store.remove(item.seq);
    this.#drop(item.seq);
    await this.#options.sent(job);
  }

  async #failed(item, error) {
    if (!this.#items.some(({ seq }) => seq === item.seq)) return; // discarded meanwhile
    const refused = isFinal(error) ? problemOf(error) : null;
    const fault = error instanceof Problem ? error.slug || String(error.status) : "no-answer";
    await this.#replace({ ...item, tries: item.tries + 1, refused, fault });
    if (refused) await this.#dropUndoOf(item);
  }

  /** What was refused cannot be undone: the server would undo the move before it. */
  async #dropUndoOf({ event_id }) {
    for (const { seq } of this.#items.filter(({ undoes }) => undoes === event_id)) {
      await this.#options.store.remove(seq);
      this.#drop(seq);
    }
  }

  async #replace(item) {
    this.#items = this.#items.map((known) => (known.seq === item.seq ? item : known));
    try {
      await this.#options.store.put(item);
    } catch {
      // The storage is full, so the old item stays. It is sent again and gets the same answer.
    }
  }

  #drop(seq) {
    this.#items = this.#items.filter((item) => item.seq !== seq);
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    const left = this.#account === null ? this.#anyWaiting : this.waiting(this.#account).length > 0;
    if (this.#offline || this.#state === "signed_out" || !left) return;
    const ceiling_ms = RETRY_BASE_MS * 2 ** Math.min(this.#failures, DOUBLINGS_MAX);
    const most_ms = this.#again ? RETRY_BASE_MS : Math.min(ceiling_ms, RETRY_CAP_MS);
    const wait_ms = Math.floor(most_ms * (0.5 + this.#options.random() / 2));
    this.#timer = this.#options.setTimer(() => this.replay(), wait_ms);
  }
}

/** Trying again would get the same answer. */
function isFinal(error) {
  if (!(error instanceof Problem) || error.status === 401) return false;
  return error.status >= 400 && error.status < 500 && !RETRYABLE.includes(error.status);
}

/** Nothing can be sent now. A timeout may concern only this action, such as a large photo. */
function isForAll(error) {
  if (error instanceof NoAnswer) return error.reason === "unreachable";
  return error instanceof Problem && [401, 429].includes(error.status);
}

function stateAfter(error) {
  if (error instanceof NoAnswer) return "unreachable";
  return error instanceof Problem && error.status === 401 ? "signed_out" : "trouble";
}

/** What is stored about a refusal: the problem's texts, and the job's status now. */
function problemOf({ status, slug, title, detail, document }) {
  const { why = null, job_status = null, moved_by = null, moved_at = null } = document;
  return { status, slug, why, title, detail, job_status, moved_by, moved_at };
}
