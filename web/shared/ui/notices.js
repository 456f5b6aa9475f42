// Notices in a corner of the page. They disappear after a while, errors later than good news.

import { byId, el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

const GOOD_FOR_MS = 6_000;
const BAD_FOR_MS = 30_000;
const MOST = 4;

export class Notices {
  #list = byId("notices");
  #said = byId("said");

  /** Only for screen readers: results of dragging and keyboard moves. */
  announce(text) {
    fill(this.#said, text);
  }

  /** `action`: see `bad`; with `for_ms`, the notice stays as long as the action is possible. */
  good(text, action = null) {
    this.#show("good", "check", text, action, action?.for_ms ?? GOOD_FOR_MS);
    this.announce(text);
  }

  /** `action`: {label, run} of a button that helps. */
  bad(text, action = null) {
    this.#show("bad", "alert", text, action, BAD_FOR_MS);
  }

  warn(text, action = null) {
    this.#show("warn", "alert", text, action, BAD_FOR_MS);
  }

  clear() {
    fill(this.#list);
  }

  #show(tone, sign, text, action, for_ms) {
    const run = () => {
      node.remove();
      action.run();
    };
    const node = el(
      `div.notice.${tone}`,
      { role: tone === "good" ? null : "alert", "data-testid": "said", "data-tone": tone },
      icon(sign),
      el("p", {}, text),
      action && el("button.button.compact.plain", { type: "button", onclick: run }, action.label),
      el(
        "button.dismiss",
        { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() },
        icon("cross"),
      ),
    );
    this.#list.append(node);
    while (this.#list.children.length > MOST) this.#list.firstChild.remove();
    setTimeout(() => node.remove(), for_ms);
  }
}
