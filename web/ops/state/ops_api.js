// What the ops page asks of the API, by name. Nothing that changes something is sent again by
// itself: its answer tells what was done, and a second one would say "nothing".

import { Api, signIn } from "../../shared/api/api.js";

const TIMEOUT_MS = 25_000; // a story is gathered from many places
const STORY_TRIES = 2;

export class Operating {
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

  /** How the whole is doing, as the answer comes: looking has a pace of its own. */
  overview() {
    return this.#api.get("/ops", { tries: 1 });
  }

  /** Everything that happened to a job. Raises Problem `unknown-job`. */
  async story(job_id) {
    return (await this.#api.get(jobPath(job_id), { tries: STORY_TRIES })).body;
  }

  /** The repairs that were made; none where nothing was wrong. */
  async repair(job_id) {
    return (await this.#api.ask("POST", `${jobPath(job_id)}/repair`)).body.repairs;
  }

  async letters(queue) {
    return (await this.#api.get(lettersPath(queue), { tries: STORY_TRIES })).body.messages;
  }

  /** {done, remaining}; `message_ids` null means all that are there. */
  async redrive(queue, message_ids) {
    return this.#onLetters(queue, "redrive", message_ids);
  }

  async discard(queue, message_ids) {
    return this.#onLetters(queue, "discard", message_ids);
  }

  async #onLetters(queue, what, message_ids) {
    const request_body = { body: { message_ids } };
    return (await this.#api.ask("POST", `${lettersPath(queue)}/${what}`, request_body)).body;
  }
}

function jobPath(job_id) {
  return `/ops/jobs/${encodeURIComponent(job_id)}`;
}

function lettersPath(queue) {
  return `/ops/dead-letters/${encodeURIComponent(queue)}`;
}
