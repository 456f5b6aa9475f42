// The API requests of the dispatch page. Moves, new jobs, and edits have their own ids, so that a
// request whose answer is lost can be repeated without being done twice.

import { newId, signIn } from "../../shared/api/api.js";

export class DispatchApi {
  #api;

  constructor(api) {
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

  /** The whole answer, because the session needs its ETag and date. Polling repeats it: no retries. */
  async board(etag) {
    const answer = await this.#api.get("/jobs", { etag, tries: 1 });
    let next = answer.body?.next;
    while (next) {
      const { body } = await this.#api.get(`/jobs?after=${encodeURIComponent(next)}`, { tries: 1 });
      Object.assign(answer.body.jobs, body.jobs);
      next = body.next;
    }
    return answer;
  }

  /** The job with all its details; its `rev` is what edits are made against. */
  async job(job_id) {
    return (await this.#api.get(jobPath(job_id))).body;
  }

  /** {kept, detail}: `kept` if it is an early move, which waits for its turn. */
  async move(job_id, { move, expected_rev, reason, note }) {
    const body = { move, expected_rev, event_id: newId(), ...withoutEmpty({ reason, note }) };
    const path = `${jobPath(job_id)}/moves`;
    const answer = await this.#api.ask("POST", path, { body, repeatable: true });
    return { kept: answer.status === 202, detail: answer.body };
  }

  /** The job after `changes`. Raises Problem 412 if it is no longer at `rev` (null: any). */
  async edit(job_id, changes, rev) {
    const key = { "idempotency-key": newId() };
    const headers = rev === null ? key : { ...key, "if-match": `"${rev}"` };
    return (
      await this.#api.ask("PATCH", jobPath(job_id), { body: changes, headers, repeatable: true })
    ).body;
  }

  /** A part of a conversation; `before` is what the later part had. */
  async conversation({ conversation, job_id }, before = null) {
    const path = conversation ? conversationPath(conversation) : `${jobPath(job_id)}/conversation`;
    const query = before === null ? "" : `?${new URLSearchParams({ before })}`;
    return (await this.#api.get(`${path}${query}`)).body;
  }

  /** The message after it was sent; the same `key` always means the same text. */
  async sendText(conversation, body, key) {
    const headers = { "idempotency-key": key };
    const options = { body: withoutEmpty(body), headers, repeatable: true };
    return (await this.#api.ask("POST", `${conversationPath(conversation)}/messages`, options)).body;
  }

  async markRead(conversation, seq) {
    const path = `${conversationPath(conversation)}/read`;
    await this.#api.ask("PUT", path, { body: { seq }, repeatable: true });
  }

  /** The customers whose number this is, or begins or ends so. */
  async customers(phone) {
    return (await this.#api.get(`/customers?${new URLSearchParams({ phone })}`)).body.customers;
  }

  /** What anyone may know of a business. */
  async business(tenant) {
    return (await this.#api.get(`/businesses/${encodeURIComponent(tenant)}`)).body;
  }

  /** Everyone who can be assigned, all trucks, and their jobs; without days, today and tomorrow. */
  async crew({ first, last } = {}) {
    const days = new URLSearchParams(withoutEmpty({ first, last })).toString();
    return (await this.#api.get(`/crew${days && "?"}${days}`)).body;
  }

  /** `day` is {hours, roles}; null resets it to all day, in every role. */
  async setDay(member, date, day) {
    const path = `/crew/${encodeURIComponent(member)}/days/${encodeURIComponent(date)}`;
    if (day === null) await this.#api.ask("DELETE", path, { repeatable: true });
    else await this.#api.ask("PUT", path, { body: day, repeatable: true });
  }

  /** {job_id, tracking_url}; the same `key` always means the same job. `price` is in dollars. */
  async create(request, key) {
    const headers = { "idempotency-key": key };
    const options = { body: withoutEmpty(request), headers, repeatable: true };
    return (await this.#api.ask("POST", "/jobs", options)).body;
  }
}

function conversationPath(conversation) {
  return `/conversations/${encodeURIComponent(conversation)}`;
}

function jobPath(job_id) {
  return `/jobs/${encodeURIComponent(job_id)}`;
}

/** `values` without the empty ones. */
export function withoutEmpty(values) {
  const filled = Object.entries(values).filter(
    ([, value]) => !["", null, undefined].includes(value),
  );
  return Object.fromEntries(filled);
}
