// What the page shows when there are no columns.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

export function loading() {
  return emptyState(
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Loading the board…"),
  );
}

export function unreachable(onRetry) {
  return emptyState(
    el("h1", {}, "The board cannot be reached"),
    el("p.quiet", {}, "Check your connection, or try again in a moment."),
    el("button.button", { type: "button", onclick: onRetry }, icon("reload"), "Try again"),
  );
}

/** `onNew` is null for people who do not create jobs. */
export function noJobs(onNew) {
  const whose = onNew ? "Jobs that customers book" : "Your jobs";
  return emptyState(
    el("div.sign", {}, icon("truck")),
    el("h1", {}, "No jobs yet"),
    el("p.quiet", {}, `${whose} appear here automatically.`),
    onNew && el("button.button.main", { type: "button", onclick: onNew }, icon("plus"), "New job"),
  );
}

export function noMatch(onClear) {
  return emptyState(
    el("div.sign", {}, icon("search")),
    el("h1", {}, "No job matches"),
    el("button.button", { type: "button", onclick: onClear }, "Show all jobs"),
  );
}

function emptyState(...children) {
  return el("div.empty-state", { "data-testid": "empty-state" }, children);
}
