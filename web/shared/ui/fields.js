// Labelled fields and dialogs.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

let counted = 0;

/** A labelled input: `{node, input, complain(text)}`; `complain(null)` removes the error. */
export function field(label, { tag = "input", hint = null, options = null, ...attributes } = {}) {
  const id = `field-${(counted += 1)}`;
  const choices = options?.map(([value, text]) => el("option", { value }, text));
  const described = { "aria-describedby": `${id}-error${hint ? ` ${id}-hint` : ""}` };
  const input = el(
    `${options ? "select" : tag}.input`,
    { id, "data-focus": id, ...described },
    choices ?? null,
  );
  for (const [name, value] of Object.entries(attributes)) set(input, name, value);
  const error = el("p.field-error", { id: `${id}-error`, hidden: true });
  const node = el(
    "div.field",
    {},
    el("label", { for: id }, label),
    hint && el("p.hint", { id: `${id}-hint` }, hint),
    input,
    error,
  );
  const complain = (text) => {
    error.hidden = !text;
    fill(error, text && [icon("alert"), text]);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => complain(null));
  return { node, input, complain };
}

function set(input, name, value) {
  if (name === "value") input.value = value ?? "";
  else if (value !== null && value !== false) input.setAttribute(name, value === true ? "" : value);
}

/** Opens the dialog and removes it when it is closed; resolves with its returnValue. */
export function openDialog(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue);
    });
  });
}
