// One card of the board.

import { ageMs, overdueMs } from "/dispatch/state/board.js";
import { el, statusColour } from "/shared/ui/elements.js";
import { unsentText } from "/dispatch/state/unsent_text.js";
import { icon } from "/shared/ui/icons.js";
import { preferredDayText } from "/shared/jobs/preferred_day.js";
import { MINUTE_MS, dayText, roughText, spanText, windowText } from "/shared/ui/time.js";
import { moneyText } from "/shared/ui/money.js";

/** What a card shows, as texts; two cards with the same facts look the same. */
export function factsOf(card, status, { now_ms, zone, currency, trucks = new Map(), unread = new Map() }) {
  const late_ms = overdueMs(card, now_ms);
  const span = windowText(card.schedule, "en", zone);
  const start = card.schedule?.window_start ?? card.schedule?.window_end;
  const wanted = preferredDayText(card, zone);
  return {
    job_id: card.job_id,
    customer: card.customer,
    address: card.address,
    colour: status.colour,
    terminal: card.terminal,
    moving: card.moving ?? false,
    arrival: span === null ? wanted : `${card.requested ? "Requested: " : ""}${dayText(start, now_ms, "en", zone)}, ${span}`,
    crew: card.crew ?? [],
    truck: card.truck ? (trucks.get(card.truck) ?? card.truck) : null,
    load: card.load ?? null,
    attempts: card.failed_attempts ?? 0,
    notes: card.notes ?? 0,
    price: moneyText(card.price_cents, currency),
    age: spanText(Math.max(ageMs(card, now_ms), MINUTE_MS)),
    overdue: late_ms === null ? null : roughText(Math.max(late_ms, MINUTE_MS)),
    unread: unread.get(card.job_id) ?? 0,
    textsStopped: card.texts_stopped ?? false,
    unsent: unsentText(card.unsent_text),
    call: Boolean(card.call_after) && Date.parse(card.call_after) <= now_ms,
  };
}

export function cardNode(facts) {
  const { job_id, customer } = facts;
  return el(
    `li.card.toned${facts.overdue ? ".late" : ""}${facts.moving ? ".moving" : ""}${facts.terminal ? ".ended" : ""}`,
    {
      vars: statusColour(facts.colour),
      "data-job": job_id,
      "data-testid": "card",
      "aria-busy": facts.moving ? "true" : null,
    },
    el(
      "div.card-head",
      {},
      el(
        "button.card-open",
        {
          type: "button",
          "data-focus": `open-${job_id}`,
          "aria-describedby": `about-${job_id} card-help`,
        },
        el("bdi", {}, customer),
      ),
      el(
        "button.card-menu",
        {
          type: "button",
          "data-focus": `menu-${job_id}`,
          "aria-label": `Move ${customer}`,
          "aria-haspopup": "menu",
          disabled: facts.moving,
        },
        icon("more"),
      ),
    ),
    el("div.card-about", { id: `about-${job_id}` }, about(facts)),
  );
}

function about(facts) {
  const { address, arrival, crew, truck, load, attempts, notes, price, age, overdue, unread, textsStopped, unsent, call } = facts;
  return [
    el("p.card-address", {}, el("bdi", {}, address)),
    arrival && el("p.card-line.numbers", {}, icon("calendar"), arrival),
    crew.length > 0 &&
      el("p.card-line", {}, icon("person"), crew.map(({ first_name }) => first_name).join(", ")),
    truck && el("p.card-line", { "data-testid": "card-truck" }, icon("truck"), el("bdi", {}, truck)),
    load && el("p.card-line.card-load", {}, icon("note"), el("bdi", {}, load)),
    attempts > 0 &&
      el("p.card-line", { "data-testid": "attempts" }, icon("cross"), attemptsText(attempts)),
    el(
      "p.card-foot.numbers",
      {},
      overdue
        ? el("span.late-mark", { "data-testid": "overdue" }, icon("clock"), `${overdue} overdue`)
        : el(
            "span",
            { title: "How long the job has been in this column" },
            el("span.unseen", {}, "in this column for "),
            age,
          ),
      price && el("span", {}, price),
      notes > 0 &&
        el(
          "span.card-notes",
          {},
          icon("note"),
          notes,
          el("span.unseen", {}, notes === 1 ? " note" : " notes"),
        ),
      unread > 0 &&
        el(
          "span.unread-mark",
          { "data-testid": "unread" },
          icon("message"),
          `${unread} new`,
          el("span.unseen", {}, unread === 1 ? " message" : " messages"),
        ),
      call &&
        el(
          "span.late-mark",
          {
            "data-testid": "call",
            title: "The customer has not confirmed the reminder, wants another time, or gets no texts.",
          },
          icon("phone"),
          "call",
        ),
      unsent &&
        el("span.late-mark", { "data-testid": "unsent-text", title: unsent.long }, icon("note"), unsent.short),
      textsStopped &&
        el(
          "span.card-notes",
          { "data-testid": "texts-stopped", title: "The customer replied STOP. Call instead." },
          icon("offline"),
          "no texts",
        ),
    ),
  ];
}

function attemptsText(attempts) {
  return attempts === 1 ? "1 failed attempt" : `${attempts} failed attempts`;
}
