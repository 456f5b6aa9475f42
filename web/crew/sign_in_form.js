// The sign-in form of the crew page, in both languages.

import { field } from "/shared/ui/fields.js";
import { NoAnswer, NoCookies, Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

/** A sign-in form; `signIn(account, password)` raises an error if it fails. */
export function signInForm({ account, again, t, signIn }) {
  const name = field(t("account"), {
    value: account,
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = field(t("password"), { type: "password", autocomplete: "current-password" });
  const alert = el("div", { role: "alert", "data-testid": "sign-in-said" });
  const button = el("button.button.main.wide", { "data-testid": "sign-in" }, t("sign_in"));
  const submit = async (event) => {
    event.preventDefault();
    if (!isFilled(name, t("account_missing")) || !isFilled(password, t("password_missing"))) return;
    button.disabled = true;
    fill(alert);
    try {
      await signIn(name.input.value.trim(), password.input.value);
    } catch (error) {
      fill(alert, el("div.notice.bad", {}, icon("alert"), el("p", {}, t(faultOf(error)))));
      password.input.select();
    } finally {
      button.disabled = false;
    }
  };
  const welcome = globalThis.isSecureContext ? "sign_in_text" : "insecure";
  return el(
    "form.panel.stack",
    { novalidate: true, onsubmit: submit, "data-testid": "sign-in-form" },
    el(
      "div",
      {},
      el("h1", {}, t("sign_in")),
      el("p.quiet", {}, t(again ? "sign_in_again" : welcome)),
    ),
    name.node,
    password.node,
    alert,
    button,
  );
}

function isFilled({ input, complain }, text) {
  if (input.value.trim() !== "") return true;
  complain(text);
  input.focus();
  return false;
}

function faultOf(error) {
  if (error instanceof NoCookies) return "fault_cookies";
  if (error instanceof NoAnswer) return "fault_none";
  if (!(error instanceof Problem)) return "fault_other";
  if (error.status === 401) return "fault_wrong";
  return error.status === 429 ? "fault_many" : "fault_other";
}
