// What is left to plan: jobs without driver or truck, and jobs without an arrival window.

import { el } from "/shared/ui/elements.js";
import { windowText } from "/shared/ui/time.js";

const MOST = 60; // more than a day of a small business

export function jobLists({ open, unplanned }, told) {
  const lacking = open.map(({ card, missing }) => ({
    card,
    text: windowText(card.schedule, "en", told.day.zone),
    lacks: `no ${missing.join(", no ")}`,
  }));
  const without = unplanned.map((card) => ({ card, text: card.address }));
  return el(
    "aside.day-lists",
    { "aria-label": "Left to plan" },
    listNode("No driver or truck", "open-jobs", lacking, told),
    listNode("No arrival window", "unplanned-jobs", without, told),
  );
}

function listNode(title, name, items, told) {
  const none = name === "open-jobs" ? "Every job of this day is staffed." : "None.";
  const more = items.length - MOST;
  return el(
    "section.panel",
    { "aria-labelledby": name, "data-testid": name },
    el("h2", { id: name }, title, items.length > 0 && ` (${items.length})`),
    items.length === 0
      ? el("p.quiet.small", {}, none)
      : el("ul.stack", {}, items.slice(0, MOST).map((item) => itemNode(item, name, told))),
    more > 0 && el("p.quiet.small", {}, `${more} more on the board.`),
  );
}

function itemNode({ card, text, lacks = null }, name, { open, edit }) {
  const key = `${name}-${card.job_id}`;
  return el(
    "li",
    {},
    el(
      "button.open-job",
      { type: "button", "data-focus": key, "data-job": card.job_id, onclick: () => open(card.job_id, key) },
      el("strong", {}, el("bdi", {}, card.customer)),
      el("bdi.quiet.small", {}, text),
      lacks && el("span.quiet.small", {}, lacks),
    ),
    edit &&
      el(
        "button.button.plain.compact",
        { type: "button", "data-assign": card.job_id, "aria-label": `Assign ${card.customer}` },
        "Assign",
      ),
  );
}
