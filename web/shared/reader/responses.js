// What one answer of the edge or the API means to a reader. The same as tracking/responses.py.

export const AGE_CAP_S = 86_400;
const DIGITS_MAX = 9; // more digits are not a number of seconds that anyone waits
const NOT_HERE = [403, 404]; // a bucket without list permission answers 403 for a missing object
const BUSY = [429, 503];

/**
 * What `answer` means: {kind: "found" | "unchanged" | "missing" | "gone" | "trouble", …}.
 *
 * `answer` is {status, headers, body} with header names in lower case, or null if none came in time.
 * `conditional`: the request had If-None-Match; without it, a 304 means nothing.
 */
export function meaningOf(answer, conditional, now_ms) {
  if (answer === null) return trouble("unreachable");
  if (answer.status === 200) return meaningOfBody(answer);
  if (answer.status === 304 && conditional) return { kind: "unchanged" };
  if (NOT_HERE.includes(answer.status)) return { kind: "missing" };
  if (answer.status === 410) return { kind: "gone" };
  if (BUSY.includes(answer.status)) return trouble("busy", retryAfterMs(answer.headers, now_ms));
  const server = answer.status >= 500 && answer.status <= 599;
  return trouble(server ? "server_error" : "bad_answer");
}

function trouble(reason, retry_after_ms = null) {
  return { kind: "trouble", reason, retry_after_ms };
}

function meaningOfBody(answer) {
  const view = jsonIn(answer.body.replace(/^\ufeff/, ""));
  if (!isView(view)) return trouble("bad_answer");
  return { kind: "found", view, etag: answer.headers.etag || null };
}

/** The JSON document in `text`; null if there is none. */
export function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function isView(document) {
  return (
    isObject(document) &&
    revOf(document) !== null &&
    typeof document.status === "string" &&
    document.status !== "" &&
    typeof document.terminal === "boolean"
  );
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `rev` if it is an integer from 1 on, otherwise null. */
export function revOf(view) {
  return wholeNumber(view.rev, 1);
}

export function wholeNumber(value, least) {
  return Number.isSafeInteger(value) && value >= least ? value : null;
}

/** How long a cache had the answer (`Age`); 0 if the header is missing or unreadable. */
export function ageOfAnswerMs(headers) {
  return (wholeSeconds(headers.age ?? "", AGE_CAP_S) ?? 0) * 1000;
}

/**
 * The requested wait from now; null if there is none, or if it is unreadable.
 *
 * A date counts from the answer's own `Date`, so that a wrong clock here does not matter; without
 * one, from `now_ms`. Only dates in the form IMF-fixdate are read.
 */
export function retryAfterMs(headers, now_ms) {
  const text = (headers["retry-after"] ?? "").trim();
  const seconds = wholeSeconds(text, 10 ** DIGITS_MAX);
  if (seconds !== null) return seconds * 1000;
  const until_ms = dateMs(text);
  if (until_ms === null) return null;
  return Math.max(0, until_ms - (dateMs((headers.date ?? "").trim()) ?? now_ms));
}

function wholeSeconds(text, cap) {
  const digits = text.trim();
  if (!/^[0-9]+$/.test(digits)) return null;
  return digits.length > DIGITS_MAX ? cap : Math.min(Number(digits), cap);
}

/** `Sat, 21 Nov 2026 10:00:00 GMT` in epoch milliseconds, exactly that form or null. */
function dateMs(text) {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || new Date(ms).toUTCString() !== text ? null : ms;
}
