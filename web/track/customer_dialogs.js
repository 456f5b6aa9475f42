// What the page asks before an act of the customer: why, which window, what to tell the crew.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { dateText, windowText } from "/shared/ui/time.js";
import { dayAt } from "/shared/ui/business_time.js";

const LONGEST_NOTE = 500;
const REASONS = ["reason_changed", "reason_other", "reason_day"];

/** Asks why the customer cancels: the reason, or null if they keep the pickup. */
export function askReason(choice, t, { policy = null, reason_required = true } = {}) {
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
    policy && el("p.small.policy", { "data-testid": "policy" }, policy),
    el(
      "div.field",
      {},
      el("label", { for: "reason" }, t(reason_required ? "reason" : "reason_optional")),
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
    if (choice.needs_reason && reason_required && reason === "") {
      fill(error, icon("alert"), t("reason_missing"));
      input.setAttribute("aria-invalid", "true");
      input.focus();
    } else dialog.close(reason || " ");
  });
  return shown(dialog);
}

/**
 * Asks for another window of `free` (see Slots): {window_start, window_end, reason}, or null.
 * `about` is the key of what is said above them; `has` is whether the job has a window now.
 */
export async function askWindow(free, { t, language, zone, about = "reschedule_text", has = true }) {
  const days = byDay(free, zone);
  let chosen = null;
  const windows = el("div.chips", { role: "radiogroup", "aria-label": t("new_time") });
  const error = el("p.field-error", { id: "window-error", role: "alert" });
  const chip = (offer) =>
    el(
      "label.chip",
      {},
      el("input", { type: "radio", name: "new-window", onchange: () => (chosen = offer) }),
      windowText(offer, language, zone),
    );
  const day = el(
    "select.input",
    { id: "new-day", onchange: ({ target }) => choose(target.value) },
    [...days].map(([name, offers]) =>
      el("option", { value: name }, dateText(offers[0].window_start, language, zone)),
    ),
  );
  const choose = (name) => {
    chosen = null;
    fill(windows, (days.get(name) ?? []).map(chip));
  };
  choose(day.value);
  const reason = el("textarea.input", { id: "new-reason", rows: 2, maxlength: LONGEST_NOTE });
  const form = el(
    "form.stack",
    { method: "dialog" },
    el("h2", { id: "reschedule-title" }, t(has ? "reschedule_title" : "choose_time")),
    el("p.quiet", {}, t(free.length > 0 ? about : "reschedule_none")),
    free.length > 0 && [
      el("div.field", {}, el("label", { for: "new-day" }, t("new_day")), day),
      el("div.field", {}, windows, error),
      el("div.field", {}, el("label", { for: "new-reason" }, t("reason_optional")), reason),
    ],
    buttons(t, free.length > 0 && t(has ? "reschedule_yes" : "choose_yes"), "reschedule-pickup"),
  );
  const dialog = el(
    "dialog",
    { "aria-labelledby": "reschedule-title", "data-testid": "reschedule-dialog" },
    form,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen === null) fill(error, icon("alert"), t("window_missing"));
    else dialog.close("yes");
  });
  if ((await shown(dialog)) === null) return null;
  const { window_start, window_end } = chosen;
  const why = reason.value.trim();
  return { window_start, window_end, ...(why && { reason: why }) };
}

/** The free windows of each day, by the business's clock. */
function byDay(free, zone) {
  const days = new Map();
  for (const offer of free) {
    const day = dayAt(Date.parse(offer.window_start), zone);
    days.set(day, [...(days.get(day) ?? []), offer]);
  }
  return days;
}

/** A note to the crew; null if the customer thought better of it. */
export async function askNote({ t }) {
  const error = el("p.field-error", { id: "note-error", role: "alert" });
  const input = el("textarea.input", {
    id: "note",
    rows: 3,
    maxlength: LONGEST_NOTE,
    "aria-describedby": "note-error",
  });
  const form = el(
    "form.stack",
    { method: "dialog" },
    el("h2", { id: "note-title" }, t("note_title")),
    el("p.quiet", {}, t("note_text")),
    el("div.field", {}, el("label", { for: "note" }, t("note")), input, error),
    buttons(t, t("note_send"), "send-note"),
  );
  const dialog = el("dialog", { "aria-labelledby": "note-title", "data-testid": "note-dialog" }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() === "") fill(error, icon("alert"), t("note_missing"));
    else dialog.close("yes");
  });
  return (await shown(dialog)) === null ? null : input.value.trim();
}

/** Without a label, there is only the way back. */
function buttons(t, label, testid) {
  return el(
    "div.row.end",
    {},
    el(
      "button.button",
      { type: "button", onclick: (event) => event.target.closest("dialog").close("") },
      t("back"),
    ),
    label && el("button.button.main", { "data-testid": testid }, label),
  );
}

/** What the dialog was closed with; null for an empty text: the person wants nothing. */
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
