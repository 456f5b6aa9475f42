// Always visible: whether there is signal, what waits on the phone, and what the server refused.

import { labelOf } from "/shared/jobs/moves.js";
import { el } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { maySendAgain, whyOf } from "/crew/state/refusals.js";
import { clockText } from "/shared/ui/time.js";

const OFTEN = 3;
const SIGNS = { none: "offline", trouble: "alert", good: "check" };

/** An action's name: “Start job”, “Note”, “Photo after”. */
export function actionText({ kind, label = null, photo, edit }, { t, language }) {
  if (label) return localized(label, language);
  if (kind === "photo") return t(`act_photo_${photo.photo_kind}`);
  if (edit.approach) return t(edit.approach);
  const [what] = ["note", "load_size", "payment"].filter((name) => edit[name]);
  return t(`act_${what ?? "eta"}`);
}

/** One line; `signal` is `none`, `trouble` or `good`. */
export function signalBar({ signal, sending, waiting, spoken }) {
  return el(
    "div.signal",
    {
      "data-testid": "signal",
      "data-signal": signal,
      "data-waiting": waiting.length,
      "data-tone": signal === "good" && waiting.length === 0 ? "good" : "warn",
    },
    icon(SIGNS[signal]),
    el("p", { role: "status" }, el("strong", {}, headline(signal, sending, waiting, spoken.t))),
    el("p.small.numbers", { id: "fresh" }),
  );
}

/** Details about the signal, and the waiting actions; null if there is nothing to say. */
export function waitingPanel({ signal, sending, waiting, others, durable, spoken, ...does }) {
  const { t } = spoken;
  const texts = [
    signal !== "good" && t(`${signal}_text`),
    !durable && t("not_durable"),
    others > 0 && t("others_wait", { count: others }),
  ].filter(Boolean);
  if (texts.length === 0 && waiting.length === 0) return null;
  return el(
    "div.waiting.small",
    { "data-testid": "waiting" },
    texts.map((text) => el("p", {}, text)),
    waiting.length > 0 && waitingList(waiting, spoken, does.onDiscard),
    waiting.length > 0 &&
      signal !== "none" &&
      el(
        "button.button.compact",
        { type: "button", onclick: does.onSend, disabled: sending, "data-focus": "send" },
        t("send_now"),
      ),
  );
}

function headline(signal, sending, waiting, t) {
  const count = waiting.length;
  const waits = count === 1 ? t("waiting_one") : t("waiting_many", { count });
  if (count === 0) return t(signal);
  if (signal === "none") return `${t("none")}. ${waits}`;
  return sending ? t("sending", { count }) : waits;
}

function waitingList(waiting, spoken, onDiscard) {
  const { t } = spoken;
  return el(
    "details",
    { "data-testid": "waiting-list" },
    el("summary", { "data-focus": "waiting" }, t("show_waiting")),
    el(
      "ol",
      {},
      waiting.map((item) =>
        el(
          "li",
          {},
          itemText(item, spoken),
          item.tries >= OFTEN && ` (${t("tried", { count: item.tries })})`,
          el(
            "button.button.plain.compact",
            { type: "button", onclick: () => onDiscard(item) },
            t("discard"),
          ),
        ),
      ),
    ),
  );
}

function itemText(item, spoken) {
  const { t, language, zone } = spoken;
  const what = actionText(item, spoken);
  const time = clockText(item.occurred_at, language, zone);
  return t("refused_line", { what, customer: item.customer, time });
}

/** An action that the server refused; shown until the person dismisses it. */
export function refusalNotice(item, { spoken, flow, onDismiss, onAgain }) {
  const { t } = spoken;
  return el(
    "div.notice.bad",
    { role: "alert", "data-testid": "refused" },
    icon("alert"),
    el(
      "div.stack.tight",
      {},
      el("p", {}, el("strong", {}, `${t("refused_title")}: ${itemText(item, spoken)}`)),
      el("p", {}, whyText(item.refused, flow, spoken)),
      el(
        "div.row",
        {},
        maySendAgain(item) &&
          el(
            "button.button.compact",
            { type: "button", onclick: () => onAgain(item), "data-focus": `again-${item.seq}` },
            t("send_again"),
          ),
        el(
          "button.button.compact",
          { type: "button", onclick: () => onDismiss(item), "data-focus": `dismiss-${item.seq}` },
          t("understood"),
        ),
      ),
    ),
  );
}

function whyText(refused, flow, { t, language, zone }) {
  const status = flow ? labelOf(flow, refused.job_status, language) : refused.job_status;
  const why = t(whyOf(refused), { status, detail: refused.detail || refused.title });
  if (!refused.moved_by || !refused.moved_at) return why;
  const time = clockText(refused.moved_at, language, zone);
  return why + t("by", { who: refused.moved_by.id, time });
}
