// Before something is set going: a dialog that says what will happen, and what will not.

import { opened } from "/shared/ui/fields.js";
import { el } from "/shared/ui/elements.js";
import { counted } from "/ops/state/ops_labels.js";

/** Whether it is to be done. `says` is {title, lines, act, bad}. */
export async function confirmed({ title, lines, act, bad = false }) {
  const dialog = el(
    "dialog",
    {
      "aria-labelledby": "confirm-title",
      "aria-describedby": "confirm-says",
      "data-testid": "confirm",
    },
    el(
      "form.stack",
      { method: "dialog" },
      el("h2", { id: "confirm-title" }, title),
      el(
        "ul.consequences",
        { id: "confirm-says" },
        lines.map((line) => el("li", {}, line)),
      ),
      el(
        "div.row.end",
        {},
        el("button.button", { value: "", autofocus: bad }, "Leave it"),
        el(`button.button${bad ? ".bad" : ".main"}`, { value: "yes", autofocus: !bad }, act),
      ),
    ),
  );
  return (await opened(dialog)) === "yes";
}

/** `label` is that of the job's status; null where no one can read it. */
export function aboutRedrive(job_id, label) {
  const where = label === null ? "where the job stands" : `“${label}”`;
  return {
    title: `Redrive ${job_id}?`,
    lines: [
      `Its execution is asked for; if it is gone, a new one continues from ${where}.`,
      "The customer’s view and the card on the board are written again if they are behind.",
      "The job is not moved, and no text is sent twice.",
      "A webhook that was begun and never finished is sent again, under the same id.",
    ],
    act: "Redrive",
  };
}

export function aboutReplay(queue, number) {
  const name = queue.replaceAll("_", " ");
  const goes = number === 1 ? "It goes" : "They go";
  return {
    title: `Send ${lettersText(number)} again?`,
    lines: [
      `${goes} back to the queue of “${name}” to be worked on once more.`,
      ...upTo(number),
      "What was already done is recognised and not done twice.",
      "Where the fault is still there, it comes back to this list.",
    ],
    act: "Send again",
  };
}

export function aboutDiscard(queue, number) {
  const name = queue.replaceAll("_", " ");
  const [is, it] = number === 1 ? ["It is", "it"] : ["They are", "them"];
  return {
    title: `Throw away ${lettersText(number)}?`,
    lines: [
      `${is} deleted from the dead letters of “${name}”, and no one can bring ${it} back.`,
      ...upTo(number),
      `What ${number === 1 ? "it" : "they"} asked for will not be done because of ${it}.`,
      "The jobs themselves are not changed.",
    ],
    act: "Throw away",
    bad: true,
  };
}

/** Where all are meant, the service takes so many in one go. */
function upTo(number) {
  if (number !== null) return [];
  return ["A hundred at most in one go; then you are told how many are left."];
}

/** `number` null: all that are there, also those that are not shown. */
function lettersText(number) {
  return number === null ? "all letters of this queue" : counted(number, "letter");
}
