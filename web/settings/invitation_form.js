// Where someone who was invited chooses a password, in English or Spanish.

import { NoAnswer, Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { browserLanguage, markLanguage, translator } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";

const SHORTEST = 12;
const MARK = "#invitation=";
const WORDS = {
  en: {
    title: "Choose your password",
    password: "Password",
    hint: "At least {shortest} characters, for example four words.",
    too_short: "Use at least {shortest} characters.",
    submit: "Set the password and sign in",
    ended:
      "This link was used or has expired. If you have just chosen a password, sign in with it. " +
      "If not, ask the owner for another link.",
    no_answer: "No answer came. Check your connection and try again.",
    failed: "That did not work. Try again in a moment.",
  },
  es: {
    title: "Elija su contraseña",
    password: "Contraseña",
    hint: "Al menos {shortest} caracteres, por ejemplo cuatro palabras.",
    too_short: "Use al menos {shortest} caracteres.",
    submit: "Guardar la contraseña y entrar",
    ended:
      "Este enlace ya se usó o venció. Si acaba de elegir una contraseña, entre con ella. " +
      "Si no, pida otro enlace al dueño.",
    no_answer: "No hubo respuesta. Revise su conexión e inténtelo de nuevo.",
    failed: "No funcionó. Inténtelo de nuevo en un momento.",
  },
};

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
export function invitationForm(memory, accept) {
  const language = browserLanguage(memory);
  const t = translator(WORDS, language);
  markLanguage(language);
  document.title = t("title");
  const password = field(t("password"), {
    type: "password",
    autocomplete: "new-password",
    hint: t("hint", { shortest: SHORTEST }),
  });
  const alert = el("div", { role: "alert", "data-testid": "invitation-said" });
  const button = el("button.button.main.wide", {}, t("submit"));
  const submit = async (event) => {
    event.preventDefault();
    if (password.input.value.length < SHORTEST) {
      return password.complain(t("too_short", { shortest: SHORTEST }));
    }
    button.disabled = true;
    try {
      await accept(password.input.value);
    } catch (error) {
      fill(alert, el("div.notice.bad", {}, icon("alert"), el("p", {}, t(faultOf(error)))));
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form.sign-in.panel.stack",
    { novalidate: true, onsubmit: submit, "data-testid": "invitation-form" },
    el("h1", {}, t("title")),
    password.node,
    alert,
    button,
  );
}

function faultOf(error) {
  if (error instanceof NoAnswer) return "no_answer";
  return error instanceof Problem && error.slug === "invitation-ended" ? "ended" : "failed";
}
