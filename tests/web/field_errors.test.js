import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../web/shared/api/api.js";
import { errorsIn, placeErrors } from "../../web/shared/ui/field_errors.js";

const PLACES = { phone: "phone", "customer.phone": "phone", schedule: "from" };

function placed(document) {
  const said = [];
  const left = placeErrors(new Problem(422, document), PLACES, (...fault) => said.push(fault));
  return { said, left };
}

test("each error of the server is shown at its field", () => {
  const faults = ["customer.phone: not a phone number", "schedule.window_end: in the past"];
  assert.deepEqual(placed({ faults, detail: faults.join("; ") }), {
    said: [
      ["phone", "Not a phone number."],
      ["from", "In the past."],
    ],
    left: [],
  });
});

test("an error without a field here is returned", () => {
  assert.deepEqual(placed({ faults: ["flow: unknown"] }).left, ["flow: unknown"]);
});

test("errors are read from texts, from objects, and from the detail", () => {
  const fault = [{ field: "phone", text: "too short" }];
  assert.deepEqual(errorsIn(new Problem(422, { detail: "phone: too short" })), fault);
  assert.deepEqual(
    errorsIn(new Problem(422, { faults: [{ field: "phone", message: "too short" }] })),
    fault,
  );
  assert.deepEqual(errorsIn(new Problem(422, { detail: "Something else." })), []);
});
