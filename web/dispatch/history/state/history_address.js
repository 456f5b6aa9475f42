// What the history page's address names. The question is behind the `#`, which browsers do not send:
// it may have a name or a phone number.

const JOB = /^[0-9]{6}-[0-9a-z]{6}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The questions of the page, by their names in the API. */
export const QUESTIONS = [
  "q", "first", "last", "status", "flow", "crew", "truck", "price_from", "price_to", "paid",
  "load_size", "method", "on_time", "failed", "cancelled_for", "failed_for", "left",
  "customer", "address", "load", "phone",
];

/** {job, customer, question}: the open job, the job whose customer is shown, and what is asked. */
export function historyIn({ search, hash }) {
  const query = new URLSearchParams(search);
  const asked = new URLSearchParams(hash.slice(1));
  const question = Object.fromEntries(
    QUESTIONS.map((name) => [name, asked.get(name) ?? ""]).filter(([name, value]) => isUsable(name, value)),
  );
  return { job: jobIn(query.get("job")), customer: jobIn(query.get("customer")), question };
}

/** The query and the hash of such a place. */
export function addressOf({ job = null, customer = null, question = {} }) {
  const query = new URLSearchParams({ ...(customer && { customer }), ...(job && { job }) });
  const asked = new URLSearchParams(Object.entries(question).filter(([, value]) => value !== ""));
  return `${query.size > 0 ? `?${query}` : ""}${asked.size > 0 ? `#${asked}` : ""}`;
}

function isUsable(name, value) {
  return value !== "" && (!["first", "last"].includes(name) || DATE.test(value));
}

function jobIn(text) {
  return JOB.test(text ?? "") ? text : null;
}
