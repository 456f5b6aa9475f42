// What the dialog for a new job shows once the job is there.

import { Problem } from "/shared/api/api.js";
import { copyText, el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

/** An earlier request had arrived: tells whether the job is now as the form says. */
function lateNotice({ late, missed, error }) {
  if (!late) return null;
  if (missed.length === 0) {
    return el(
      "div.notice.good",
      { "data-testid": "late" },
      icon("check"),
      el("p", {}, "The job was already created. Your corrections were applied."),
    );
  }
  const why = error instanceof Problem ? ` ${error.detail || error.title}` : "";
  const text = `The job was already created. Not applied: ${missed.join(", ")}.${why} Open the job to change it.`;
  return el("div.notice.warn", { "data-testid": "late" }, icon("alert"), el("p", {}, text));
}

/** What the dialog shows once there is a job: its tracking link. */
export function linkPanel(outcome, customer, onClose) {
  const { tracking_url } = outcome.created;
  const input = el("input.input", {
    readonly: true,
    value: tracking_url,
    "aria-label": "Tracking link",
    "data-testid": "new-link",
    onfocus: (event) => event.target.select(),
  });
  const label = el("span", {}, "Copy link");
  const copy = async () =>
    fill(label, (await copyText(tracking_url)) ? "Copied" : "Please copy it yourself");
  return el(
    "div.stack",
    {},
    el(
      "div",
      {},
      el("h2", { tabindex: "-1" }, "Job created"),
      el("p.quiet", {}, "This is the tracking link of ", el("bdi", {}, customer), "."),
    ),
    lateNotice(outcome),
    input,
    el(
      "div.row.end",
      {},
      el("button.button", { type: "button", onclick: copy }, icon("copy"), label),
      el("button.button.main", { type: "button", onclick: onClose, autofocus: true }, "Done"),
    ),
  );
}
