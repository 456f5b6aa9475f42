import assert from "node:assert/strict";
import { test } from "node:test";

import { phoneNumber, shownPhone, typedPhone } from "../../web/shared/ui/phone_number.js";

const US = "+15555550123";

test("ten digits, eleven that begin with 1, or + and a country code are a number", () => {
  const numbers = ["555 555 0123", "(555) 555-0123", "1-555-555-0123", "+1 555 555 0123"];
  assert.deepEqual(numbers.map(phoneNumber), [US, US, US, US]);
  assert.equal(phoneNumber("+44 20 7946 0018"), "+442079460018");
  assert.equal(phoneNumber("\u202a+1 (555) 555\u20110123\u202c"), US);
});

test("an unclear number is refused", () => {
  const none = ["", "555", "055 555 0123", "+1 555", "call me", "5555550123999", "447700900123"];
  none.push("0044 20 7946 0018", "555-555-0123 ext 5", "5555550123x", "+1 5555550123 4", "+0123456789");
  assert.deepEqual(none.map(phoneNumber), none.map(() => null));
});

test("typing groups a US number and never drops or reinterprets a digit", () => {
  const typed = ["5", "5555", "5555550", "5555550123", "+44 20", "+", "", "447700900123"];
  assert.deepEqual(typed.map(typedPhone), [
    "(5",
    "(555) 5",
    "(555) 555-0",
    "(555) 555-0123",
    "+44 20",
    "+",
    "",
    "447700900123",
  ]);
  assert.equal(typedPhone("15555550123"), "1 (555) 555-0123");
});

test("all typed digits stay in their order", () => {
  for (const digits of ["447700900123", "15555550123", "5555550123999", "01632960123", "+447700900123"]) {
    const shown = [...digits].reduce((text, digit) => typedPhone(text + digit), "");
    assert.equal(shown.replace(/[^\d+]/g, ""), digits);
  }
});

test("a US number is shown grouped, any other unchanged", () => {
  assert.deepEqual([US, "+442079460018"].map(shownPhone), ["(555) 555-0123", "+442079460018"]);
});
