// SVG elements, and drawing a part of the page again only if its data has changed.

import { fill, keepingFocus } from "/shared/ui/elements.js";

const SVG = "http://www.w3.org/2000/svg";
const drawn = new WeakMap();

/** An SVG element: `svg("rect", { x: 1, class: "box" }, child)`; `vars` as in `el`. */
export function svg(tag, { vars = {}, ...attributes } = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  for (const [name, value] of Object.entries(vars)) node.style.setProperty(name, value);
  node.append(...children.flat().filter(Boolean));
  return node;
}

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
