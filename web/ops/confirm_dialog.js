// A dialog before an action: it says what will happen and what will not.

import { openDialog } from "/shared/ui/fields.js";
import { el } from "/shared/ui/elements.js";
import { counted, queueName } from "/ops/state/ops_labels.js";

/** Whether the person confirms. `act` is the button's label; `bad`: the action destroys something. */
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
        el("button.button", { value: "", autofocus: bad }, "Cancel"),
        el(`button.button${bad ? ".bad" : ".main"}`, { value: "yes", autofocus: !bad }, act),
      ),
    ),
  );
  return (await openDialog(dialog)) === "yes";
}

/** `label`: the job's status as people read it; null if the job cannot be read. */
export function aboutRepair(job_id, label) {
  const where = label === null ? "the job’s current status" : `“${label}”`;
  return {
    title: `Repair ${job_id}?`,
    lines: [
      `Its execution is checked. If there is none, a new one continues from ${where}.`,
      "The customer’s page and the card on the board are updated if they are out of date.",
      "The job’s status does not change, and no text message is sent twice.",
      "A webhook that was started and not finished is sent again with the same id.",
    ],
    act: "Repair",
  };
}

export function aboutRedrive(queue, number) {
  const goes = number === 1 ? "It goes" : "They go";
  return {
    title: `Redrive ${messagesText(number)}?`,
    lines: [
      `${goes} back to the queue “${queueName(queue)}” to be processed again.`,
      ...batchNote(number),
      "Work that was already done is not done twice.",
      "A message that fails again comes back to this list.",
    ],
    act: "Redrive",
  };
}

export function aboutDiscard(queue, number) {
  const [is, it] = number === 1 ? ["It is", "it"] : ["They are", "them"];
  return {
    title: `Delete ${messagesText(number)}?`,
    lines: [
      `${is} deleted from the dead-letter queue of “${queueName(queue)}” and cannot be restored.`,
      ...batchNote(number),
      `Nothing will be done because of ${it}.`,
      "The jobs do not change.",
    ],
    act: "Delete",
    bad: true,
  };
}

/** A request for all messages handles at most 100 of them. */
function batchNote(number) {
  if (number !== null) return [];
  return ["At most 100 at once. Then you see how many are left."];
}

/** `number` null: all in the queue, including those that are not shown. */
function messagesText(number) {
  return number === null ? "all messages of this queue" : counted(number, "message");
}
