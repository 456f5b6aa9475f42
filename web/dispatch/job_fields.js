// The fields of a job that have their own rules: phone number, price, times.

import { AMOUNT_ERROR, centsIn } from "/shared/ui/money.js";
import { phoneNumber, typedPhone } from "/shared/ui/phone_number.js";
import { fullYear, inputOf, momentIn } from "/shared/ui/business_time.js";
import { MINUTE_MS, spanText } from "../shared/ui/time.js";
import { field } from "../shared/ui/fields.js";

export const PHONE_ERROR =
  "This does not look like a phone number. Enter ten digits, like (555) 555-0123, or + and a country code, like +44 20 7946 0018.";
const MOMENT_ERROR = "Enter a complete date and time, with a year like 2026, or leave this empty.";

/** A phone number field; `read()` is the number, null if empty, undefined if wrong (error shown). */
export function phoneField(label, { value = "", ...attributes } = {}) {
  const shown = typedPhone(value ?? "");
  const made = field(label, { type: "tel", value: shown, autocomplete: "off", ...attributes });
  const { input, complain } = made;
  input.addEventListener("blur", () => (input.value = typedPhone(input.value)));
  return withReader(made, () => {
    if (input.value.trim() === "") return null;
    if (input.value === shown) return value;
    return phoneNumber(input.value) ?? invalid(complain, PHONE_ERROR);
  });
}

/** A dollar amount field; `read()` is in cents, null if empty, undefined if wrong (error shown). */
export function priceField(label, attributes = {}) {
  const made = field(label, { inputmode: "decimal", autocomplete: "off", ...attributes });
  return withReader(made, () => {
    const cents = centsIn(made.input.value);
    return cents === undefined ? invalid(made.complain, AMOUNT_ERROR) : cents;
  });
}

/**
 * A date and time field in `zone`; `read()` is an ISO text, null if empty, undefined if wrong (error
 * shown). A year of two digits, such as `26`, is in this century.
 */
export function momentField(label, { moment = null, zone }) {
  const made = field(label, { type: "datetime-local", value: inputOf(moment, zone) });
  const { input, complain } = made;
  input.addEventListener("blur", () => {
    if (input.value.startsWith("00")) input.value = fullYear(input.value);
  });
  return withReader(made, () => {
    if (input.value === "" && !input.validity.badInput) return null;
    return momentIn(input.value, zone) ?? invalid(complain, MOMENT_ERROR);
  });
}

const DURATIONS = [15, 30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 480];

/**
 * How long a job takes crew and truck. `read()` is in minutes; null for the business's usual length,
 * which only a new job (without `minutes`) can be given.
 */
export function durationField({ minutes = null } = {}) {
  const choices = [...new Set([...DURATIONS, minutes ?? DURATIONS[0]])].sort((a, b) => a - b);
  const options = choices.map((each) => [String(each), spanText(each * MINUTE_MS)]);
  const made = field("Duration", {
    options: minutes === null ? [["", "Usual length"], ...options] : options,
    value: String(minutes ?? ""),
    hint: "Work and drive.",
  });
  return withReader(made, () => (made.input.value === "" ? null : Number(made.input.value)));
}

/** Whether the customer agreed to texts; `read()` is true, false, or null while no one has asked. */
export function agreementField() {
  const made = field("Text messages", {
    options: [
      ["", "Did the customer agree?"],
      ["yes", "The customer agreed"],
      ["no", "No texts: we call"],
    ],
    hint: "Ask: “May we text you about this job? Reply STOP at any time to end texts.”",
  });
  return withReader(made, () => ({ yes: true, no: false })[made.input.value] ?? null);
}

/** A field that must be filled in; `read()` trims the text. */
export function requiredField(label, missing, attributes = {}) {
  const made = field(label, { required: true, maxlength: 200, autocomplete: "off", ...attributes });
  return withReader(made, () => {
    const text = made.input.value.trim();
    return /[\p{L}\p{N}]/u.test(text) ? text : invalid(made.complain, missing);
  });
}

/** All values, {name: value}; null if one is wrong: its error is shown and it gets the focus. */
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

function withReader(made, read) {
  return { ...made, read };
}

function invalid(complain, text) {
  complain(text);
  return undefined;
}
