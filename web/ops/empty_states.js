// What the page shows when there is no overview.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

export function loading() {
  return emptyState(
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Loading…"),
  );
}

export function unreachable() {
  return emptyState(
    el("h1", {}, "The service cannot be reached"),
    el("p.quiet", {}, "Check your connection, or try again in a moment."),
    el(
      "button.button",
      { type: "button", onclick: () => location.reload() },
      icon("reload"),
      "Try again",
    ),
  );
}

export function refused({ account, roles }) {
  return emptyState(
    el("div.sign", {}, icon("alert")),
    el("h1", {}, "This page is for ops"),
    el("p.quiet", {}, `You are signed in as ${account} (${roles.join(", ")}).`),
    el("p.quiet", {}, "Ask the person who manages the accounts for the role ops, or go to the board."),
    el("a.button", { href: "/dispatch/" }, "Go to the board"),
  );
}

function emptyState(...children) {
  return el("div.empty-state", { "data-testid": "empty-state" }, children);
}
