import assert from "node:assert/strict";
import { test } from "node:test";

import { accountFrom, rolesText, signInText } from "../../web/settings/state/people.js";

test("a name to sign in with is made of the first name", () => {
  const made = ["María López", "  Jo-Ann  Lee", "O'Neil", "7even Smith", "李 Wei", ""].map(accountFrom);
  assert.deepEqual(made, ["maria", "joann", "oneil", "even", "", ""]);
});

test("roles have the words of the trade", () => {
  assert.equal(rolesText(["owner", "first_mate", "new"]), "owner, helper, new");
});

test("what stands at a person says whether they can sign in, and when they last did", () => {
  const said = (person) => signInText(person, () => "Mon 8:00 AM");
  assert.equal(said({ disabled: true, has_password: true }), "Disabled: cannot sign in.");
  assert.equal(said({ has_password: false }), "Has no password yet.");
  assert.equal(said({ has_password: true }), "Has not signed in yet.");
  const signed_in = { has_password: true, last_sign_in_at: "2026-11-28T13:00:00Z" };
  assert.equal(said(signed_in), "Last sign-in: Mon 8:00 AM.");
});
