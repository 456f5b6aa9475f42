// The API requests of the ops page. A request that changes something is never retried, because its
// response says what was done and a second one would say "nothing".

import { Api, signIn } from "../../shared/api/api.js";

const TIMEOUT_MS = 25_000; // a timeline is read from many sources
const READ_TRIES = 2;

export class OpsApi {
  #api;

  constructor(api = new Api({ timeout_ms: TIMEOUT_MS })) {
    this.#api = api;
  }

  async session() {
    return (await this.#api.get("/session")).body;
  }

  async signIn(account, password) {
    return signIn(this.#api, account, password);
  }

  async signOut() {
    await this.#api.ask("DELETE", "/session", { repeatable: true });
  }

  async flows() {
    return (await this.#api.get("/flows")).body;
  }

  /** The whole answer, because the session needs its date. Polling repeats it, so no retries. */
  overview() {
    return this.#api.get("/ops", { tries: 1 });
  }

  /** Everything that happened to a job. Raises Problem `unknown-job`. */
  async timeline(job_id) {
    return (await this.#api.get(jobPath(job_id), { tries: READ_TRIES })).body;
  }

  /** The repairs that were made; empty if nothing was wrong. */
  async repair(job_id) {
    return (await this.#api.ask("POST", `${jobPath(job_id)}/repair`)).body.repairs;
  }

  async deadLetters(queue) {
    return (await this.#api.get(deadLettersPath(queue), { tries: READ_TRIES })).body.messages;
  }

  /** {done, remaining}; `message_ids` null means all in the queue. */
  async redrive(queue, message_ids) {
    return this.#settle(queue, "redrive", message_ids);
  }

  async discard(queue, message_ids) {
    return this.#settle(queue, "discard", message_ids);
  }

  async #settle(queue, what, message_ids) {
    const options = { body: { message_ids } };
    return (await this.#api.ask("POST", `${deadLettersPath(queue)}/${what}`, options)).body;
  }
}

function jobPath(job_id) {
  return `/ops/jobs/${encodeURIComponent(job_id)}`;
}

function deadLettersPath(queue) {
  return `/ops/dead-letters/${encodeURIComponent(queue)}`;
}
