// What stands in the place of the overview when there is none to show.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

export function asking() {
  return blank(
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Asking how it is going…"),
  );
}

export function unreachable() {
  return blank(
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
  return blank(
    el("div.sign", {}, icon("alert")),
    el("h1", {}, "This page is for ops"),
    el("p.quiet", {}, `You are signed in as ${account}, who is ${roles.join(", ")} here.`),
    el("p.quiet", {}, "Ask whoever runs the accounts for the role ops, or go to your own page."),
    el("a.button", { href: "/dispatch/" }, "To the board"),
  );
}

function blank(...children) {
  return el("div.blank", { "data-testid": "blank" }, children);
}
