// The API requests of the crew page. Every change has the id and the time that the queue gave it, so
// it can be sent again.

import { NoAnswer, Problem, signIn } from "../../shared/api/api.js";

const UPLOAD_TIMEOUT_MS = 60_000;
const UNREADABLE = { type: "/problems/photo-unreadable", title: "The phone has lost this photo" };

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

  /** Announces the photo, uploads it, and confirms the upload. Each step can be repeated. */
  async #photo(job_id, event, { photo_kind, media_type, blob }) {
    const bytes = await bytesOf(blob);
    const body = { ...event, kind: photo_kind, media_type, bytes: bytes.byteLength };
    const path = `${jobPath(job_id)}/photos`;
    const announced = (await this.#api.ask("POST", path, { body })).body;
    if (announced === null) return null;
    const { photo_id, upload } = announced;
    if (upload) await this.#upload(upload, bytes);
    try {
      return (await this.#api.ask("POST", `${path}/${photo_id}`, { body })).body;
    } catch (error) {
      if (error.slug === "photo-missing") throw new Problem(503, error.document);
      throw error;
    }
  }

  async #upload({ url, headers }, body) {
    const signal = AbortSignal.timeout(UPLOAD_TIMEOUT_MS);
    let response;
    try {
      response = await this.#fetch(url, { method: "PUT", headers, body, signal });
    } catch {
      throw new NoAnswer(signal.aborted ? "timeout" : "unreachable");
    }
    // The upload's signature has expired, or the data was damaged: the next try announces it again.
    if (!response.ok) throw new Problem(503, { title: `the upload was answered ${response.status}` });
  }
}

async function bytesOf(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new Problem(422, UNREADABLE);
  }
}

function jobPath(job_id) {
  return `/jobs/${encodeURIComponent(job_id)}`;
}
