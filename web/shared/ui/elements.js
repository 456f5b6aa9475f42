// Building the page from values. Text always stays text and is never read as markup, so a customer
// called "<img onerror=…>" is shown with exactly that name.

const SAFE_HREF = /^(https?:\/\/|(tel|sms):\+?[\d]|geo:(-?[\d]|0,0\?q=)|maps:\?daddr=|\/(?!\/)|#)/i;
const COLOUR = /^#[0-9a-f]{6}$/i;

/**
 * An element: `el("p.quiet.small", { id: "x" }, "text", child, [more, children])`.
 *
 * `onclick` and the like are listeners, `vars` are CSS custom properties, and everything else is an
 * attribute: true sets it empty, false and null omit it. Children that are null or false are omitted.
 */
export function el(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) give(node, name, value);
  node.append(...childrenIn(children));
  return node;
}

/** Replaces the content of `node` with `children`. */
export function fill(node, ...children) {
  node.replaceChildren(...childrenIn(children));
  return node;
}

/** Custom properties for the colour of a status; anything but a plain hex color is omitted. */
export function statusColour(colour) {
  return COLOUR.test(colour ?? "") ? { "--status": colour } : {};
}

function childrenIn(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

function give(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") node.addEventListener(name.slice(2), value);
  else if (name === "vars") setVars(node, value);
  else if (name === "value" || name === "checked") node[name] = value;
  else if (name === "href") node.setAttribute("href", SAFE_HREF.test(value) ? value : "#");
  else if (name === "style" || name === "srcdoc")
    throw new Error(`${name} is not allowed: use vars`);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setVars(node, vars) {
  for (const [name, value] of Object.entries(vars)) node.style.setProperty(name, value);
}

/** The element with that id. Raises an error if there is none. */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
}

/** Runs `change`; if the focus is lost, the element with the same `data-focus` gets it back. */
export function keepingFocus(root, change) {
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  change();
  if (!held || root.contains(document.activeElement)) return;
  for (const node of root.querySelectorAll("[data-focus]")) {
    if (node.dataset.focus === held) return node.focus({ preventScroll: true });
  }
}

/** Copies `text`. False if the browser refuses. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
