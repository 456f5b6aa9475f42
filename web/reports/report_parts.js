// The parts of a report. Each number leads to its jobs.

import { el } from "/shared/ui/elements.js";
import { moneyText } from "/shared/ui/money.js";
import { spanText } from "/shared/ui/time.js";
import { METHODS } from "/shared/jobs/payment.js";
import { LOADS } from "/shared/jobs/proof_of_service.js";
import { figuresFor } from "/reports/state/figures.js";
import { GROUPINGS, daysOfRow, endedStatuses, historyLink, questionOfRow } from "/reports/state/report_query.js";

const MINUTE_MS = 60_000;
const BESIDE = ["cancelled", "failed-attempts"]; // of little use without the rows

/** The numbers of all days, large. */
export function totals({ total, currency, first, last }, flows) {
  const tile = ({ name, head, text, about, question }) => {
    const leads = about(total) > 0 && { href: historyLink({ first, last }, question) };
    return el(
      leads ? "a.tile" : "div.tile",
      { ...leads, "data-testid": `total-${name}` },
      el("span.small.quiet", {}, head),
      el("strong.numbers", {}, text(total) || "–"),
    );
  };
  const shown = figuresFor(flows, currency).filter(({ name }) => !BESIDE.includes(name));
  return el("div.tiles", { "data-testid": "totals" }, shown.map(tile));
}

/** A row for each day, week, month, crew member, or truck, and one for all. */
export function figuresTable(report, flows, nameOf) {
  const { rows, total, by, first, last } = report;
  const columns = figuresFor(flows, report.currency);
  const line = (head, figures, days, asked) => {
    const cell = ({ name, text, about, question }) => {
      const link = { href: historyLink(days, { ...question, ...asked }), "data-figure": name };
      const said = text(figures) || "–";
      return el("td.numbers", {}, about(figures) > 0 ? el("a", link, said) : said);
    };
    return el("tr", {}, el("th", { scope: "row" }, head), columns.map(cell));
  };
  const heads = [GROUPINGS[by], ...columns.map(({ head }) => head)];
  return el(
    "div.scrolled",
    { tabindex: "0", role: "region", "aria-label": "Figures" },
    el(
      "table",
      { "data-testid": "figures" },
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el(
        "tbody",
        {},
        rows.map(({ key, figures }) =>
          line(nameOf(key), figures, daysOfRow(key, report), questionOfRow(key, by)),
        ),
      ),
      el("tfoot", {}, line("Total", total, { first, last }, {})),
    ),
    total.erased > 0 &&
      el("p.small.quiet", { "data-testid": "erased" }, `${total.erased} of these jobs are erased: they are only counted.`),
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
export function smallTables({ total, cancelled_for, failed_for, times, first, last }, flows) {
  const done = { status: endedStatuses(flows, "done") };
  const cancelled = { status: endedStatuses(flows, "cancelled") };
  const jobs = (count, question) =>
    el("td.numbers", {}, question ? el("a", { href: historyLink({ first, last }, question) }, count) : count);
  const pairs = (title, head, entries, testid) =>
    section(
      title,
      entries.length === 0
        ? el("p.quiet", {}, "None.")
        : table(
            [head, "Jobs"],
            entries.map(([name, count, question]) => el("tr", {}, el("td", {}, name), jobs(count, question))),
            testid,
          ),
    );
  const counts = (named, labels, asks) =>
    Object.entries(labels)
      .filter(([name]) => named[name] !== undefined)
      .map(([name, label]) => [label, named[name], { ...done, [asks]: name }]);
  const reasons = (list, asks, asked) =>
    list.map(({ reason, jobs }) => [reason || "(no reason)", jobs, reason && { ...asked, [asks]: reason }]);
  const label = ({ flow, status }) => {
    const found = flows[flow]?.statuses.find(({ name }) => name === status);
    return `${flows[flow]?.label.en ?? flow}: ${found?.label.en ?? status}`;
  };
  return el(
    "div.small-tables",
    {},
    pairs("Loads", "Load", counts(total.loads, LOADS, "load_size"), "loads"),
    pairs("How it was paid", "Payment", counts(total.methods, METHODS, "method"), "methods"),
    pairs("Cancelled because", "Reason", reasons(cancelled_for, "cancelled_for", cancelled), "cancelled"),
    pairs("Failed attempts", "Reason", reasons(failed_for, "failed_for", {}), "failed"),
    section(
      "Time in status",
      table(
        ["Status", "Jobs", "Average"],
        times.map((time) =>
          el(
            "tr",
            {},
            el("td", {}, label(time)),
            jobs(time.jobs, { flow: time.flow, left: time.status }),
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
