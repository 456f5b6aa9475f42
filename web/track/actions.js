// The customer's own moves: confirm and cancel. Only these requests send the token, and only to the
// API, which checks it.

import { Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { choicesOf } from "/shared/jobs/tracking.js";

const REASONS = ["reason_changed", "reason_other", "reason_day"];

/** Buttons for the moves that the view allows; null if there are none. */
export function actionsPanel(view, { language, t, busy, connected, said, onChoice }) {
  const choices = choicesOf(view);
  if (choices.length === 0 && !said) return null;
  return el(
    "section.panel.actions",
    { "data-testid": "actions" },
    el("h2", {}, t("actions")),
    said &&
      el(
        `div.notice.${said.tone}`,
        { "data-testid": "said" },
        icon(said.tone === "good" ? "check" : "alert"),
        el("p", {}, said.text),
      ),
    choices.map((choice) => choiceButton(choice, { language, t, busy, connected, onChoice })),
    !connected && choices.length > 0 && el("p.small.quiet", {}, t("act_offline")),
  );
}

function choiceButton(choice, { language, t, busy, connected, onChoice }) {
  const confirm = choice.move === "confirm";
  const working = busy === choice.move;
  return el(
    `button.button.wide${confirm ? ".main" : ".bad"}`,
    {
      type: "button",
      disabled: busy !== null || !connected,
      "data-focus": choice.move,
      "data-testid": `choice-${choice.move}`,
      onclick: () => onChoice(choice),
    },
    confirm && !working && icon("check"),
    working ? t("working") : localized(choice.label, language),
  );
}

/** Asks why the customer cancels: the reason, or null if they keep the pickup. */
export function askReason(choice, t) {
  const input = el("textarea.input", {
    id: "reason",
    rows: 2,
    maxlength: 500,
    "aria-describedby": "reason-error",
  });
  const error = el("p.field-error", { id: "reason-error", role: "alert" });
  const suggestions = REASONS.map((key) =>
    el(
      "button.chip",
      {
        type: "button",
        onclick: () => {
          input.value = t(key);
          input.focus();
        },
      },
      t(key),
    ),
  );
  const form = el(
    "form.stack",
    { method: "dialog" },
    el("h2", { id: "cancel-title" }, t("cancel_title")),
    el("p.quiet", {}, t("cancel_text")),
    el(
      "div.field",
      {},
      el("label", { for: "reason" }, t("reason")),
      el("div.chips", {}, suggestions),
      input,
      error,
    ),
    el(
      "div.row.end",
      {},
      el(
        "button.button",
        { type: "button", value: "", onclick: () => dialog.close("") },
        t("keep"),
      ),
      el("button.button.main.danger", { "data-testid": "cancel-pickup" }, t("cancel_yes")),
    ),
  );
  const dialog = el(
    "dialog",
    { "aria-labelledby": "cancel-title", "data-testid": "cancel-dialog" },
    form,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = input.value.trim();
    if (choice.needs_reason && reason === "") {
      fill(error, icon("alert"), t("reason_missing"));
      input.setAttribute("aria-invalid", "true");
      input.focus();
    } else dialog.close(reason || " ");
  });
  return shown(dialog);
}

function shown(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "" ? null : dialog.returnValue.trim());
    });
  });
}

/** The view after the move. A repeated request is done only once. Raises Problem or NoAnswer. */
export async function makeMove(api, { digest, token, choice, reason }) {
  const body = { token, ...(reason ? { reason } : {}) };
  return (await api.ask("POST", `/track/${digest}/${choice.move}`, { body, repeatable: true }))
    .body;
}

/** The key of the error text. */
export function errorKey(error) {
  if (!(error instanceof Problem)) return "unknown";
  if (error.status === 409) return "overtaken";
  if (error.status === 429) return "busy";
  return error.status >= 500 ? "unknown" : "refused";
}
