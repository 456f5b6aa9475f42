// What stands in the place of the settings when there are none to show.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

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
    el("h1", {}, "This page is for the owner"),
    el("p.quiet", {}, `You are signed in as ${account}, with the roles: ${roles.join(", ")}.`),
    el("p.quiet", {}, "Ask the owner of the business to change the settings, or for the role owner."),
    el("a.button", { href: "/dispatch/" }, "To the board"),
  );
}

function emptyState(...children) {
  return el("div.empty-state", { "data-testid": "empty-state" }, children);
}
