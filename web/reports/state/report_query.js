// Which days a report is about, and where its numbers lead.

import { dayAfter } from "../../shared/ui/business_time.js";

export const GROUPINGS = Object.freeze({
  day: "Day",
  week: "Week",
  month: "Month",
  crew: "Crew member",
  truck: "Truck",
});
export const PERIODS = Object.freeze({
  week: "This week",
  month: "This month",
  last_month: "Last month",
  days: "Last 30 days",
  year: "This year",
  other: "Other days",
});
const NO_ONE = "-"; // the API's name for jobs without crew, or without truck
const DAY = /^\d{4}-\d\d-\d\d$/;
/** The first and the last day of a row's key. */
const SPANS = {
  day: (day) => [day, day],
  week: (monday) => [monday, dayAfter(monday, 6)],
  month: (month) => [`${month}-01`, endOfMonth(month)],
};
const USUAL = { period: "month", by: "day" };

/** {period, by, first, last}: what the address asks for, as of `today` in the business's zone. */
export function queryIn(hash, today) {
  const asked = new URLSearchParams(hash.slice(1));
  const period = asked.get("period") in PERIODS ? asked.get("period") : USUAL.period;
  const by = asked.get("by") in GROUPINGS ? asked.get("by") : USUAL.by;
  const [first, last] = [asked.get("first"), asked.get("last")];
  const own = period === "other" && DAY.test(first ?? "") && DAY.test(last ?? "");
  return { period, by, ...(own ? { first, last } : daysOf(period, today)) };
}

/** The days of a period, up to today. */
export function daysOf(period, today) {
  const month = today.slice(0, 7);
  if (period === "week") return { first: dayAfter(today, -weekday(today)), last: today };
  if (period === "days") return { first: dayAfter(today, -29), last: today };
  if (period === "year") return { first: `${today.slice(0, 4)}-01-01`, last: today };
  if (period !== "last_month") return { first: `${month}-01`, last: today };
  const last = dayAfter(`${month}-01`, -1);
  return { first: `${last.slice(0, 7)}-01`, last };
}

export function addressOf({ period, by, first, last }) {
  return `#${new URLSearchParams({ period, by, ...(period === "other" && { first, last }) })}`;
}

/** The days of one row, within those of the report. */
export function daysOfRow(key, { by, first, last }) {
  const span = SPANS[by]?.(key);
  if (span === undefined) return { first, last };
  const [begin, end] = span;
  return { first: begin < first ? first : begin, last: end > last ? last : end };
}

/** The jobs behind a number, on the history page. The question is behind the `#`. */
export function historyLink({ first, last }, question = {}) {
  return `/history/#${new URLSearchParams({ first, last, ...question })}`;
}

/** What narrows the history to one row; nothing for a calendar, whose rows are days. */
export function questionOfRow(key, by) {
  return ["crew", "truck"].includes(by) ? { [by]: key || NO_ONE } : {};
}

/** The names of the statuses in which jobs have ended so, separated by commas. */
export function endedStatuses(flows, end) {
  const found = Object.values(flows).flatMap(({ statuses }) => statuses);
  return [...new Set(found.filter((status) => status.end === end).map(({ name }) => name))].join(",");
}

/** `87 %`; empty where no crew has come to a job with a window. */
export function onTimeText({ on_time, with_arrival }) {
  return with_arrival === 0 ? "" : `${Math.round((100 * on_time) / with_arrival)} %`;
}

/** Monday is 0. */
function weekday(day) {
  return (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
}

function endOfMonth(key) {
  const [year, month] = key.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
