// The API requests of the crew page. Every change has the id and the time that the queue gave it, so
// it can be sent again.

import { signIn } from "../../shared/api/api.js";
import { sendPhoto } from "../../shared/api/photo_upload.js";

export class CrewApi {
  #api;
  #fetch;

  constructor(api, fetch = globalThis.fetch.bind(globalThis)) {
    this.#api = api;
    this.#fetch = fetch;
  }

  async session(tries = 1) {
    return (await this.#api.get("/session", { tries })).body;
  }

  async signIn(account, password) {
    return signIn(this.#api, account, password);
  }

  async signOut() {
    await this.#api.ask("DELETE", "/session", { repeatable: true });
  }

  async flows() {
    return (await this.#api.get("/flows", { tries: 1 })).body;
  }

  /** The whole answer, because the session needs its date. Polling repeats it, so no retries. */
  myJobs() {
    return this.#api.get("/my/jobs", { tries: 1 });
  }

  /** Raises Problem 409 if the job is not under way. */
  async sendLocation(job_id, where) {
    await this.#api.ask("PUT", `${jobPath(job_id)}/location`, { body: where });
  }

  /** No retries: the caller repeats it. */
  async removeLocation(job_id) {
    await this.#api.ask("DELETE", `${jobPath(job_id)}/location`);
  }

  /**
   * Sends one action of the queue, once. The job after it, or null if the action was already done
   * and the job is no longer this person's. Raises Problem or NoAnswer.
   */
  async send({ kind, job_id, event_id, occurred_at, ...action }) {
    const event = { event_id, occurred_at };
    if (kind === "photo") return this.#photo(job_id, event, action.photo);
    if (kind === "move") {
      const body = { ...event, ...action.move };
      return (await this.#api.ask("POST", `${jobPath(job_id)}/moves`, { body })).body;
    }
    return (await this.#api.ask("PATCH", jobPath(job_id), { body: { ...event, ...action.edit } }))
      .body;
  }

  /** Null if someone else has the job meanwhile. */
  #photo(job_id, event, { photo_kind, media_type, blob }) {
    const ask = async (path, body) => (await this.#api.ask("POST", path, { body })).body;
    const body = { ...event, kind: photo_kind, media_type };
    return sendPhoto({ ask, fetch: this.#fetch, path: `${jobPath(job_id)}/photos`, body, blob });
  }
}

function jobPath(job_id) {
  return `/jobs/${encodeURIComponent(job_id)}`;
}
