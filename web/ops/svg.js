// How the page draws: SVG elements, and parts drawn again only where they say something new.

import { fill, keepingFocus } from "/shared/ui/elements.js";

const SVG = "http://www.w3.org/2000/svg";
const drawn = new WeakMap();

/** An element of SVG: `svg("rect", { x: 1, class: "box" }, child)`; `vars` as in `el`. */
export function svg(tag, { vars = {}, ...attributes } = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  for (const [name, value] of Object.entries(vars)) node.style.setProperty(name, value);
  node.append(...children.flat().filter(Boolean));
  return node;
}

/**
 * Fill `node` with what `build()` makes, unless it already shows `value`: nothing is taken from
 * under a finger or out of a selection only because a quarter of a minute has passed.
 */
export function redraw(node, value, build) {
  const says = JSON.stringify(value);
  if (drawn.get(node) === says) return;
  drawn.set(node, says);
  const held = node.contains(document.activeElement);
  keepingFocus(node, () => fill(node, build()));
  if (held && !node.contains(document.activeElement)) headingOf(node)?.focus();
}

/** Where to go on from when what had the focus is no longer there. */
function headingOf(node) {
  return node.closest("section")?.querySelector("h2");
}
