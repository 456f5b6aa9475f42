// Makes a move: asks for what it needs, sends it, and tells the result.

import { el } from "/shared/ui/elements.js";
import {
  UNDO,
  UNDO_FOR_MS,
  doubtAbout,
  labelOf,
  missingFor,
  moveTo,
  refusalText,
  whyNot,
} from "/shared/jobs/moves.js";
import { field, openDialog } from "../shared/ui/fields.js";
import { dateText } from "../shared/ui/time.js";

export class MoveMaker {
  #session;
  #notices;
  #openJob;

  /** `openJob(job_id)` opens the drawer, where a driver can be assigned and proof is shown. */
  constructor({ session, notices, openJob }) {
    this.#session = session;
    this.#notices = notices;
    this.#openJob = openJob;
  }

  /** The statuses this card may be moved to, by name. */
  targetsOf(card) {
    const flow = this.#session.flowOf(card);
    return new Set(
      flow.statuses.map(({ name }) => name).filter((to) => moveTo(flow, card, to, this.#session.kind)),
    );
  }

  /** Moves the card to the column `to`. False if it was not moved; the person has been told why. */
  async to(card, to) {
    if (to === card.status || this.#session.board.isMoving(card.job_id)) return false;
    const flow = this.#session.flowOf(card);
    const move = moveTo(flow, card, to, this.#session.kind);
    if (move) return this.make(card, move);
    this.#notices.warn(whyNot(flow, card, to, this.#session.kind));
    return false;
  }

  /** Makes one move of the flow. */
  async make(card, move) {
    const missing = missingFor(move, card);
    if (missing.includes("driver")) return this.#needsDriver(card);
    if (!(await this.#confirmed(card, move))) return false;
    let reason;
    if (missing.includes("reason")) {
      reason = await this.#askReason(card, move);
      if (reason === null) return false;
    }
    return this.#send(card, move, reason);
  }

  /** Whether a start that is probably a mistake is meant. */
  async #confirmed(card, move) {
    const { board, now_ms, zone } = this.#session;
    const flowOf = (each) => this.#session.flowOf(each);
    const doubt = doubtAbout(move, card, { flowOf, others: board.shown(), now_ms, zone });
    return doubt === null || askWhether(card, move, doubtText(doubt, now_ms, zone));
  }

  /** The card is shown in its new column while the dialog is open. */
  async #askReason(card, move) {
    const { board } = this.#session;
    board.begin(card.job_id, move.to);
    this.#session.changed();
    const reason = await askReason({
      card,
      move,
      label: labelOf(this.#session.flowOf(card), move.to),
    });
    if (reason === null) {
      board.settle(card.job_id);
      this.#session.changed();
      this.#notices.announce(`${card.customer} was not moved.`);
    }
    return reason;
  }

  async #send(card, move, reason) {
    const flow = this.#session.flowOf(card);
    try {
      const { kept, detail } = await this.#session.move(card, move, { reason });
      const where = labelOf(flow, move.to);
      if (kept)
        this.#notices.warn(
          `${card.customer} is not in “${where}” yet. The move waits for an earlier one.`,
        );
      else if (move.name === UNDO) this.#notices.good(`${card.customer} is back in “${where}”.`);
      else this.#notices.good(`${card.customer} moved to “${where}”.`, this.#undoAction(card, detail));
      return !kept;
    } catch (error) {
      const { user, now_ms } = this.#session;
      this.#notices.bad(
        refusalText(error, { flow, card, to: move.to, account: user?.account, now_ms }),
        error.slug === "proof-missing" ? this.#openJobAction(card, "Show what is missing") : null,
      );
      return false;
    }
  }

  #needsDriver(card) {
    this.#notices.warn(`${card.customer} needs a driver first.`, this.#openJobAction(card, "Assign a driver"));
    return false;
  }

  /** A button that takes the move back, as long as the server lets it be taken back. */
  #undoAction(card, detail) {
    const moved = { ...card, status: detail.status, rev: detail.rev };
    const back = { name: UNDO, to: card.status };
    return { label: "Undo", run: () => this.#send(moved, back), for_ms: UNDO_FOR_MS };
  }

  #openJobAction(card, label) {
    return { label, run: () => this.#openJob(card.job_id) };
  }
}

function doubtText({ planned, driver, other }, now_ms, zone) {
  return planned === undefined
    ? `${driver.first_name} is still on the job of ${other.customer}.`
    : `The arrival window is ${dateText(planned, "en", zone, now_ms)}.`;
}

async function askWhether(card, move, text) {
  const dialog = el(
    "dialog",
    { "aria-labelledby": "whether-title", "data-testid": "whether-dialog" },
    el(
      "form.stack",
      { method: "dialog" },
      el("h2", { id: "whether-title" }, `${move.label.en}: `, el("bdi", {}, card.customer)),
      el("p", {}, `${text} Start anyway?`),
      el(
        "div.row.end",
        {},
        el("button.button", { value: "", autofocus: true }, "Do not start"),
        el("button.button.main", { value: "yes" }, "Start anyway"),
      ),
    ),
  );
  return (await openDialog(dialog)) === "yes";
}

/** The reason, or null if the person does not want to move the card. */
async function askReason({ card, move, label }) {
  const reason = field("Reason", { tag: "textarea", rows: 3, maxlength: 2000, autofocus: true });
  const submit = (event) => {
    event.preventDefault();
    const text = reason.input.value.trim();
    if (text === "") {
      reason.complain("Enter a reason.");
      reason.input.focus();
    } else dialog.close(`=${text}`);
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "reason-title", "data-testid": "reason-dialog" },
    el(
      "form.stack",
      { onsubmit: submit, novalidate: true },
      el(
        "div",
        {},
        el("h2", { id: "reason-title" }, `${move.label.en}: `, el("bdi", {}, card.customer)),
        el("p.quiet", {}, "The reason is saved in the job’s history."),
      ),
      reason.node,
      el(
        "div.row.end",
        {},
        el(
          "button.button",
          { type: "button", onclick: () => dialog.close("") },
          "Do not move",
        ),
        el("button.button.main", {}, `Move to “${label}”`),
      ),
    ),
  );
  const result = await openDialog(dialog);
  return result.startsWith("=") ? result.slice(1) : null;
}
