// The buttons of what a customer may do with the job; see customer_acts.js for what they do.

import { el } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { choicesOf, isTooLateToReschedule, mayReschedule } from "/shared/jobs/tracking.js";

/** Buttons for the moves that the view allows; null if there are none. */
export function actionsPanel(view, told) {
  const { language, t, busy, connected, said, onChoice } = told;
  const choices = choicesOf(view);
  if (view.terminal && !said) return bookAgain(t);
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
    choices
      .filter(({ move }) => move === "confirm")
      .map((choice) => choiceButton(choice, { language, t, busy, connected, onChoice })),
    otherActs(view, told),
    choices
      .filter(({ move }) => move === "cancel")
      .map((choice) => choiceButton(choice, { language, t, busy, connected, onChoice })),
    view.terminal && bookAgain(t),
    isTooLateToReschedule(view, told.business, told.now_ms) &&
      el("p.small.quiet", { "data-testid": "too-late" }, t("too_late")),
    !connected && choices.length > 0 && el("p.small.quiet", {}, t("act_offline")),
  );
}

function rescheduleText({ schedule }) {
  return schedule?.window_start ? "reschedule" : "choose_time";
}

/** Another time, a note and a photo for the crew, an entry for the calendar. */
function otherActs(view, told) {
  const { t, busy, connected, business, now_ms, calendar, onReschedule, onNote, onPhoto } = told;
  if (view.terminal) return null;
  const act = (name, label, onclick) =>
    el(
      "button.button.wide",
      {
        type: "button",
        disabled: busy !== null || !connected,
        "data-focus": name,
        "data-testid": name,
        onclick,
      },
      busy === name ? t("working") : label,
    );
  const dated = !view.requested && view.schedule?.window_start && view.schedule?.window_end;
  return [
    mayReschedule(view, business, now_ms) && act("reschedule", t(rescheduleText(view)), onReschedule),
    act("note", t("note_add"), onNote),
    act("photo", t("photo_add"), onPhoto),
    dated &&
      el(
        "a.button.wide",
        { href: calendar, download: "pickup.ics", "data-testid": "calendar" },
        icon("calendar"),
        t("calendar"),
      ),
  ];
}

function bookAgain(t) {
  return el("a.button.wide", { href: "/book/", "data-testid": "book-again" }, t("book_again"));
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
