// The lists of the overview: jobs with problems, executions, queues.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { labelOf } from "/shared/jobs/moves.js";
import { adviceText, queueName, stateText, troubleText, whyText } from "/ops/state/ops_labels.js";
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
      el("p", {}, el("strong", {}, "Some of the data could not be read. The rest is up to date.")),
      el(
        "ul",
        {},
        incomplete.map((source) => el("li", {}, source)),
      ),
    ),
  );
}

/** Shown in place of a part whose source did not answer. */
export function unread() {
  return el("p.quiet", {}, "Not read: its source did not answer.");
}

/**
 * `known`: whether the list is complete. `act`: {repair(job), showAll()}. A job that cannot be read
 * has neither flow nor status.
 */
export function troubleList({ troubled, known, flows, now_ms, all, act }) {
  if (troubled.length === 0 && !known) return unread();
  if (troubled.length === 0)
    return el("p.quiet.no-problems", {}, icon("check"), "No job is overdue or stuck.");
  const shown = all ? troubled : troubled.slice(0, AT_FIRST);
  return [
    el(
      "ul.troubled",
      { "data-testid": "troubled" },
      shown.map((job) => troubledJob(job, { flows, now_ms, act })),
    ),
    shown.length < troubled.length &&
      el("button.button", { type: "button", onclick: act.showAll }, `Show all ${troubled.length}`),
    !known && el("p.quiet", {}, "There may be more, because some of the data could not be read."),
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
          "data-focus": `show-${job_id}`,
          "aria-label": `Show ${job_id}`,
        },
        "Show",
      ),
      el(
        "button.button.compact",
        {
          type: "button",
          onclick: () => act.repair(job),
          "data-focus": `repair-${job_id}`,
          "aria-label": `Repair ${job_id}`,
        },
        icon("reload"),
        "Repair",
      ),
    ),
  );
}

function troubleTag({ why }) {
  return el(`span.tag.${why === "overdue" ? "warn" : "bad"}`, {}, icon("alert"), whyText(why));
}

export function executionList(executions) {
  const note =
    "Failed executions that were replaced by a new one are not counted. " +
    "The timeline of each job says why its execution failed.";
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

/** `opened`: the queue whose failed messages are shown; `act`: {openDeadLetters(queue)}. */
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
        el("th", { scope: "col" }, "Queue"),
        ["Waiting", "In flight", "Failed"].map((head) => el("th.number", { scope: "col" }, head)),
        el("th", { scope: "col" }, el("span.unseen", {}, "Failed messages")),
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
    el("th", { scope: "row" }, queueName(queue)),
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
            "aria-label": `Failed messages of ${queueName(queue)}`,
            "data-focus": `dead-letters-${queue}`,
            onclick: () => act.openDeadLetters(isOpen ? null : queue),
          },
          isOpen ? "Close" : "Open",
        ),
    ),
  );
}
