// The HTTP API as the pages use it: problem documents become errors, requests have time limits, and
// only requests that can safely be repeated are retried.

import { retryAfterMs } from "../reader/responses.js";
import { signInBusiness } from "../ui/storage.js";

const TIMEOUT_MS = 10_000;
const TRIES = 3;
const RETRY_BASE_MS = 600;
const RETRY_CAP_MS = 5_000;
const RETRYABLE = [429, 502, 503, 504];
const READS = ["GET", "HEAD"];

/** The API's error response (RFC 9457). `slug` is the last part of the problem's type. */
export class Problem extends Error {
  constructor(status, document, retry_after_ms = null) {
    super(document.detail ?? document.title ?? `the answer was ${status}`);
    this.name = "Problem";
    this.status = status;
    this.slug = String(document.type ?? "")
      .split("/")
      .at(-1);
    this.title = document.title ?? "";
    this.detail = document.detail ?? "";
    this.document = document;
    this.retry_after_ms = retry_after_ms;
  }
}

/**
 * No answer came: `reason` is `timeout` or `unreachable`. The request may have arrived, so only one
 * with its own id may be sent again.
 */
export class NoAnswer extends Error {
  constructor(reason) {
    super(`no answer: ${reason}`);
    this.name = "NoAnswer";
    this.reason = reason;
  }
}

/** The sign-in succeeded, but there is no session because the browser blocks cookies. */
export class NoCookies extends Error {
  constructor() {
    super("signed in, but the browser keeps no cookie");
    this.name = "NoCookies";
  }
}

/** Signs in: the session of that account. Raises Problem `wrong-credentials`, NoCookies, NoAnswer. */
export async function signIn(api, account, password, tenant = signInBusiness()) {
  const { body } = await api.ask("POST", "/session", { body: { account, password, tenant } });
  try {
    await api.get("/session", { tries: 1 });
  } catch (error) {
    if (isSignedOut(error)) throw new NoCookies();
  }
  return body;
}

/** Whether the session has ended, or there was none. */
export function isSignedOut(error) {
  return error instanceof Problem && error.status === 401 && error.slug !== "wrong-credentials";
}

/** A unique id for an event or an Idempotency-Key. */
export function newId() {
  return crypto.randomUUID();
}

/** The API at `/api`. Tests pass their own `options`: fetch, pause, random. */
export class Api {
  #fetch;
  #pause;
  #timeout_ms;
  #random;

  constructor(options = {}) {
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#pause = options.pause ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
    this.#timeout_ms = options.timeout_ms ?? TIMEOUT_MS;
    this.#random = options.random ?? Math.random;
  }

  /**
   * {status, body, etag, date} of a 2xx or 304 response. Raises Problem or NoAnswer.
   *
   * `repeatable`: the request may be sent again if no answer came; reads are. It is sent at most
   * `tries` times.
   */
  async ask(method, path, options = {}) {
    const { body, headers = {}, repeatable = READS.includes(method), tries = TRIES } = options;
    const request = this.#requestOf(method, body, headers);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(path, request);
      } catch (error) {
        if (!repeatable || attempt >= tries || !isRetryable(error)) throw error;
        await this.#pause(this.#pauseMs(attempt, error));
      }
    }
  }

  get(path, { etag = null, tries } = {}) {
    return this.ask("GET", path, { headers: etag ? { "if-none-match": etag } : {}, tries });
  }

  #requestOf(method, body, headers) {
    const common = { accept: "application/json", ...headers };
    const options = { method, cache: "no-store", credentials: "same-origin", redirect: "error" };
    if (body === undefined) return { ...options, headers: common };
    const type = { "content-type": "application/json" };
    return { ...options, body: JSON.stringify(body), headers: { ...common, ...type } };
  }

  async #once(path, request) {
    const limit = AbortSignal.timeout(this.#timeout_ms);
    let response;
    let text;
    try {
      response = await this.#fetch(`/api${path}`, { ...request, signal: limit });
      text = await response.text();
    } catch {
      throw new NoAnswer(limit.aborted ? "timeout" : "unreachable");
    }
    return answerIn(response, text);
  }

  #pauseMs(attempt, error) {
    const ceiling_ms = Math.min(RETRY_BASE_MS * 2 ** attempt, RETRY_CAP_MS);
    const own_ms = Math.floor(this.#random() * ceiling_ms);
    return Math.max(own_ms, Math.min(error.retry_after_ms ?? 0, RETRY_CAP_MS));
  }
}

function answerIn(response, text) {
  const { status, headers } = response;
  const etag = headers.get("etag");
  const date = headers.get("date");
  if (status === 304) return { status, body: null, etag, date };
  const body = documentIn(text);
  if (!response.ok) throw new Problem(status, body ?? {}, retryAfterIn(headers));
  if (body === null && text !== "") throw new Problem(502, { title: "this is not a response of our API" });
  return { status, body, etag, date };
}

function retryAfterIn(headers) {
  const known = {
    "retry-after": headers.get("retry-after") ?? "",
    date: headers.get("date") ?? "",
  };
  return retryAfterMs(known, Date.now());
}

function documentIn(text) {
  try {
    const document = JSON.parse(text);
    return typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}

/** After a long Retry-After the person is told instead of waiting for a retry. */
function isRetryable(error) {
  if (error instanceof NoAnswer) return true;
  if (!(error instanceof Problem) || error.retry_after_ms > RETRY_CAP_MS) return false;
  return RETRYABLE.includes(error.status);
}
