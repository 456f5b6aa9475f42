// Fields of a job that have rules of their own: phone, price, moments.

import { AMOUNT_FAULT, centsIn } from "/shared/ui/money.js";
import { phoneNumber, typedPhone } from "/shared/ui/phone_number.js";
import { fullYear, inputOf, momentIn } from "/shared/ui/business_time.js";
import { field } from "../shared/ui/fields.js";

export const PHONE_FAULT =
  "This does not look like a phone number. Write ten digits, like (555) 555-0123, or + and a country code, like +44 20 7946 0018.";
const MOMENT_FAULT = "Write day and time in full, with a year like 2026, or leave it empty.";

/** A field for a phone number; `read()` is the number, null for none, undefined with its fault shown. */
export function phoneField(label, { value = "", ...attributes } = {}) {
  const shown = typedPhone(value ?? "");
  const made = field(label, { type: "tel", value: shown, autocomplete: "off", ...attributes });
  const { input, complain } = made;
  input.addEventListener("blur", () => (input.value = typedPhone(input.value)));
  return reading(made, () => {
    if (input.value.trim() === "") return null;
    if (input.value === shown) return value;
    return phoneNumber(input.value) ?? faulty(complain, PHONE_FAULT);
  });
}

/** A field for an amount in dollars; `read()` is in cents, null for none, undefined with a fault. */
export function priceField(label, attributes = {}) {
  const made = field(label, { inputmode: "decimal", autocomplete: "off", ...attributes });
  return reading(made, () => {
    const cents = centsIn(made.input.value);
    return cents === undefined ? faulty(made.complain, AMOUNT_FAULT) : cents;
  });
}

/**
 * A field for day and time by the clocks of `zone`; `read()` is an ISO text, null for none,
 * undefined with its fault shown. A year of two digits, `26`, is this century's.
 */
export function momentField(label, { moment = null, zone }) {
  const made = field(label, { type: "datetime-local", value: inputOf(moment, zone) });
  const { input, complain } = made;
  input.addEventListener("blur", () => {
    if (input.value.startsWith("00")) input.value = fullYear(input.value);
  });
  return reading(made, () => {
    if (input.value === "" && !input.validity.badInput) return null;
    return momentIn(input.value, zone) ?? faulty(complain, MOMENT_FAULT);
  });
}

/** A field that must not stay empty; what is typed is read without the blanks around it. */
export function requiredField(label, missing, attributes = {}) {
  const made = field(label, { required: true, maxlength: 200, autocomplete: "off", ...attributes });
  return reading(made, () => {
    const text = made.input.value.trim();
    return /[\p{L}\p{N}]/u.test(text) ? text : faulty(made.complain, missing);
  });
}

/** What is in all fields, {name: value}; null where one has a fault: it is shown and has the focus. */
export function readAll(fields) {
  for (const { complain } of Object.values(fields)) complain(null);
  const values = Object.fromEntries(
    Object.entries(fields).map(([name, { input, read }]) => [
      name,
      read ? read() : input.value.trim(),
    ]),
  );
  const wrong = Object.keys(values).find((name) => values[name] === undefined);
  if (wrong === undefined) return values;
  fields[wrong].input.focus();
  return null;
}

function reading(made, read) {
  return { ...made, read };
}

function faulty(complain, text) {
  complain(text);
  return undefined;
}
