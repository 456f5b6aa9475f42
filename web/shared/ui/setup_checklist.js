// The list of what a new business still has to set up.

import { el } from "./elements.js";
import { icon } from "./icons.js";

/** The list; null where nothing is missing. `items` are {key, text, href}. */
export function setupChecklist(items) {
  if (items.length === 0) return null;
  return el(
    "section.panel.setup",
    { "aria-labelledby": "setup-title", "data-testid": "setup" },
    el("h2", { id: "setup-title" }, `Finish setting up: ${items.length} left`),
    el(
      "ul",
      {},
      items.map(({ key, text, href }) =>
        el(
          "li",
          {},
          el("a", { href, "data-setup": key }, icon("on"), el("span", {}, text)),
        ),
      ),
    ),
  );
}
