// What a person with the role ops sees and does: the overview, which is polled, and the requests
// to the API.

import { NoAnswer, Problem } from "../../shared/api/api.js";
import { PollingSession } from "../../shared/api/polling_session.js";
import { msOf } from "../../shared/ui/time.js";

const POLL_EVERY_MS = 15_000;

export class OpsSession extends PollingSession {
  overview = null;
  #service;
  #refused = false;

  constructor(options) {
    super({ ...options, interval_ms: POLL_EVERY_MS });
    this.#service = options.service;
  }

  /** The age of what is shown: since we asked, or since the server gathered it if that is more. */
  get age_ms() {
    if (super.age_ms === null || this.overview === null) return null;
    return Math.max(super.age_ms, this.now_ms - msOf(this.overview.as_of));
  }

  /** `signed_out`, `expired`, `refused` (signed in without the role), `loading` or `shown`. */
  get scene() {
    if (this.user === null) return "signed_out";
    if (this.freshness.kind === "signed_out") return "expired";
    if (this.#refused) return "refused";
    return this.overview === null ? "loading" : "shown";
  }

  get mayPoll() {
    return super.mayPoll && !this.#refused;
  }

  async begin(user) {
    this.#refused = !(user.roles ?? []).some((role) => ["owner", "ops"].includes(role));
    return super.begin(user);
  }

  clear() {
    this.overview = null;
  }

  async read(isCurrent) {
    try {
      const answer = await this.#service.overview();
      if (!isCurrent()) return;
      this.setServerTime(answer.date);
      this.overview = answer.body;
    } catch (error) {
      if (isCurrent()) this.#refused = isRefused(error);
      throw error;
    }
  }

  timeline(job_id) {
    return this.watch(() => this.#service.timeline(job_id));
  }

  deadLetters(queue) {
    return this.watch(() => this.#service.deadLetters(queue));
  }

  repair(job_id) {
    return this.#change(() => this.#service.repair(job_id));
  }

  redrive(queue, message_ids) {
    return this.#change(() => this.#service.redrive(queue, message_ids));
  }

  discard(queue, message_ids) {
    return this.#change(() => this.#service.discard(queue, message_ids));
  }

  async #change(request) {
    try {
      return await this.watch(request);
    } finally {
      this.nudge(); // also without an answer: the change may have been made
    }
  }
}

/**
 * Why a request failed; `what` as in "261121-7k3m2q was not repaired". If the request changes
 * something and no answer came, it is unknown whether the change was made.
 */
export function failureText(error, what, { changes = true } = {}) {
  if (error instanceof NoAnswer && changes)
    return "No answer came, so the change may or may not have been made. Check before you try again.";
  if (error instanceof NoAnswer)
    return `${what}: no answer came. Check your connection and try again.`;
  if (!(error instanceof Problem))
    return `${what}: something went wrong on this page. Reload it.`;
  if (error.status === 401) return `${what}: your session has ended. Sign in and try again.`;
  if (error.status === 403) return `${what}: this needs the role ops.`;
  if (error.slug === "unknown-job") return `${what}: there is no such job.`;
  const why = error.detail || error.title || "the service has a problem, try again in a moment";
  return `${what}: ${why.replace(/\.$/, "")}.`;
}

function isRefused(error) {
  return error instanceof Problem && error.status === 403;
}
