// What is stored between visits: the newest view ever shown. The same as tracking/saved_view.py.

import { isObject, isView, jsonIn, revOf, wholeNumber } from "./responses.js";

/** The {view, etag, checked_at_ms} in a stored text; null for nothing and for anything else. */
export function rememberedIn(text) {
  const kept = jsonIn(text ?? "");
  if (!isObject(kept) || !isView(kept.view)) return null;
  const etag = typeof kept.etag === "string" ? kept.etag : null;
  return { view: kept.view, etag, checked_at_ms: wholeNumber(kept.checked_at_ms, 0) };
}

/** Whether `fresh` may replace `stored`: two tabs share a storage, and its `rev` never decreases. */
export function mayReplace(fresh, stored) {
  return stored === null || revOf(fresh.view) >= revOf(stored.view);
}

/** A check in the future (a clock was set back) says nothing about the view's age. */
export function withoutFutureCheck(remembered, now_ms) {
  if (remembered === null || (remembered.checked_at_ms ?? 0) <= now_ms) return remembered;
  return { ...remembered, checked_at_ms: null };
}

/** `fresh`, with the later of both checks if both confirm the same `rev`. */
export function laterCheck(fresh, known) {
  if (known === null || known.view.rev !== fresh.view.rev) return fresh;
  return { ...fresh, checked_at_ms: Math.max(fresh.checked_at_ms, known.checked_at_ms ?? 0) };
}
