// What the page says around the form: of the connection, the calendar, and what was typed before.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

export function insecureNotice(t) {
  return el("p.notice.bad", {}, icon("alert"), el("span", {}, t("insecure")));
}

/** A day cannot be booked while the time zone is unknown. */
export function noZoneNotice(t) {
  return el("div.notice.bad", {}, icon("alert"), el("p", {}, t("no_clock")));
}

/** That the form has what was typed before, and a button to clear it. */
export function restoredLine(t, onClear) {
  return el(
    "div.notice.restored",
    { "data-testid": "restored" },
    icon("note"),
    el("p", {}, t("restored")),
    el("button.button.plain.compact", { type: "button", onclick: onClear }, t("clear")),
  );
}
