// The parts of a report. Each number leads to its jobs.

import { el } from "/shared/ui/elements.js";
import { moneyText } from "/shared/ui/money.js";
import { spanText } from "/shared/ui/time.js";
import { METHODS } from "/shared/jobs/payment.js";
import { LOADS } from "/shared/jobs/proof_of_service.js";
import {
  GROUPINGS,
  daysOfRow,
  endedStatuses,
  historyLink,
  onTimeText,
  questionOfRow,
} from "/reports/state/report_query.js";

const MINUTE_MS = 60_000;
const HEADS = ["Jobs", "Done", "Cancelled", "Failed attempts", "Revenue", "Unpaid", "Average price", "On time"];

/** The numbers of all days, large. */
export function totals({ total, currency, ...days }, flows) {
  const link = (question) => historyLink(days, question);
  const done = { status: endedStatuses(flows, "done") };
  const tile = (name, text, href, testid) =>
    el(
      "a.tile",
      { href, "data-testid": testid },
      el("span.small.quiet", {}, name),
      el("strong.numbers", {}, text || "–"),
    );
  return el(
    "div.tiles",
    { "data-testid": "totals" },
    tile("Jobs", String(total.jobs), link(), "total-jobs"),
    tile("Done", String(total.done), link(done), "total-done"),
    tile("Revenue", moneyText(total.revenue_cents, currency), link(done), "total-revenue"),
    tile("Unpaid", moneyText(total.unpaid_cents, currency), link({ ...done, paid: "false" }), "total-unpaid"),
    tile("Average price", moneyText(total.average_price_cents, currency), link(done), "total-average"),
    tile("On time", onTimeText(total), link(), "total-on-time"),
  );
}

/** A row for each day, week, month, crew member, or truck, and one for all. */
export function figuresTable(report, flows, nameOf) {
  const { rows, total, by } = report;
  const whole = { first: report.first, last: report.last };
  const line = (head, figures, days, question, tag = "tr") => {
    const ended = (end) => ({ ...question, status: endedStatuses(flows, end) });
    const link = (text, asked, is = text) =>
      el("td.numbers", {}, is === 0 ? text : el("a", { href: historyLink(days, asked) }, text));
    const money = (cents) => moneyText(cents, report.currency) || "–";
    return el(
      tag,
      {},
      el("th", { scope: "row" }, head),
      link(figures.jobs, question),
      link(figures.done, ended("done")),
      link(figures.cancelled, ended("cancelled")),
      el("td.numbers", {}, figures.failed_attempts),
      link(money(figures.revenue_cents), ended("done"), figures.revenue_cents),
      link(money(figures.unpaid_cents), { ...ended("done"), paid: "false" }, figures.unpaid_cents),
      el("td.numbers", {}, money(figures.average_price_cents)),
      el("td.numbers", {}, onTimeText(figures) || "–"),
    );
  };
  return el(
    "div.scrolled",
    { tabindex: "0", role: "region", "aria-label": "Figures" },
    el(
      "table",
      { "data-testid": "figures" },
      el("thead", {}, el("tr", {}, [GROUPINGS[by], ...HEADS].map((head) => el("th", { scope: "col" }, head)))),
      el(
        "tbody",
        {},
        rows.map(({ key, figures }) =>
          line(nameOf(key), figures, daysOfRow(key, report), questionOfRow(key, by)),
        ),
      ),
      el("tfoot", {}, line("Total", total, whole, {})),
    ),
  );
}

export function unpaidList({ unpaid = [], total, currency }, dayOf) {
  const one = ({ job_id, customer, at, price_cents, unpaid_cents }) =>
    el(
      "tr",
      { "data-job": job_id },
      el("td", {}, dayOf(at)),
      el("td", {}, el("a", { href: `/history/?job=${job_id}` }, customer)),
      el("td.numbers", {}, moneyText(price_cents, currency)),
      el("td.numbers", {}, el("strong", {}, moneyText(unpaid_cents, currency))),
    );
  const more = total.unpaid_jobs - unpaid.length;
  return section(
    "Unpaid",
    unpaid.length === 0
      ? el("p.quiet", { "data-testid": "all-paid" }, "Everything that is done is paid.")
      : table(["Day", "Customer", "Price", "Unpaid"], unpaid.map(one), "unpaid"),
    more > 0 && el("p.small.quiet", {}, `And ${more} more; choose fewer days to see them.`),
  );
}

/** Loads, payments, reasons, and times, each as a small table. */
export function smallTables({ total, methods, cancelled_for, failed_for, times }, flows) {
  const pairs = (title, head, entries, testid) =>
    section(
      title,
      entries.length === 0
        ? el("p.quiet", {}, "None.")
        : table(
            [head, "Jobs"],
            entries.map(([name, count]) => el("tr", {}, el("td", {}, name), el("td.numbers", {}, count))),
            testid,
          ),
    );
  const counts = (named, labels) =>
    Object.entries(labels)
      .filter(([name]) => named[name] !== undefined)
      .map(([name, label]) => [label, named[name]]);
  const reasons = (list) => list.map(({ reason, jobs }) => [reason || "(no reason)", jobs]);
  const label = ({ flow, status }) => {
    const found = flows[flow]?.statuses.find(({ name }) => name === status);
    return `${flows[flow]?.label.en ?? flow}: ${found?.label.en ?? status}`;
  };
  return el(
    "div.small-tables",
    {},
    pairs("Loads", "Load", counts(total.loads, LOADS), "loads"),
    pairs("How it was paid", "Payment", counts(methods, METHODS), "methods"),
    pairs("Cancelled because", "Reason", reasons(cancelled_for), "cancelled"),
    pairs("Failed attempts", "Reason", reasons(failed_for), "failed"),
    section(
      "Time in status",
      table(
        ["Status", "Jobs", "Average"],
        times.map((time) =>
          el(
            "tr",
            {},
            el("td", {}, label(time)),
            el("td.numbers", {}, time.jobs),
            el("td.numbers", {}, spanText(time.average_minutes * MINUTE_MS)),
          ),
        ),
        "times",
      ),
    ),
  );
}

function section(title, ...children) {
  return el("section.panel", { "aria-label": title }, el("h2", {}, title), children);
}

function table(heads, rows, testid) {
  return el(
    "table",
    { "data-testid": testid },
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows),
  );
}
