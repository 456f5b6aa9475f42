// After the form is sent: waiting for an answer, then the tracking link.

import { linkIn } from "/shared/jobs/booking.js";
import { copyText, el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { shownReference, spelledReference } from "/shared/ui/job_reference.js";
import { rangeText } from "/shared/ui/money.js";
import { dateText, dayText, windowText } from "/shared/ui/time.js";
import { isDeviceTime, momentAt, zoneName } from "/shared/ui/business_time.js";

/** The booking is sent and not answered yet. `onGiveUp` is null until starting over is offered. */
export function waitingPanel({ t, offline, trying, onTry, onGiveUp }) {
  return el(
    "section.panel.scene",
    { "data-testid": "waiting" },
    el(
      "div.sign",
      {},
      trying ? el("span.spinner", { "aria-hidden": "true" }) : icon(offline ? "offline" : "clock"),
    ),
    el("h1", {}, t("waiting_title")),
    el("p.quiet", {}, t(offline ? "waiting_offline" : "waiting_text")),
    el("p.small.quiet.numbers", { id: "countdown" }),
    el(
      "button.button.main",
      { type: "button", disabled: trying, onclick: onTry, "data-focus": "try" },
      icon("reload"),
      t("try_now"),
    ),
    onGiveUp &&
      el(
        "button.button.plain.compact",
        { type: "button", onclick: onGiveUp, "data-focus": "give-up" },
        t("give_up"),
      ),
  );
}

/** Asks whether to start over although the booking may have arrived. */
export function askGiveUp(t) {
  const dialog = el(
    "dialog",
    { "aria-labelledby": "give-up-title" },
    el(
      "form.stack",
      { method: "dialog" },
      el("h2", { id: "give-up-title" }, t("give_up")),
      el("p.quiet", {}, t("give_up_sure")),
      el(
        "div.row.end",
        {},
        el("button.button.main", { value: "" }, t("give_up_no")),
        el("button.button.bad", { value: "yes" }, t("give_up_yes")),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    });
  });
}

/**
 * The tracking link with buttons to open, copy, and share it. `accepts`: whether the business accepts
 * a free window `at_once`; without a window a booking is a request anyway.
 */
export function bookedPanel(booked, { t, language, zone, currency, accepts, onAgain, announce }) {
  const link = linkIn(booked, location.origin);
  const reserved = booked.request?.window_start !== undefined && accepts !== "by_dispatcher";
  return el(
    "section.panel.scene.booked",
    { "data-testid": "booked" },
    el("div.sign.good", {}, icon("check")),
    el("h1", { tabindex: "-1", id: "booked-title" }, t(reserved ? "booked_title" : "requested_title")),
    booked.request && summary(booked, { t, language, zone, currency }),
    el("p.quiet", {}, t("booked_text")),
    el("a.button.main.wide", { href: link, "data-testid": "follow" }, icon("truck"), t("open")),
    el(
      "div.field.link-field",
      {},
      el("label", { for: "link" }, t("link")),
      el("input.input", {
        id: "link",
        readonly: true,
        value: link,
        "data-testid": "link",
        onfocus: (event) => event.target.select(),
      }),
    ),
    el("div.row", {}, copyButton(link, t, announce), shareButton(link, t)),
    el("p.small.quiet", {}, t("keep_hint")),
    el(
      "p.small",
      { "data-testid": "booked-reference" },
      `${t("reference")}: `,
      el("strong.code", { "aria-hidden": "true" }, shownReference(booked.job_id)),
      el("span.unseen", {}, spelledReference(booked.job_id, t("reference_dash"))),
    ),
    el("button.button.plain.compact", { type: "button", onclick: onAgain }, t("another")),
  );
}

/** What was booked: when, where, and what. */
function summary({ request, estimate }, { t, language, zone, currency }) {
  const { window_start, window_end, preferred_day, address, what } = request;
  const asked = window_start !== undefined;
  const day = asked && dayText(window_start, Date.now(), language, zone);
  const times = asked && windowText({ window_start, window_end }, language, zone);
  const wanted = preferred_day && dateText(momentAt(preferred_day, "12:00", zone), language, zone);
  const other = asked && !isDeviceTime(zone);
  const lines = [
    ["calendar", asked ? `${day}, ${times}` : (wanted ?? t("booked_open"))],
    ["pin", address],
    ["truck", what],
    ...(estimate ? [["price", `${t("estimate")} ${rangeText(estimate, currency, language)}`]] : []),
  ];
  return el(
    "section.summary",
    { "aria-label": t("booked_summary"), "data-testid": "summary" },
    el("ul.facts", {}, lines.map(([sign, text]) => el("li", {}, icon(sign), el("bdi", {}, text)))),
    other && el("p.small.quiet", {}, t("zone_note", { zone: zoneName(zone, language) })),
  );
}

function copyButton(link, t, announce) {
  const label = el("span", {}, t("copy"));
  const copy = async () => {
    const copied = await copyText(link);
    label.textContent = t(copied ? "copied" : "copy");
    announce(t(copied ? "copied" : "copy_failed"));
    if (!copied) document.getElementById("link").focus();
  };
  return el(
    "button.button",
    { type: "button", onclick: copy, "data-testid": "copy" },
    icon("copy"),
    label,
  );
}

function shareButton(link, t) {
  if (typeof navigator.share !== "function") return null;
  const share = () => navigator.share({ title: document.title, url: link }).catch(() => {}); // the person closed the share dialog
  return el("button.button", { type: "button", onclick: share }, icon("share"), t("share"));
}
