// How a job can be paid, as the API names it, and what is owed.

export const METHODS = Object.freeze({
  cash: "Cash",
  card: "Card",
  check: "Check",
  transfer: "Bank transfer",
  other: "Another way",
});

/** What was paid in all, in cents. */
export function paidIn({ payments = [] }) {
  return payments.reduce((sum, { amount_cents }) => sum + amount_cents, 0);
}

/** What is not paid yet, in cents; null for a job without a price. */
export function owedIn(job) {
  const { price_cents = null } = job;
  return price_cents === null ? null : Math.max(price_cents - paidIn(job), 0);
}
