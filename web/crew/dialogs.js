// Dialogs that ask the crew before an action. They have large buttons.

import { field, openDialog } from "/shared/ui/fields.js";
import { LATE_MINUTES, ON_MY_WAY_MINUTES, etaIn, lateEta } from "/crew/state/crew_day.js";
import { etaText } from "/shared/jobs/eta.js";
import { METHODS } from "/shared/jobs/payment.js";
import { LOAD_SIZES } from "/shared/jobs/price_guide.js";
import { amountText, centsIn } from "/shared/ui/money.js";
import { el } from "/shared/ui/elements.js";
import { dayAt, momentAt } from "/shared/ui/business_time.js";
import { clockText } from "/shared/ui/time.js";

const NOTE = { tag: "textarea", rows: 4, maxlength: 2000 };
const TIME = { type: "time", required: true };
const ANOTHER = "another";
const AMOUNT = { inputmode: "decimal", autocomplete: "off" };

/** The text, or null if the person goes back. `missing` is said if it does not fit. */
export async function askText({ title, label, hint, missing, save, t, input = NOTE, fits = Boolean }) {
  const text = field(label, { ...input, autofocus: true, hint });
  const submit = (event) => {
    event.preventDefault();
    const answer = text.input.value.trim();
    if (fits(answer)) return dialog.close(`=${answer}`);
    text.complain(missing);
    text.input.focus();
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title", "data-testid": "dialog" },
    el(
      "form.stack",
      { onsubmit: submit, novalidate: true },
      el("h2", { id: "dialog-title" }, title),
      text.node,
      el("button.button.main.wide", { "data-testid": "save" }, save),
      goBack(t, () => dialog.close("")),
    ),
  );
  return answerIn(await openDialog(dialog));
}

/** The new arrival time as an ISO text, or null. */
export function askLate(job, { t, language, now_ms, zone }) {
  const answers = LATE_MINUTES.map((minutes) => {
    const eta = lateEta(job, minutes, now_ms);
    const until = t("late_until", { time: clockText(eta, language, zone) });
    return { value: eta, label: t("late_by", { minutes }), more: until };
  });
  return askChoice({ title: t("late_question"), hint: t("late_hint"), answers, t });
}

/** When a crew that is on its way expects to arrive, as an ISO text, or null. */
export async function askOnMyWay({ t, language, now_ms, zone }) {
  const title = t("on_my_way_question");
  const answers = ON_MY_WAY_MINUTES.map((minutes) => {
    const eta = etaIn(minutes, now_ms);
    const more = etaText(eta, { language, zone, now_ms });
    return { value: eta, label: t("in_minutes", { minutes }), more };
  });
  const other = { value: ANOTHER, label: t("another_time") };
  const answer = await askChoice({ title, hint: t("on_my_way_hint"), answers: [...answers, other], t });
  if (answer !== ANOTHER) return answer;
  const eta_ms = (typed) => momentAt(dayAt(now_ms, zone), typed, zone);
  const typed = await askText({
    title,
    label: t("eta_time"),
    hint: null,
    missing: t("eta_missing"),
    save: t("save"),
    t,
    input: TIME,
    fits: (text) => eta_ms(text) > now_ms,
  });
  return typed === null ? null : new Date(eta_ms(typed)).toISOString();
}

/** One of the load sizes, or null. */
export function askLoad(job, { t }) {
  const answers = LOAD_SIZES.map((size) => ({
    value: size,
    label: t(`load_${size}`),
    pressed: job.load_size === size,
  }));
  return askChoice({ title: t("load_question"), answers, t });
}

/** {method, amount_cents}, or null if the person goes back. The amount is what is owed, or another. */
export async function askPayment({ title, owed_cents, t }) {
  const amount = field(t("amount"), { ...AMOUNT, value: amountText(owed_cents || null) });
  const pay = (method) => {
    const cents = centsIn(amount.input.value);
    if (Number.isInteger(cents)) return dialog.close(`=${method} ${cents}`);
    amount.complain(t("amount_missing"));
    amount.input.focus();
  };
  const buttons = Object.keys(METHODS).map((method) =>
    el("button.button.wide.dialog-answer", { type: "button", onclick: () => pay(method) }, t(`by_${method}`)),
  );
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title", "data-testid": "dialog" },
    el(
      "form.stack",
      { onsubmit: (event) => event.preventDefault(), novalidate: true },
      el("h2", { id: "dialog-title" }, title),
      amount.node,
      buttons,
      goBack(t, () => dialog.close("")),
    ),
  );
  const answer = answerIn(await openDialog(dialog));
  if (answer === null) return null;
  const [method, cents] = answer.split(" ");
  return { method, amount_cents: Number(cents) };
}

/** Whether the person says yes. */
export async function confirmAction({ title, text, yes, no }) {
  const answer = await askChoice({ title, hint: text, answers: [{ value: "yes", label: yes }], no });
  return answer === "yes";
}

async function askChoice({ title, hint = null, answers, t = null, no = null }) {
  const buttons = answers.map(({ value, label, more, pressed }) =>
    el(
      "button.button.wide.dialog-answer",
      {
        type: "button",
        value,
        "aria-pressed": pressed === undefined ? null : String(pressed),
        onclick: () => dialog.close(`=${value}`),
      },
      label,
      more && el("span.quiet.small", {}, more),
    ),
  );
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title", "data-testid": "dialog" },
    el(
      "div.stack",
      {},
      el("div", {}, el("h2", { id: "dialog-title" }, title), hint && el("p.quiet", {}, hint)),
      buttons,
      goBack(t, () => dialog.close(""), no),
    ),
  );
  return answerIn(await openDialog(dialog));
}

function goBack(t, onclick, label = null) {
  return el("button.button.plain.wide", { type: "button", onclick }, label ?? t("cancel"));
}

function answerIn(result) {
  return result.startsWith("=") ? result.slice(1) : null;
}
