// The parts of the tracking page. Each turns a view into elements.

import { el, statusColour } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { groupsOf, shownReference, spelledReference } from "/shared/ui/job_reference.js";
import { aheadText, dayText, momentText, msOf, windowText } from "/shared/ui/time.js";
import { currentStep, stepsOf } from "/shared/jobs/tracking.js";
import { isDeviceTime, zoneName } from "/shared/ui/business_time.js";
import { etaText, isOver } from "/shared/jobs/eta.js";

const APPROACHES = ["on_my_way", "arriving"];

/** The whole page if there is no job to show: an icon, a title, a text, perhaps a button. */
export function scenePanel({ name, title, text, onRetry, retryLabel }) {
  const busy = ["asking", "preparing"].includes(name);
  const sign = busy ? el("span.spinner", { "aria-hidden": "true" }) : icon(SCENE_ICONS[name]);
  return el(
    "section.panel.scene",
    { "data-testid": "scene" },
    el(`div.sign${busy ? ".busy" : ""}`, {}, sign),
    el("h1", {}, title),
    text && el("p.quiet", {}, text),
    onRetry &&
      el("button.button.main", { type: "button", onclick: onRetry }, icon("reload"), retryLabel),
  );
}

const SCENE_ICONS = {
  offline: "offline",
  trouble: "alert",
  not_found: "search",
  gone: "clock",
  insecure: "alert",
};

export function noticeBar(name, text) {
  const sign = name === "stale" ? "reload" : name === "offline" ? "offline" : "alert";
  return el(
    `div.notice${name === "stale" ? "" : ".warn"}`,
    { "data-testid": "notice", "data-notice": name },
    icon(sign),
    el("p", {}, text),
  );
}

/** The current status, large and in its color. */
export function statusBanner(view, { language, t }) {
  const step = currentStep(view) ?? { label: {}, customer: {}, icon: "clock" };
  return el(
    "section.status-banner.toned",
    { vars: statusColour(step.colour), "data-testid": "status-banner" },
    el("div.disc", {}, icon(step.icon)),
    el(
      "div.status-text",
      {},
      el(
        "h1",
        { "data-testid": "status", "data-status": view.status },
        localized(step.label, language),
      ),
      el("p", { "data-testid": "wording" }, localized(step.customer, language)),
    ),
    pipeline(view, { language, t }),
    el(
      "p.fresh.small",
      { "data-testid": "freshness" },
      el("span.dot"),
      el("span", { id: "fresh" }),
    ),
  );
}

function pipeline(view, { language, t }) {
  const pills = stepsOf(view).map((step) =>
    el(
      `li.stage.toned.${step.state}`,
      { vars: statusColour(step.colour), "data-step": step.status, "data-state": step.state },
      icon(step.state === "done" ? "check" : step.icon),
      el("span.name", {}, localized(step.label, language)),
      el("span.unseen", {}, ` (${t(step.state)})`),
    ),
  );
  return el("ol.pipeline", { "aria-label": t("progress"), "data-testid": "pipeline" }, pills);
}

export function timeline(view, { language, t }) {
  return el(
    "section.panel.timeline-panel",
    {},
    el("h2", {}, t("timeline")),
    el(
      "ol.timeline",
      { "data-testid": "timeline" },
      stepsOf(view).map((step) => event(step, language, t)),
    ),
  );
}

function event(step, language, t) {
  const current = step.state === "current";
  return el(
    `li.event.toned.${step.state}`,
    {
      vars: statusColour(step.colour),
      "data-step": step.status,
      "data-state": step.state,
      "aria-current": current ? "step" : null,
    },
    el(
      "span.mark",
      { "aria-hidden": "true" },
      step.state === "coming" ? null : icon(current ? step.icon : "check"),
    ),
    el(
      "div",
      {},
      el(
        "p.event-name",
        {},
        localized(step.label, language),
        el("span.unseen", {}, ` (${t(step.state)})`),
      ),
      step.at &&
        el(
          "p.small.quiet.numbers",
          {},
          el("time", { datetime: step.at }, momentText(step.at, language)),
        ),
      current && el("p.event-text", {}, localized(step.customer, language)),
    ),
  );
}

/**
 * The arrival window, the expected arrival, the driver, and `where` the crew is; null after the end.
 * Nothing is expected once the job is under way. `zone` is the time zone; null is this device's.
 */
export function arrival(view, where, { language, t, now_ms, zone }) {
  if (view.terminal) return null;
  const { schedule = {} } = view;
  const span = windowText(schedule, language);
  const day = schedule.window_start ?? schedule.window_end;
  return el(
    "section.panel.arrival",
    { "data-testid": "arrival" },
    el("h2", {}, t(view.requested && span !== null ? "arrival_requested" : "arrival")),
    span === null
      ? !view.under_way && el("p.quiet", {}, t("arrival_open"))
      : [
          el("p.day", {}, dayText(day, now_ms, language)),
          el("p.window.numbers", { "data-testid": "window" }, span),
        ],
    !view.under_way && onTheWay(view, { language, t, now_ms, zone }),
    zoneNote(zone, language, t),
    view.driver && driver(view.driver, t),
    where,
  );
}

/** Names the time zone if it is not this device's, or not known. */
function zoneNote(zone, language, t) {
  if (zone && isDeviceTime(zone)) return null;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const name = zoneName(zone ?? own, language);
  const text = t(zone ? "zone_note" : "zone_device", { zone: name });
  return el("p.small.quiet", { "data-testid": "zone" }, text);
}

/** What the crew said about its way, and when it is expected; null if nothing is known. */
function onTheWay({ approach, schedule = {} }, { language, t, now_ms, zone }) {
  const { eta } = schedule;
  const coming = APPROACHES.includes(approach) ? approach : null;
  const expected = eta && !isOver(eta, now_ms) && coming !== "arriving";
  if (coming === null && !expected) return null;
  const said = coming && t(coming);
  const time = expected && etaText(eta, { language, zone: zone ?? undefined, now_ms });
  const ahead = expected && aheadText(msOf(eta) - now_ms, language);
  return el(
    "p.eta.numbers",
    { "data-testid": "eta", "data-approach": coming },
    icon(coming ? "truck" : "clock"),
    el(
      "span",
      {},
      said && el("strong", {}, said),
      said && expected && ", ",
      expected && t(said ? "eta_after" : "eta", { time }),
      ahead && el("span.quiet", {}, ` · ${ahead}`),
    ),
  );
}

function driver(name, t) {
  return el(
    "div.driver",
    { "data-testid": "driver" },
    el("span.face", { "aria-hidden": "true" }, [...name][0] ?? ""),
    el("p", {}, el("span.small.quiet", {}, t("driver")), el("strong", {}, el("bdi", {}, name))),
  );
}

export function reference(view, { t, onCopy }) {
  const [day, letters = []] = groupsOf(view.job_id);
  const group = (part, index) => el(`span.group${index > 0 ? ".later" : ""}`, {}, part);
  return el(
    "section.panel.reference",
    {},
    el("h2", {}, t("reference")),
    el(
      "div.reference-row",
      {},
      el(
        "p.code",
        { "data-testid": "reference", "data-reference": shownReference(view.job_id) },
        el("span", { "aria-hidden": "true" }, day.map(group), "-", letters.map(group)),
        el("span.unseen", {}, spelledReference(view.job_id, t("reference_dash"))),
      ),
      el(
        "button.button.compact",
        { type: "button", "data-focus": "copy", onclick: onCopy },
        icon("copy"),
        t("copy"),
      ),
    ),
    el("p.small.quiet", {}, t("reference_hint")),
  );
}
