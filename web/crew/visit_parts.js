// Parts of the crew page: what the customer is told of the way, the bar that takes an action back, and
// what has changed on the list.

import { awaitsArrival, nextApproach } from "/crew/state/crew_day.js";
import { etaText, isOver } from "/shared/jobs/eta.js";
import { dayText, windowText } from "/shared/ui/time.js";
import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { actionText } from "./signal_bar.js";

/** The button for what the customer can be told next, and what they are told; null if neither. */
export function approachPart(job, { flow, spoken, does }) {
  const { t, now_ms, zone } = spoken;
  const next = nextApproach(job, flow, now_ms, zone);
  const told = awaitsArrival(job, flow) && job.approach;
  if (next === null && !told) return null;
  return el(
    "div.approach",
    {},
    told && el("p.small", { "data-testid": "told" }, icon("check"), toldText(job, spoken)),
    next &&
      el(
        "button.button.wide",
        {
          type: "button",
          onclick: () => does.approach(job, next),
          "data-focus": `approach-${job.job_id}`,
          "data-testid": "approach",
        },
        icon("truck"),
        t(next),
      ),
  );
}

function toldText({ approach, schedule = {} }, { t, language, zone, now_ms }) {
  if (approach === "arriving") return t("told_arriving");
  if (!schedule.eta || isOver(schedule.eta, now_ms)) return t("told_on_my_way_only");
  return t("told_on_my_way", { time: etaText(schedule.eta, { language, zone, now_ms }) });
}

/** A bar at the bottom that takes the last action back. */
export function undoBar(item, spoken, onUndo) {
  return el(
    "div.undo",
    { role: "status", "data-testid": "undo" },
    el("p", {}, `${actionText(item, spoken)}: `, el("bdi", {}, item.customer)),
    el(
      "button.button",
      { type: "button", onclick: onUndo, "data-focus": "undo" },
      icon("reload"),
      spoken.t("undo"),
    ),
  );
}

/** What someone else has changed of today's list; shown until the person dismisses it. */
export function changesNotice(changes, spoken, onDismiss) {
  const { t } = spoken;
  return el(
    "div.notice.warn",
    { role: "alert", "data-testid": "changes" },
    icon("alert"),
    el(
      "div.stack.tight",
      {},
      el("p", {}, el("strong", {}, t("changes"))),
      el("ul", {}, changes.map((change) => el("li", {}, changeText(change, spoken)))),
      el(
        "button.button.compact",
        { type: "button", onclick: onDismiss, "data-focus": "changes" },
        t("understood"),
      ),
    ),
  );
}

function changeText({ kind, customer, schedule }, { t, language, zone, now_ms }) {
  const span = windowText(schedule, language, zone, now_ms);
  const start = schedule?.window_start;
  const time = span === null ? t("undated") : `${dayText(start, now_ms, language, zone)}, ${span}`;
  return t(`change_${kind}`, { customer, time });
}
