import assert from "node:assert/strict";
import { test } from "node:test";

import {
  NO_STORY_FILTER,
  actorsIn,
  addressOf,
  chapterText,
  chaptersIn,
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

const shown = (filter) => linesOf(LINES, { ...NO_STORY_FILTER, ...filter }).map(({ text }) => text);

test("without a filter the whole story is shown", () => {
  assert.equal(shown({}).length, 4);
});

test("any of the chapters, and all of the rest", () => {
  assert.deepEqual(shown({ chapters: ["booked", "view"] }), ["Booked", "written"]);
  assert.deepEqual(shown({ chapters: ["moved"], actor: "dispatcher dana" }), ["start"]);
});

test("by time both ends count", () => {
  assert.deepEqual(shown({ from: at(5), until: at(6) }), ["confirm", "written"]);
});

test("by rev only its own lines", () => {
  assert.deepEqual(shown({ rev: 2 }), ["confirm", "written"]);
});

test("choices are offered once each", () => {
  assert.deepEqual(chaptersIn(LINES), ["booked", "moved", "view"]);
  assert.deepEqual(actorsIn(LINES), ["customer link", "dispatcher dana"]);
});

test("a job id is found in what was typed and in the address, and nothing else is one", () => {
  assert.equal(jobIdIn("  261121-7K3M2Q "), "261121-7k3m2q");
  assert.equal(jobInAddress(addressOf("261121-7k3m2q")), "261121-7k3m2q");
  for (const text of ["", "261121", "261121-7k3m2u", "261121-7k3m2q/../x"])
    assert.equal(jobIdIn(text), null, text);
  assert.equal(jobInAddress("#job=<img>"), null);
  assert.equal(jobInAddress(""), null);
});

test("what is wrong goes before what is missing", () => {
  assert.equal(verdictOf({ diagnosis: ["x"], incomplete: ["y"] }), "wrong");
  assert.equal(verdictOf({ diagnosis: [], incomplete: ["y"] }), "incomplete");
  assert.equal(verdictOf({ diagnosis: [], incomplete: [] }), "well");
});

test("a chapter that this page does not know yet is shown by its name", () => {
  assert.equal(chapterText("view"), "Customer’s view");
  assert.equal(chapterText("weighed"), "weighed");
});
