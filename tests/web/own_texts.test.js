// A business's own words for texts, as the settings page keeps and counts them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TextTrial, byFlow, lengthText, ownWordsWith, titleOf } from "../../web/settings/state/own_texts.js";

const OURS = { en: "Hi{window} {link}", es: "Hola{window} {link}" };

test("only words that are not ours are stored, and other texts stay", () => {
  const known = { late: { en: "Late{eta} {link}" } };
  const mine = { en: "See you{window} {link}", es: OURS.es };
  const stored = ownWordsWith(known, "rescheduled", mine, OURS);
  assert.deepEqual(stored, { ...known, rescheduled: { en: mine.en } });
  assert.deepEqual(ownWordsWith(stored, "rescheduled", { ...OURS }, OURS), known);
  assert.deepEqual(ownWordsWith(undefined, "rescheduled", {}, OURS), {});
});

test("a text is named for people", () => {
  assert.equal(titleOf("late"), "Running late");
  assert.equal(titleOf("haul.on_hold"), "Haul: on hold");
  assert.equal(titleOf("haul"), "Haul");
  assert.equal(titleOf("haul.pending_pickup.requested"), "Haul: pending pickup, requested");
});

test("the labels of each kind of job are together", () => {
  const named = (name) => ({ name });
  const labels = ["haul.on_hold", "haul.pending_pickup.requested", "dumpster.on_hold"].map(named);
  assert.deepEqual(byFlow(labels), [
    ["haul", labels.slice(0, 2)],
    ["dumpster", labels.slice(2)],
  ]);
});

test("a length says why a letter outside of the plain alphabet costs more", () => {
  assert.equal(lengthText({ body: "Hola", parts: 1, alphabet: "gsm_7" }), "4 letters, 1 part");
  assert.match(lengthText({ body: "día", parts: 2, alphabet: "ucs_2" }), /3 letters, 2 parts: .*only 70/);
});

test("words are tried once typing pauses, and an answer to older words is not shown", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const answers = [];
  const shown = [];
  const trial = new TextTrial(
    (words) => new Promise((answer) => answers.push(() => answer(words))),
    (words) => shown.push(words),
  );
  trial.ask("S");
  trial.ask("See");
  t.mock.timers.tick(300);
  trial.ask("See you");
  t.mock.timers.tick(300);
  assert.equal(answers.length, 2);
  answers[1]();
  answers[0]();
  await new Promise(setImmediate);
  assert.deepEqual(shown, ["See you"]);
});
