// What is built only when it is opened, so that a page full of people has no forms that no one needs.

import { el } from "/shared/ui/elements.js";

/** A heading that opens what `build()` returns. */
export function opened(text, build) {
  const node = el("details", {}, el("summary", {}, text));
  node.addEventListener("toggle", () => node.append(...[build()].flat()), { once: true });
  return node;
}
