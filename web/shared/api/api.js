// The HTTP API, as pages use it: one request at a time, problem documents as errors, time limits,
// and a second try only where a second copy of the request can do no harm.

import { retryAfterMs } from "../reader/responses.js";

const TIMEOUT_MS = 10_000;
const TRIES = 3;
const RETRY_BASE_MS = 600;
const RETRY_CAP_MS = 5_000;
const WORTH_ANOTHER_TRY = [429, 502, 503, 504];
const READS = ["GET", "HEAD"];

/** The API said no, and why (RFC 9457). `slug` is the last part of the problem's type. */
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
 * No answer came: `reason` is `timeout` or `unreachable`. Whether the request arrived is unknown;
 * only one that carries its own id may be sent again.
 */
export class NoAnswer extends Error {
  constructor(reason) {
    super(`no answer: ${reason}`);
    this.name = "NoAnswer";
    this.reason = reason;
  }
}

/** The sign-in was right, and yet there is no session: this browser keeps no cookies for the page. */
export class NoCookies extends Error {
  constructor() {
    super("signed in, but the browser keeps no cookie");
    this.name = "NoCookies";
  }
}

/** The session of that account. Raises Problem `wrong-credentials`, NoCookies, NoAnswer, others. */
export async function signIn(api, account, password) {
  const { body } = await api.ask("POST", "/session", { body: { account, password } });
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

/** An id that no one else makes: for events and for Idempotency-Key. */
export function newId() {
  return crypto.randomUUID();
}

/** Hex SHA-256 of the body: the edge signs requests to the API with it. */
export async function sha256Hex(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The API at `/api`. All of `options` has defaults; tests hand in a fetch, a pause and a clock. */
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
   * {status, body, etag, date}: the answer, where it is 2xx or 304. Raises Problem or NoAnswer.
   *
   * `repeatable`: the request may be sent again when no answer came; reads are. `tries` bounds how
   * often it is sent in all.
   */
  async ask(method, path, options = {}) {
    const { body, headers = {}, repeatable = READS.includes(method), tries = TRIES } = options;
    const request = await this.#requestOf(method, body, headers);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(path, request);
      } catch (error) {
        if (!repeatable || attempt >= tries || !worthAnotherTry(error)) throw error;
        await this.#pause(this.#pauseMs(attempt, error));
      }
    }
  }

  get(path, { etag = null, tries } = {}) {
    return this.ask("GET", path, { headers: etag ? { "if-none-match": etag } : {}, tries });
  }

  async #requestOf(method, body, headers) {
    const common = { accept: "application/json", ...headers };
    const options = { method, cache: "no-store", credentials: "same-origin", redirect: "error" };
    if (READS.includes(method)) return { ...options, headers: common };
    const text = body === undefined ? "" : JSON.stringify(body);
    const hash = { "x-amz-content-sha256": await sha256Hex(text) };
    if (body === undefined) return { ...options, headers: { ...common, ...hash } };
    const type = { "content-type": "application/json" };
    return { ...options, body: text, headers: { ...common, ...type, ...hash } };
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
  if (body === null && text !== "") throw new Problem(502, { title: "not an answer of ours" });
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

/** Whoever is told to wait for long tells the person instead of trying again behind their back. */
function worthAnotherTry(error) {
  if (error instanceof NoAnswer) return true;
  if (!(error instanceof Problem) || error.retry_after_ms > RETRY_CAP_MS) return false;
  return WORTH_ANOTHER_TRY.includes(error.status);
}
