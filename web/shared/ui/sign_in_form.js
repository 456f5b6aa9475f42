// The sign-in form of the board and of ops.

import { NoAnswer, NoCookies, Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { MINUTE_MS, spanText } from "/shared/ui/time.js";
import { field } from "./fields.js";

const WELCOME = "The board is for dispatchers and crew.";
const INSECURE =
  "This connection is not secure, so signing in cannot work. Open the page with https:// at the start of the address.";

const NO_COOKIES =
  "Your account and password are correct, but this browser blocks cookies for this page, so you cannot stay signed in. Allow cookies for this address and sign in again.";

/** A sign-in form; `signIn(account, password)` raises an error if it fails. */
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
  const alert = el("div", { role: "alert", "data-testid": "sign-in-said" });
  const button = el("button.button.main.wide", { "data-testid": "sign-in" }, "Sign in");
  const complain = (text) => fill(alert, el("div.notice.bad", {}, icon("alert"), el("p", {}, text)));
  const submit = async (event) => {
    event.preventDefault();
    if (!isFilled(name, "Enter your account.") || !isFilled(password, "Enter your password.")) return;
    button.disabled = true;
    fill(alert);
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
    alert,
    button,
    el(
      "p.small.quiet",
      {},
      "Are you a customer? ",
      el("a", { href: "/book/" }, "Book a pickup"),
      " or open your tracking link.",
    ),
  );
}

function isFilled({ input, complain }, text) {
  if (input.value.trim() !== "") return true;
  complain(text);
  input.focus();
  return false;
}

function whyNot(error) {
  if (error instanceof NoCookies) return NO_COOKIES;
  if (error instanceof NoAnswer) return "No connection. Please try again.";
  if (!(error instanceof Problem)) return "Something went wrong. Please reload the page.";
  if (error.status === 401) return "The account or password is wrong.";
  if (error.status === 429) return `Too many attempts. Please wait ${waitText(error)}.`;
  return "The service has a problem. Please try again in a moment.";
}

/** The wait that the service asks for, in whole minutes. */
function waitText({ retry_after_ms }) {
  const minutes = Math.max(1, Math.ceil((retry_after_ms ?? 0) / MINUTE_MS));
  return spanText(minutes * MINUTE_MS);
}
