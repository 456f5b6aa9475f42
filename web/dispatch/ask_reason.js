// The reason for a move that needs one.

import { el } from "/lib/elements.js";
import { field, opened } from "./fields.js";

/** The reason in words, or null where the move was called off. */
export async function askReason({ card, move, label }) {
  const reason = field("Reason", { tag: "textarea", rows: 3, maxlength: 2000, autofocus: true });
  const submit = (event) => {
    event.preventDefault();
    const text = reason.input.value.trim();
    if (text === "") {
      reason.complain("This move needs a reason.");
      reason.input.focus();
    } else dialog.close(`=${text}`);
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "reason-title", "data-testid": "reason-dialog" },
    el(
      "form.stack",
      { onsubmit: submit, novalidate: true },
      el(
        "div",
        {},
        el("h2", { id: "reason-title" }, `${move.label.en}: ${card.customer}`),
        el("p.quiet", {}, "Why? It stays on the job’s record."),
      ),
      reason.node,
      el(
        "div.row.end",
        {},
        el(
          "button.button",
          { type: "button", onclick: () => dialog.close("") },
          "Keep it where it is",
        ),
        el("button.button.main", {}, `Move to “${label}”`),
      ),
    ),
  );
  const said = await opened(dialog);
  return said.startsWith("=") ? said.slice(1) : null;
}
