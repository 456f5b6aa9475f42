// The view that the page's address names, so that a reload or a link opens it again.

const JOB = /^[0-9]{6}-[0-9a-z]{6}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * {view, date, job} in the query of an address: `board`, or `day` with its date (null: today), and the
 * open job, or null.
 */
export function viewIn(search) {
  const asked = new URLSearchParams(search);
  const job = JOB.test(asked.get("job") ?? "") ? asked.get("job") : null;
  if (asked.get("view") !== "day") return { view: "board", date: null, job };
  const date = asked.get("date") ?? "";
  return { view: "day", date: isDate(date) ? date : null, job };
}

/** The query of such a view; empty for the board without an open job. */
export function queryFor({ view, date, job = null }) {
  const day = view === "day" && { view, ...(date && { date }) };
  const query = new URLSearchParams({ ...day, ...(job && { job }) });
  return query.size > 0 ? `?${query}` : "";
}

function isDate(text) {
  return DATE.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}
