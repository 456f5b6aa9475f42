// The jobs that were found, in lines under their months; and a customer above their jobs.

import { el, fill, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { moneyText } from "/shared/ui/money.js";
import { shownPhone } from "/shared/ui/phone_number.js";
import { dateText, msOf, windowText } from "/shared/ui/time.js";

/** The list of `cards`, by month of the business; `told` is {flows, zone, currency, openJob(job_id)}. */
export function resultsList(cards, told) {
  return monthsOf(cards, told.zone).map(([month, those]) =>
    el(
      "section.month",
      { "aria-label": month },
      el("h2", {}, month),
      el("ul.results", {}, those.map((card) => line(card, told))),
    ),
  );
}

/** [[month, cards]], in the order of the cards. */
export function monthsOf(cards, zone) {
  const format = new Intl.DateTimeFormat("en-US", { month: "long", year: "numeric", timeZone: zone });
  const months = new Map();
  for (const card of cards) {
    const month = format.format(msOf(momentOf(card)));
    months.set(month, [...(months.get(month) ?? []), card]);
  }
  return [...months];
}

function momentOf(card) {
  return card.schedule?.window_start ?? card.created_at;
}

function line(card, { flows, zone, currency, openJob }) {
  const status = flows[card.flow]?.statuses.find(({ name }) => name === card.status);
  const crew = (card.crew ?? []).map(({ first_name }) => first_name).join(", ");
  return el(
    "li",
    {},
    el(
      "button.result",
      {
        type: "button",
        "data-testid": "result",
        "data-job": card.job_id,
        "data-focus": `result-${card.job_id}`,
        onclick: () => openJob(card.job_id),
      },
      el(
        "span.when.numbers",
        {},
        dateText(momentOf(card), "en", zone),
        el("span.quiet.small", {}, windowText(card.schedule, "en", zone) || "no window"),
      ),
      el(
        "span.what",
        {},
        el("bdi.customer", {}, card.customer),
        el("bdi.small", {}, card.address),
        card.load && el("bdi.quiet.small.load", {}, card.load),
      ),
      el("span.who.small.quiet", {}, crew),
      el("span.price.numbers", {}, moneyText(card.price_cents, currency)),
      el("span.pill.toned", { vars: statusColour(status?.colour) }, status?.label.en ?? card.status),
    ),
  );
}

/** A customer: who they are, how their jobs ended, and what the office has noted. */
export function customerPanel(customer, { leave, zone }) {
  const { name, phone, addresses, jobs, completed, cancelled, no_shows, texts_stopped, notes } = customer;
  const ends = [
    `${jobs} ${jobs === 1 ? "job" : "jobs"}`,
    `${completed} completed`,
    cancelled > 0 && `${cancelled} cancelled`,
    no_shows > 0 && `${no_shows} not possible when the crew was there`,
  ];
  return el(
    "section.panel.customer-panel",
    { "data-testid": "customer", "aria-labelledby": "customer-name" },
    el(
      "div.row",
      {},
      el("h1", { id: "customer-name", tabindex: "-1" }, el("bdi", {}, name)),
      el("button.button.plain.compact", { type: "button", onclick: leave }, icon("back"), "All jobs"),
    ),
    el(
      "ul.facts",
      {},
      phone && el("li", {}, icon("phone"), el("a", { href: `tel:${phone}` }, shownPhone(phone))),
      addresses.map((address) => el("li", {}, icon("pin"), el("bdi", {}, address))),
      el("li", {}, icon("check"), ends.filter(Boolean).join(" · ")),
      texts_stopped && el("li", {}, icon("offline"), "Wants no texts. Call instead."),
      notes.map(({ text, recorded_at }) =>
        el(
          "li",
          {},
          icon("note"),
          el("span", {}, el("bdi", {}, text), el("span.quiet", {}, ` · ${dateText(recorded_at, "en", zone)}`)),
        ),
      ),
    ),
  );
}

/** What is shown where there are no results. */
export function emptyResults(text, action = null) {
  return el(
    "div.empty-state",
    { "data-testid": "empty-state" },
    el("div.sign", {}, icon("search")),
    el("h2", {}, text),
    action,
  );
}

export function announce(node, text) {
  if (node.textContent !== text) fill(node, text);
}
