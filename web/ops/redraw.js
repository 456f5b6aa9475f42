// Drawing a part of the page again only if its data has changed.

import { fill, keepingFocus } from "/shared/ui/elements.js";

const drawn = new WeakMap();

/**
 * Fills `node` with `build()`, unless it already shows `value`. A poll that brings nothing new must
 * not replace a button that someone is pressing, or text that someone has selected.
 */
export function redraw(node, value, build) {
  const says = JSON.stringify(value);
  if (drawn.get(node) === says) return;
  drawn.set(node, says);
  const held = node.contains(document.activeElement);
  keepingFocus(node, () => fill(node, build()));
  if (held && !node.contains(document.activeElement)) headingOf(node)?.focus();
}

/** Gets the focus if the focused element is gone. */
function headingOf(node) {
  return node.closest("section")?.querySelector("h2");
}
