// Which optional texts the customer wants: a switch for each that the business sends.

import { el } from "/shared/ui/elements.js";

/** Null after the end, and where the business sends no optional texts. */
export function textsPanel(view, { t, busy, connected, business, onTexts }) {
  const offered = business?.optional_texts ?? [];
  if (view.terminal || offered.length === 0) return null;
  const unwanted = Array.isArray(view.unwanted_texts) ? view.unwanted_texts : [];
  const choose = (name, wanted) =>
    onTexts(offered.filter((each) => (each === name ? !wanted : unwanted.includes(each))));
  const one = (name) =>
    el(
      "label.text-switch",
      {},
      el("input", {
        type: "checkbox",
        role: "switch",
        checked: !unwanted.includes(name),
        disabled: busy !== null || !connected,
        "data-focus": `texts-${name}`,
        "data-testid": `texts-${name}`,
        onchange: ({ currentTarget }) => choose(name, currentTarget.checked),
      }),
      t(`texts_${name}`),
    );
  return el(
    "section.panel.texts",
    { "data-testid": "texts" },
    el("h2", {}, t("texts")),
    offered.map(one),
    el("p.small.quiet", {}, t("texts_always")),
  );
}
