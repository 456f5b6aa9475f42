// The lists of the overview: jobs in trouble, executions, queues.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { labelOf } from "/shared/jobs/moves.js";
import { adviceText, stateText, troubleText, whyText } from "/ops/state/ops_labels.js";
import { addressOf } from "/ops/state/timeline.js";

const AT_FIRST = 8;

/** The sources that did not answer. */
export function unreadList(incomplete) {
  return el(
    "div.notice.warn",
    { "data-testid": "unread" },
    icon("alert"),
    el(
      "div",
      {},
      el("p", {}, el("strong", {}, "Not everything could be read; the rest is up to date.")),
      el(
        "ul",
        {},
        incomplete.map((source) => el("li", {}, source)),
      ),
    ),
  );
}

/** Stands where a part would be whose source did not answer. */
export function unread() {
  return el("p.quiet", {}, "Not read: its source did not answer.");
}

/**
 * `known`: whether there are no others. `act`: {repair(job), showAll()}. A job that no one can
 * read has neither flow nor status.
 */
export function troubleList({ troubled, known, flows, now_ms, all, act }) {
  if (troubled.length === 0 && !known) return unread();
  if (troubled.length === 0)
    return el("p.quiet.fine", {}, icon("check"), "No job is overdue or stuck.");
  const shown = all ? troubled : troubled.slice(0, AT_FIRST);
  return [
    el(
      "ul.troubled",
      { "data-testid": "troubled" },
      shown.map((job) => troubledJob(job, { flows, now_ms, act })),
    ),
    shown.length < troubled.length &&
      el("button.button", { type: "button", onclick: act.showAll }, `Show all ${troubled.length}`),
    !known && el("p.quiet", {}, "There may be more: not everything could be read."),
  ];
}

function troubledJob(job, { flows, now_ms, act }) {
  const { job_id, flow, status, troubles } = job;
  const where = status ? labelOf(flows[flow] ?? { statuses: [] }, status) : "Status unknown";
  const since = troubles.map((trouble) => troubleText(trouble, now_ms)).join(", ");
  return el(
    "li.trouble",
    { "data-testid": "trouble", "data-job": job_id },
    el(
      "div.trouble-about",
      {},
      el("p.row", {}, el("strong.job-id", {}, job_id), troubles.map(troubleTag)),
      el("p.numbers", {}, `${where}, ${since}`),
      el("p.small.quiet", {}, adviceText(troubles[0].why)),
    ),
    el(
      "div.row",
      {},
      el(
        "a.button.compact",
        {
          href: addressOf(job_id),
          "data-focus": `explain-${job_id}`,
          "aria-label": `Explain ${job_id}`,
        },
        "Explain",
      ),
      el(
        "button.button.compact",
        {
          type: "button",
          onclick: () => act.repair(job),
          "data-focus": `repair-${job_id}`,
          "aria-label": `Redrive ${job_id}`,
        },
        icon("reload"),
        "Redrive",
      ),
    ),
  );
}

function troubleTag({ why }) {
  return el(`span.tag.${why === "overdue" ? "warn" : "bad"}`, {}, icon("alert"), whyText(why));
}

export function executionList(executions) {
  const note =
    "Of those that ended badly only the ones that no other has followed are counted: " +
    "their jobs are named, and each job’s story says why.";
  return [counts(executions), el("p.small.quiet", {}, note)];
}

function counts(executions) {
  return el(
    "dl.facts",
    { "data-testid": "executions" },
    executions.map(({ state, executions: number, more, jobs = [] }) =>
      el(
        "div",
        {},
        el("dt", {}, stateText(state)),
        el(
          "dd.numbers",
          {},
          `${number.toLocaleString("en-US")}${more ? " or more" : ""}`,
          jobs.map((job_id) => [" ", el("a", { href: addressOf(job_id) }, job_id)]),
        ),
      ),
    ),
  );
}

/** `opened` is the queue whose letters are shown; `act`: {openLetters(queue)}. */
export function queueTable({ queues, opened, act }) {
  return el(
    "table.queues",
    { "data-testid": "queues" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Queue of"),
        ["Waiting", "In work", "Dead"].map((head) => el("th.number", { scope: "col" }, head)),
        el("th", { scope: "col" }, el("span.unseen", {}, "Dead letters")),
      ),
    ),
    el(
      "tbody",
      {},
      queues.map((queue) => queueRow(queue, queue.queue === opened, act)),
    ),
  );
}

function queueRow({ queue, waiting, in_flight, dead }, isOpen, act) {
  return el(
    "tr",
    { "data-testid": "queue", "data-queue": queue },
    el("th", { scope: "row" }, queue.replaceAll("_", " ")),
    [waiting, in_flight].map((number) => el("td.number", {}, number.toLocaleString("en-US"))),
    el(`td.number${dead > 0 ? ".late" : ""}`, {}, dead.toLocaleString("en-US")),
    el(
      "td.number",
      {},
      (dead > 0 || isOpen) &&
        el(
          "button.button.compact",
          {
            type: "button",
            "aria-expanded": String(isOpen),
            "aria-label": `Dead letters of ${queue.replaceAll("_", " ")}`,
            "data-focus": `letters-${queue}`,
            onclick: () => act.openLetters(isOpen ? null : queue),
          },
          isOpen ? "Close" : "Open",
        ),
    ),
  );
}
