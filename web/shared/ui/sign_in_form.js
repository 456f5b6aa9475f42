// The way in.

import { NoAnswer, NoCookies, Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { MINUTE_MS, spanText } from "/shared/ui/time.js";
import { field } from "./fields.js";

const WELCOME = "The board is for dispatchers and crew.";
const INSECURE =
  "This connection is not secure, so signing in cannot work. Open the page with https:// at its beginning.";

const NO_COOKIES =
  "Account and password are right, but this browser keeps no cookies for this page, so you cannot stay signed in. Allow cookies for this address and sign in again.";

/** A sign-in form; `signIn(account, password)` raises where it did not work. */
export function signInForm({ account = "", reason = null, welcome = WELCOME, signIn }) {
  const greeting = globalThis.isSecureContext ? welcome : INSECURE;
  const name = field("Account", {
    name: "account",
    value: account,
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
  });
  const password = field("Password", {
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const said = el("div", { role: "alert", "data-testid": "sign-in-said" });
  const button = el("button.button.main.wide", { "data-testid": "sign-in" }, "Sign in");
  const complain = (text) => fill(said, el("div.notice.bad", {}, icon("alert"), el("p", {}, text)));
  const submit = async (event) => {
    event.preventDefault();
    if (!filled(name, "Which account?") || !filled(password, "And the password?")) return;
    button.disabled = true;
    fill(said);
    try {
      await signIn(name.input.value.trim(), password.input.value);
    } catch (error) {
      complain(whyNot(error));
      password.input.select();
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form.sign-in.panel.stack",
    { novalidate: true, onsubmit: submit, "data-testid": "sign-in-form" },
    el("div", {}, el("h1", {}, "Sign in"), el("p.quiet", {}, reason ?? greeting)),
    name.node,
    password.node,
    said,
    button,
    el(
      "p.small.quiet",
      {},
      "Here as a customer? ",
      el("a", { href: "/book/" }, "Book a pickup"),
      " or open your tracking link.",
    ),
  );
}

function filled({ input, complain }, question) {
  if (input.value.trim() !== "") return true;
  complain(question);
  input.focus();
  return false;
}

function whyNot(error) {
  if (error instanceof NoCookies) return NO_COOKIES;
  if (error instanceof NoAnswer) return "No connection. Please try again.";
  if (!(error instanceof Problem)) return "Something went wrong. Please load the page again.";
  if (error.status === 401) return "Account or password is wrong.";
  if (error.status === 429) return `Too many tries. Please wait ${waitText(error)}.`;
  return "The service has trouble. Please try again in a moment.";
}

/** As long as the service says, in whole minutes. */
function waitText({ retry_after_ms }) {
  const minutes = Math.max(1, Math.ceil((retry_after_ms ?? 0) / MINUTE_MS));
  return spanText(minutes * MINUTE_MS);
}
