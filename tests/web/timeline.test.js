import assert from "node:assert/strict";
import { test } from "node:test";

import {
  NO_FILTER,
  actorsIn,
  addressOf,
  kindText,
  kindsIn,
  jobIdIn,
  jobInAddress,
  linesOf,
  verdictOf,
} from "../../web/ops/state/timeline.js";
import { at } from "./flows.js";

const DANA = { kind: "dispatcher", id: "dana" };
const LINES = [
  { at: at(0), what: "booked", text: "Booked", actor: DANA, rev: 1 },
  { at: at(5), what: "moved", text: "confirm", actor: { kind: "customer", id: "link" }, rev: 2 },
  { at: at(6), what: "view", text: "written", rev: 2 },
  { at: at(9), what: "moved", text: "start", actor: DANA, rev: 3 },
];

const shown = (filter) => linesOf(LINES, { ...NO_FILTER, ...filter }).map(({ text }) => text);

test("without a filter all events are shown", () => {
  assert.equal(shown({}).length, 4);
});

test("the kinds are alternatives, and everything else must match", () => {
  assert.deepEqual(shown({ kinds: ["booked", "view"] }), ["Booked", "written"]);
  assert.deepEqual(shown({ kinds: ["moved"], actor: "dispatcher dana" }), ["start"]);
});

test("both ends of the time are inclusive", () => {
  assert.deepEqual(shown({ from: at(5), until: at(6) }), ["confirm", "written"]);
});

test("a rev shows only its own events", () => {
  assert.deepEqual(shown({ rev: 2 }), ["confirm", "written"]);
});

test("each choice is offered once", () => {
  assert.deepEqual(kindsIn(LINES), ["booked", "moved", "view"]);
  assert.deepEqual(actorsIn(LINES), ["customer link", "dispatcher dana"]);
});

test("a job id is read from typed text and from the address", () => {
  assert.equal(jobIdIn("  261121-7K3M2Q "), "261121-7k3m2q");
  assert.equal(jobInAddress(addressOf("261121-7k3m2q")), "261121-7k3m2q");
  for (const text of ["", "261121", "261121-7k3m2u", "261121-7k3m2q/../x"])
    assert.equal(jobIdIn(text), null, text);
  assert.equal(jobInAddress("#job=<img>"), null);
  assert.equal(jobInAddress(""), null);
});

test("a problem is more important than a missing source", () => {
  assert.equal(verdictOf({ diagnosis: ["x"], incomplete: ["y"] }), "wrong");
  assert.equal(verdictOf({ diagnosis: [], incomplete: ["y"] }), "incomplete");
  assert.equal(verdictOf({ diagnosis: [], incomplete: [] }), "well");
});

test("an unknown kind of event is shown by its name", () => {
  assert.equal(kindText("view"), "Customer’s page");
  assert.equal(kindText("weighed"), "weighed");
});
