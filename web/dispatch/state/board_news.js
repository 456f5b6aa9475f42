// What customers have done since the board was read before, for the office to notice at once.

export const ACTS = Object.freeze({
  booked: "New booking",
  confirmed: "Confirmed by the customer",
  cancelled: "Cancelled by the customer",
  rescheduled: "Moved by the customer",
  asked_again: "Asks for another time",
  wrote: "Message from the customer",
  photographed: "Photo from the customer",
});

/** [{job_id, act, customer}] of the cards whose customer has done something that `known` does not have. */
export function newsIn(known, cards) {
  const before = new Map(known.map((card) => [card.job_id, card]));
  return cards
    .filter((card) => Object.hasOwn(ACTS, card.customer_act) && isNews(before.get(card.job_id), card))
    .map(({ job_id, customer_act, customer }) => ({ job_id, act: customer_act, customer }));
}

function isNews(before, { rev, customer_act: act, notes, schedule = {} }) {
  if (before === undefined) return true;
  if (rev <= before.rev) return false;
  if (act !== before.customer_act) return true;
  if (act === "wrote") return notes > before.notes;
  return ["rescheduled", "asked_again"].includes(act) && schedule.window_start !== before.schedule?.window_start;
}

export function newsText({ act, customer }) {
  return `${ACTS[act]}: ${customer}`;
}
