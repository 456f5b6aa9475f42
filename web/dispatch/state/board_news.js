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

/**
 * [{conversation, act, customer}] of the conversations with new messages of which no card tells: the number
 * has no job, or only jobs that have left the board.
 */
export function textsIn(known, listed, cards) {
  const before = new Map(known.map(({ conversation, unread }) => [conversation, unread]));
  const shown = new Set(cards.map(({ job_id }) => job_id));
  return listed
    .filter(({ conversation, unread, job_id }) => unread > (before.get(conversation) ?? 0) && !shown.has(job_id))
    .map(({ conversation, phone_end }) => ({ conversation, act: "texted", customer: `a number ending in ${phone_end}` }));
}

function isNews(before, { rev, customer_act: act, notes, schedule = {} }) {
  if (before === undefined) return true;
  if (rev <= before.rev) return false;
  if (act !== before.customer_act) return true;
  if (act === "wrote") return notes > before.notes;
  return ["rescheduled", "asked_again"].includes(act) && schedule.window_start !== before.schedule?.window_start;
}

export function newsText({ act, customer }) {
  if (act === "texted") return `Message from ${customer}`;
  return `${ACTS[act]}: ${customer}`;
}
