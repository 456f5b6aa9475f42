// Which view of the dispatch page the address names, so that a reload or a link opens it again.

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** {view, date} in the query of an address: `board`, or `day` with its date; null is today. */
export function viewIn(search) {
  const asked = new URLSearchParams(search);
  if (asked.get("view") !== "day") return { view: "board", date: null };
  const date = asked.get("date") ?? "";
  return { view: "day", date: isDate(date) ? date : null };
}

/** The query that means `view`; empty for the board. */
export function queryFor({ view, date }) {
  if (view !== "day") return "";
  return `?${new URLSearchParams({ view, ...(date && { date }) })}`;
}

function isDate(text) {
  return DATE.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}
