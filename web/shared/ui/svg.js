// SVG elements.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element: `svg("rect", { x: 1, class: "box" }, child)`; `vars` as in `el`. */
export function svg(tag, { vars = {}, ...attributes } = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  for (const [name, value] of Object.entries(vars)) node.style.setProperty(name, value);
  node.append(...children.flat().filter(Boolean));
  return node;
}
