// A test text to one's own phone, in the words that are being typed.

import { Problem } from "/shared/api/api.js";
import { el } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { LANGUAGE_NAMES } from "/settings/state/own_texts.js";
import { failureIn } from "./failures.js";

/** `send(language, phone)` sends it: {state, to}. */
export function testTextForm(send, notices) {
  const phone = field("Your own phone", {
    type: "tel",
    autocomplete: "tel",
    hint: "Get it as a test text. It is sent at once and paid for like any other.",
  });
  const refuse = (error) => {
    if (error instanceof Problem && error.slug === "text-refused") return phone.complain(failureIn(error));
    const isTyped = error instanceof Problem && error.status === 422;
    const complain = (_, text) => phone.complain(text);
    const left = isTyped ? placeErrors(error, { phone: "phone" }, complain) : [failureIn(error)];
    if (left.length > 0) notices.bad(left.join("; "));
  };
  const submit = async (event) => {
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    if (!phone.input.value.trim()) return phone.complain("Enter the number of your own phone.");
    for (const each of buttons) each.disabled = true;
    try {
      const { state, to } = await send(event.submitter?.value ?? "en", phone.input.value.trim());
      if (state === "sent") notices.good(`Sent to ${to}.`);
      else notices.warn(`The carrier gave no answer. Look at your phone (${to}) before you try again.`);
    } catch (error) {
      refuse(error);
    } finally {
      for (const each of buttons) each.disabled = false;
    }
  };
  const buttons = Object.entries(LANGUAGE_NAMES).map(([language, label]) =>
    el("button.button.compact", { value: language }, `Send it in ${label}`),
  );
  return el(
    "form.stack",
    { novalidate: true, onsubmit: submit, "data-testid": "test-text" },
    phone.node,
    el("div.row", {}, buttons),
  );
}
