// Where someone who was invited chooses a password.

import { Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { failureIn } from "./failures.js";

const SHORTEST = 12;
const MARK = "#invitation=";

/** The token of an invitation's link; null for another address. */
export function invitationIn(hash) {
  return hash.startsWith(MARK) ? hash.slice(MARK.length) : null;
}

/** Where someone with these roles works. */
export function homeOf(roles) {
  if (roles.includes("owner")) return "/settings/";
  if (roles.includes("dispatcher")) return "/dispatch/";
  return roles.includes("ops") && roles.length === 1 ? "/ops/" : "/crew/";
}

/** `accept(password)` raises an error if it fails. */
export function invitationForm(accept) {
  const password = field("Password", {
    type: "password",
    autocomplete: "new-password",
    hint: `At least ${SHORTEST} characters, for example four words.`,
  });
  const alert = el("div", { role: "alert", "data-testid": "invitation-said" });
  const button = el("button.button.main.wide", {}, "Set the password and sign in");
  const submit = async (event) => {
    event.preventDefault();
    if (password.input.value.length < SHORTEST) {
      return password.complain(`Use at least ${SHORTEST} characters.`);
    }
    button.disabled = true;
    try {
      await accept(password.input.value);
    } catch (error) {
      fill(alert, el("div.notice.bad", {}, icon("alert"), el("p", {}, whyNot(error))));
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form.sign-in.panel.stack",
    { novalidate: true, onsubmit: submit, "data-testid": "invitation-form" },
    el("h1", {}, "Choose your password"),
    password.node,
    alert,
    button,
  );
}

function whyNot(error) {
  const ended = error instanceof Problem && error.slug === "invitation-ended";
  return ended ? "This link was used or has expired. Ask the owner for another one." : failureIn(error);
}
