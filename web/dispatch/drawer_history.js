// A job's notes and history, newest first. What was done without signal has the time when it was
// done and the time when it was sent.

import { el, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { actorText, labelOf } from "/shared/jobs/moves.js";
import { agoText, dateText, momentText, msOf, sentText, spanText, trueTime, windowText } from "/shared/ui/time.js";
import { moneyText } from "/shared/ui/money.js";
import { paidText } from "./drawer_money.js";
import { part } from "./drawer_parts.js";

export function notesPart(detail, told) {
  const notes = [...(detail.notes ?? [])]
    .reverse()
    .map((note) =>
      el(
        "li.note-item",
        {},
        el("p", {}, note.text),
        el("p.small.quiet", {}, noteText(note, told)),
      ),
    );
  return notes.length > 0
    ? el("ol.note-list", { "data-testid": "notes" }, notes)
    : el("p.quiet", {}, "No notes yet.");
}

function noteText(note, { account, now_ms, zone }) {
  const ago = agoText(now_ms - msOf(trueTime(note)));
  return [who(note.actor, account), ago, sentText(note, zone)].filter(Boolean).join(" · ");
}

export function historyPart(detail, told) {
  const { flow, now_ms, zone } = told;
  const moved = (detail.history ?? []).map((entry) => ({
    at: entry.recorded_at,
    node: movedItem(entry, told),
  }));
  const refused = (detail.refusals ?? []).map((refusal) => ({
    at: refusal.recorded_at,
    node: refusedItem(refusal, told),
  }));
  const money = (detail.money_changes ?? []).map((entry) => ({
    at: entry.recorded_at,
    node: moneyItem(entry, told),
  }));
  const rescheduled = (detail.window_changes ?? []).map((change) => ({
    at: change.recorded_at,
    node: rescheduledItem(change, told),
  }));
  const waiting = (detail.early_moves ?? []).map((early) => waitingItem(early, flow, now_ms));
  const items = [...moved, ...refused, ...money, ...rescheduled]
    .sort((one, other) => (one.at < other.at ? 1 : -1))
    .map(({ node }) => node);
  return part(
    "History",
    null,
    el("ol.history", { "data-testid": "history" }, waiting, items, bookedItem(detail, flow, zone)),
  );
}

function movedItem(entry, { flow, account, zone }) {
  const status = flow.statuses.find(({ name }) => name === entry.to);
  return el(
    "li.history-item.toned",
    { vars: statusColour(status?.colour) },
    el("span.history-dot", { "aria-hidden": "true" }),
    el(
      "div",
      {},
      el(
        "p",
        {},
        el("strong", {}, `${entry.undoes ? "Undone, again: " : ""}${labelOf(flow, entry.to)}`),
        el("span.quiet", {}, ` · ${who(entry.actor, account)}`),
      ),
      entry.reason && el("p.quote", {}, `“${entry.reason}”`),
      entry.note && el("p.quote", {}, entry.note),
      el(
        "p.small.quiet.numbers",
        {},
        [momentText(trueTime(entry), "en", zone), sentText(entry, zone)].filter(Boolean).join(" · "),
      ),
    ),
  );
}

/** Who changed the price or the payments, from what to what, and why. */
function moneyItem(entry, { account, currency, zone }) {
  const { from, to } = entry.money;
  const price = (money) => moneyText(money.price_cents, currency) || "none";
  const paid = ({ payments = [] }) =>
    payments.map((payment) => paidText(payment, currency)).join(" + ") || "not paid";
  const lines = [
    price(from) !== price(to) && `Price: ${price(from)} → ${price(to)}`,
    paid(from) !== paid(to) && `Payment: ${paid(from)} → ${paid(to)}`,
  ];
  return el(
    "li.history-item",
    { "data-testid": "money-change" },
    el("span.history-dot", { "aria-hidden": "true" }, icon("price")),
    el(
      "div",
      {},
      lines.filter(Boolean).map((line) => el("p", {}, line)),
      el("p.quiet", {}, who(entry.actor, account)),
      entry.reason && el("p.quote", {}, `“${entry.reason}”`),
      el(
        "p.small.quiet.numbers",
        {},
        [momentText(trueTime(entry), "en", zone), sentText(entry, zone)].filter(Boolean).join(" · "),
      ),
    ),
  );
}

/** Who gave the job another arrival window: from, to, why. */
function rescheduledItem({ window, reason, recorded_at, actor }, { account, zone }) {
  const { from_start, from_end, to_start, to_end } = window;
  const shown = (start, end) =>
    start || end ? `${dateText(start ?? end, "en", zone)}, ${windowText({ window_start: start, window_end: end }, "en", zone)}` : "no window";
  return el(
    "li.history-item",
    { "data-testid": "rescheduled" },
    el("span.history-dot", { "aria-hidden": "true" }),
    el(
      "div",
      {},
      el(
        "p",
        {},
        el("strong", {}, windowChangeText(window)),
        el("span.quiet", {}, ` · ${who(actor, account)}`),
      ),
      el("p.small", {}, `${shown(from_start, from_end)} → ${shown(to_start, to_end)}`),
      reason && el("p.quote", {}, `“${reason}”`),
      el("p.small.quiet.numbers", {}, momentText(recorded_at, "en", zone)),
    ),
  );
}

function windowChangeText({ asked, overbooked }) {
  if (asked) return "Another time requested";
  return overbooked ? "Rescheduled, overbooked" : "Rescheduled";
}

function refusedItem(refusal, { flow, account, zone }) {
  const wanted = refusal.to ? labelOf(flow, refusal.to) : moveLabel(flow, refusal.move);
  return el(
    "li.history-item.refused",
    { "data-testid": "refusal" },
    el("span.history-dot", { "aria-hidden": "true" }, icon("cross")),
    el(
      "div",
      {},
      el(
        "p",
        {},
        el("strong", {}, `Refused: ${wanted}`),
        el("span.quiet", {}, ` · ${who(refusal.actor, account)}`),
      ),
      el("p.quote", {}, refusal.explanation ?? refusal.why),
      el("p.small.quiet.numbers", {}, momentText(refusal.recorded_at, "en", zone)),
    ),
  );
}

function waitingItem(early, flow, now_ms) {
  const wanted = early.to ? labelOf(flow, early.to) : moveLabel(flow, early.move);
  return el(
    "li.history-item",
    {},
    el("span.history-dot", { "aria-hidden": "true" }, icon("pause")),
    el(
      "div",
      {},
      el("p", {}, el("strong", {}, `Early move, not made yet: ${wanted}`)),
      el("p.small.quiet", {}, `refused in ${spanText(msOf(early.until) - now_ms)} if it is still too early`),
    ),
  );
}

function bookedItem(detail, flow, zone) {
  const [first] = flow.statuses;
  return el(
    "li.history-item.toned",
    { vars: statusColour(first.colour) },
    el("span.history-dot", { "aria-hidden": "true" }),
    el(
      "div",
      {},
      el("p", {}, el("strong", {}, "Booked")),
      el("p.small.quiet.numbers", {}, momentText(detail.created_at, "en", zone)),
    ),
  );
}

function moveLabel(flow, name) {
  return flow.moves.find((move) => move.name === name)?.label.en ?? String(name ?? "a move");
}

function who(actor, account) {
  return actor?.id === account ? "you" : actorText(actor, null);
}
