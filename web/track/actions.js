// What the customer may do alone: confirm and cancel. The only place where the token is sent, and
// only to the address that checks it.

import { Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { wording } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { choicesOf } from "/shared/jobs/tracking.js";

const REASONS = ["reason_changed", "reason_other", "reason_day"];

/** The buttons for what the view allows; null where it allows nothing. */
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
    working ? t("working") : wording(choice.label, language),
  );
}

/** Ask for the reason of a cancellation: the reason in words, or null where it was called off. */
export function askReason(choice, t) {
  const input = el("textarea.input", {
    id: "reason",
    rows: 2,
    maxlength: 500,
    "aria-describedby": "reason-fault",
  });
  const fault = el("p.fault", { id: "reason-fault", role: "alert" });
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
      fault,
    ),
    el(
      "div.row.end",
      {},
      el(
        "button.button",
        { type: "button", value: "", onclick: () => dialog.close("") },
        t("keep"),
      ),
      el("button.button.main.danger", { "data-testid": "cancel-for-good" }, t("cancel_yes")),
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
      fill(fault, icon("alert"), t("reason_missing"));
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

/** The view after the move; asked twice, it is made once. Raises Problem or NoAnswer. */
export async function choose(api, { digest, token, choice, reason }) {
  const body = { token, ...(reason ? { reason } : {}) };
  return (await api.ask("POST", `/track/${digest}/${choice.move}`, { body, repeatable: true }))
    .body;
}

/** The key of the words for what went wrong. */
export function faultKey(error) {
  if (!(error instanceof Problem)) return "unknown";
  if (error.status === 409) return "overtaken";
  if (error.status === 429) return "busy";
  return error.status >= 500 ? "unknown" : "refused";
}
