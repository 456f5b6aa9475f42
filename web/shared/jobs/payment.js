// How a job can be paid, as the API names it.

export const METHODS = Object.freeze({
  cash: "Cash",
  card: "Card",
  check: "Check",
  transfer: "Bank transfer",
  other: "Another way",
});
