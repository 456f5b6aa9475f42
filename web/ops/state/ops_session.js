// One person of ops at work: session, flows, the overview and its feed, and what is asked for.
// The browser's things (clock, timers) come in as arguments.

import { NoAnswer, Problem, isSignedOut } from "../../shared/api/api.js";
import { Feed, clockAheadMs } from "../../shared/api/refresh_timer.js";
import { msOf } from "../../shared/ui/time.js";

const LOOK_EVERY_MS = 15_000;

export class Ops {
  overview = null;
  flows = {};
  fallback = null;
  /** The zone of the business's clock. */
  zone = undefined;
  session = null;
  #service;
  #clock;
  #setTimer;
  #clearTimer;
  #onChange;
  #feed;
  #timer = null;
  #aheadMs = 0;
  #visit = 0;
  #refused = false;

  /** `onChange()` is called whenever something may have to be shown again. */
  constructor({ service, clock, setTimer, clearTimer, onChange, random }) {
    this.#service = service;
    this.#clock = clock;
    this.#setTimer = setTimer;
    this.#clearTimer = clearTimer;
    this.#onChange = onChange;
    this.#feed = new Feed(clock(), { random, interval_ms: LOOK_EVERY_MS });
  }

  /** Now, as the server has it. */
  get now_ms() {
    return this.#clock() + this.#aheadMs;
  }

  /** {kind, checked_at_ms, failures}: see Feed. */
  get fresh() {
    return this.#feed.state;
  }

  /** The age of what is shown: since we asked, or since the server gathered it if that is more. */
  get age_ms() {
    const { checked_at_ms } = this.#feed.state;
    if (checked_at_ms === null || this.overview === null) return null;
    return Math.max(0, this.#clock() - checked_at_ms, this.now_ms - msOf(this.overview.as_of));
  }

  /** `signed_out`, `expired`, `refused` (signed in without the role), `asking` or `shown`. */
  get scene() {
    if (this.session === null) return "signed_out";
    if (this.#feed.state.kind === "signed_out") return "expired";
    if (this.#refused) return "refused";
    return this.overview === null ? "asking" : "shown";
  }

  // Signing in and out

  /** Carry on the session the browser has. False where there is none; raises NoAnswer, Problem. */
  async resume() {
    try {
      return await this.#begin(await this.#service.session());
    } catch (error) {
      if (isSignedOut(error)) return false;
      throw error;
    }
  }

  async signIn(account, password) {
    return this.#begin(await this.#service.signIn(account, password));
  }

  async signOut() {
    await this.#service.signOut();
    this.session = null;
    this.overview = null;
    this.#visit += 1;
    this.#expire();
  }

  async #begin(session) {
    const { flows, default: fallback, time_zone } = await this.#service.flows();
    if (this.session?.account !== session.account) this.overview = null;
    Object.assign(this, { session, flows, fallback, zone: time_zone });
    this.#refused = !(session.roles ?? []).some((role) => ["owner", "ops"].includes(role));
    this.#visit += 1;
    this.#feed.signal("signed_in", this.#clock());
    this.#plan();
    return true;
  }

  // The feed

  /** "hidden", "visible", "offline", "online", "nudge": see Feed. */
  signal(name) {
    this.#feed.signal(name, this.#clock());
    this.#plan();
    this.#onChange();
  }

  #plan() {
    this.#clearTimer(this.#timer);
    const idle = this.session === null || this.#refused;
    const due_ms = idle ? null : this.#feed.due_ms(this.#clock());
    if (due_ms !== null) this.#timer = this.#setTimer(() => this.#look(), due_ms);
  }

  async #look() {
    const visit = this.#visit;
    this.#feed.asked(this.#clock());
    const outcome = await this.#read(visit);
    this.#feed.answered(visit === this.#visit ? outcome : "void", this.#clock());
    this.#plan();
    this.#onChange();
  }

  async #read(visit) {
    try {
      const answer = await this.#service.overview();
      if (visit !== this.#visit) return "void";
      this.#aheadMs = clockAheadMs(answer.date, this.#clock());
      this.overview = answer.body;
      return "fresh";
    } catch (error) {
      if (isSignedOut(error)) return "signed_out";
      if (visit === this.#visit) this.#refused = isRefused(error);
      return { retry_after_ms: error.retry_after_ms ?? 0 };
    }
  }

  // Work

  story(job_id) {
    return this.#asked(() => this.#service.story(job_id));
  }

  letters(queue) {
    return this.#asked(() => this.#service.letters(queue));
  }

  repair(job_id) {
    return this.#changed(() => this.#service.repair(job_id));
  }

  redrive(queue, message_ids) {
    return this.#changed(() => this.#service.redrive(queue, message_ids));
  }

  discard(queue, message_ids) {
    return this.#changed(() => this.#service.discard(queue, message_ids));
  }

  async #changed(act) {
    try {
      return await this.#asked(act);
    } finally {
      this.signal("nudge"); // also where no answer came: it may have been done
    }
  }

  async #asked(act) {
    try {
      return await act();
    } catch (error) {
      if (isSignedOut(error)) this.#expire();
      throw error;
    }
  }

  #expire() {
    this.#feed.signal("signed_out", this.#clock());
    this.#plan();
    this.#onChange();
  }
}

/**
 * Why something did not come about; `what` as in `261121-7k3m2q was not redriven`. Where it would
 * have changed something and no answer came, no one knows whether it was done.
 */
export function failureText(error, what, { changes = true } = {}) {
  if (error instanceof NoAnswer && changes)
    return "No answer came, so it is not known whether it was done. Look again before you repeat it.";
  if (error instanceof NoAnswer)
    return `${what}: no answer came. Check your connection and try again.`;
  if (!(error instanceof Problem))
    return `${what}: something went wrong on this page. Load it again.`;
  if (error.status === 401) return `${what}: your session has ended. Sign in and try again.`;
  if (error.status === 403) return `${what}: only people with the role ops may do that.`;
  if (error.slug === "unknown-job") return `${what}: there is no such job.`;
  const why = error.detail || error.title || "the service has trouble, try again in a moment";
  return `${what}: ${why.replace(/\.$/, "")}.`;
}

function isRefused(error) {
  return error instanceof Problem && error.status === 403;
}
