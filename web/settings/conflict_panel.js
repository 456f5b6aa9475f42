// Someone else saved settings meanwhile: what is different now, and what of it is being typed here.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { textOf } from "/settings/state/setting_texts.js";

const NOT_SHOWN = ["version", "last_change"];

/**
 * `theirs` is {key: value now}; `contested` are the keys that were changed here too, `take(key)` takes
 * the other's value for one.
 */
export function conflictPanel({ theirs, settings, labelOf, contested, take }) {
  const keys = Object.keys(theirs).filter((key) => !NOT_SHOWN.includes(key));
  const who = settings.last_change?.by ?? "Someone else";
  return el(
    "section.notice.warn.conflict",
    { role: "alert", tabindex: "-1", "data-testid": "conflict" },
    icon("alert"),
    el(
      "div.stack",
      {},
      el(
        "p",
        {},
        el("strong", {}, `${who} changed these settings meanwhile.`),
        " Yours are not saved yet.",
      ),
      el("ul", {}, keys.map((key) => line(key, { theirs, labelOf, contested, take }))),
      el("p", {}, "What you typed is kept. Look it over and save again."),
    ),
  );
}

function line(key, { theirs, labelOf, contested, take }) {
  const node = el(
    "li",
    { "data-setting": key },
    el("span", {}, `${labelOf(key)} is now: ${textOf(key, theirs[key])}.`),
    contested.includes(key) && el("span", {}, " You typed something else."),
  );
  if (!contested.includes(key)) return node;
  const choose = () => {
    take(key);
    button.replaceWith(el("span.small", {}, " Taken."));
  };
  const button = el("button.button.compact", { type: "button", onclick: choose }, "Use theirs");
  node.append(button);
  return node;
}
