// Puts a job of the day's lists on a person or a truck: dragged by mouse or touch, or chosen from a
// list by keyboard. While a job is held, each row says whether it fits.

import { Problem } from "/shared/api/api.js";
import { assignmentOf } from "/dispatch/state/assignment.js";
import { CREW_ROLES } from "/dispatch/state/day.js";
import { el } from "/shared/ui/elements.js";
import { field, openDialog } from "../shared/ui/fields.js";

const DRAGS_AFTER_PX = 6;
const SCROLLS_PX = 10;
const LONG_PRESS_MS = 350;

export class DayAssign {
  #root;
  #session;
  #notices;
  #rows = [];
  #drag = null;
  #droppedAt = -Infinity;

  constructor(root, { session, notices }) {
    this.#root = root;
    this.#session = session;
    this.#notices = notices;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("touchmove", (event) => this.#drag?.held && event.preventDefault(), {
      passive: false,
    });
    root.addEventListener("contextmenu", (event) => this.#drag && event.preventDefault());
    root.addEventListener("click", (event) => this.#click(event), { capture: true });
  }

  /** Whether a job is held, so that the page must not be drawn again. */
  get busy() {
    return this.#drag?.held ?? false;
  }

  /** The rows that are shown: {people, trucks}, see rowsOf. */
  show({ people, trucks }) {
    this.#rows = [...people, ...trucks];
  }

  #click(event) {
    if (performance.now() - this.#droppedAt < 100) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const button = event.target.closest("[data-assign]");
    const card = button && this.#session.board.card(button.dataset.assign);
    if (card) this.#choose(card);
  }

  #down(event) {
    this.#droppedAt = -Infinity;
    const node = event.target.closest(".open-job");
    const card = node && this.#session.isDispatcher && this.#session.board.card(node.dataset.job);
    if (!card || event.button !== 0 || !event.isPrimary) return;
    this.#end();
    const ended = new AbortController();
    const { signal } = ended;
    const touch = event.pointerType === "touch";
    this.#drag = { node, card, ended, x: event.clientX, y: event.clientY, held: false };
    if (touch) this.#drag.timer = setTimeout(() => this.#lift(), LONG_PRESS_MS);
    window.addEventListener("pointermove", (moved) => this.#move(moved, touch), { signal });
    window.addEventListener("pointerup", (up) => this.#up(up), { signal });
    window.addEventListener("pointercancel", () => this.#end(), { signal });
    window.addEventListener("blur", () => this.#end(), { signal });
    window.addEventListener("keydown", (key) => key.key === "Escape" && this.#end(), { signal });
  }

  #move(event, touch) {
    const { x, y, held } = this.#drag;
    const distance = Math.hypot(event.clientX - x, event.clientY - y);
    if (!held && touch) return distance > SCROLLS_PX && this.#end();
    if (!held && distance < DRAGS_AFTER_PX) return;
    if (!held) this.#lift();
    this.#follow(event);
  }

  #lift() {
    const drag = this.#drag;
    drag.held = true;
    drag.ghost = drag.node.cloneNode(true);
    drag.ghost.classList.add("ghost");
    drag.ghost.inert = true;
    const { left, top, width } = drag.node.getBoundingClientRect();
    for (const [name, value] of Object.entries({ left, top, width }))
      drag.ghost.style.setProperty(name, `${value}px`);
    document.body.append(drag.ghost);
    drag.node.classList.add("lifted");
    for (const row of this.#rows) this.#mark(row, assignmentOf(drag.card, row));
  }

  #mark(row, { changes, why }) {
    const node = this.#nodeOf(row);
    if (!node) return;
    node.dataset.fit = changes === null ? "never" : why === null ? "yes" : "no";
    node.append(el("p.fit-mark", { "data-testid": "fit" }, why ?? "fits"));
  }

  #nodeOf({ id, kind }) {
    return this.#root.querySelector(`[data-row="${CSS.escape(id)}"][data-kind="${kind}"]`);
  }

  #rowAt({ clientX, clientY }) {
    const node = document.elementFromPoint(clientX, clientY)?.closest("[data-testid=day-row]");
    return this.#rows.find((row) => node && node === this.#nodeOf(row)) ?? null;
  }

  #follow(event) {
    const { ghost, x, y } = this.#drag;
    ghost.style.setProperty("transform", `translate(${event.clientX - x}px, ${event.clientY - y}px)`);
    const over = this.#rowAt(event);
    for (const row of this.#rows) this.#nodeOf(row)?.classList.toggle("over", row === over);
  }

  #up(event) {
    const { held, card } = this.#drag;
    const row = held ? this.#rowAt(event) : null;
    this.#end();
    if (held) this.#droppedAt = performance.now();
    if (row) this.#assign(card, row);
  }

  #end() {
    const drag = this.#drag;
    if (drag === null) return;
    this.#drag = null;
    clearTimeout(drag.timer);
    drag.ended.abort();
    drag.ghost?.remove();
    drag.node.classList.remove("lifted");
    for (const node of this.#root.querySelectorAll("[data-fit]")) {
      delete node.dataset.fit;
      node.classList.remove("over");
    }
    for (const mark of this.#root.querySelectorAll(".fit-mark")) mark.remove();
  }

  /** The same by keyboard: every row with what speaks against it. */
  async #choose(card) {
    const possible = this.#rows.filter((row) => assignmentOf(card, row).changes !== null);
    const options = possible.map((row, index) => [String(index), choiceText(card, row)]);
    const chosen = await ask({
      title: ["Assign ", el("bdi", {}, card.customer)],
      made: field("To", { options, autofocus: true }),
      button: "Assign",
    });
    if (chosen !== null) await this.#assign(card, possible[Number(chosen)]);
  }

  async #assign(card, row) {
    const { changes, role, why } = assignmentOf(card, row);
    if (changes === null) return this.#notices.warn(`${row.name}: ${why}.`);
    try {
      const detail = await this.#session.detail(card.job_id);
      if (await this.#save(detail, changes, row)) {
        const as = role ? ` as ${CREW_ROLES[role].toLowerCase()}` : "";
        this.#notices.good(`${row.name} is on the job of ${card.customer}${as}.`);
      }
    } catch (error) {
      const text = error instanceof Problem ? error.detail || error.title : "No answer came.";
      this.#notices.bad(`${row.name} was not assigned: ${text}`);
    }
  }

  /** False if it does not fit and the dispatcher leaves it at that. */
  async #save(detail, changes, row) {
    try {
      await this.#session.edit(detail, changes);
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || error.document.may_override !== true) throw error;
      const reason = await ask({
        title: [row.name, " does not fit"],
        text: error.detail,
        made: field("Reason to assign anyway", { maxlength: 2000, autofocus: true }),
        button: "Assign anyway",
      });
      if (reason === null) return false;
      await this.#session.edit(detail, { ...changes, override: true, reason });
      return true;
    }
  }
}

function choiceText(card, row) {
  const { why } = assignmentOf(card, row);
  return why === null ? row.name : `${row.name} (${why})`;
}

/** What was entered or chosen; null if the dialog was left. */
async function ask({ title, text = null, made, button }) {
  const submit = (event) => {
    event.preventDefault();
    const value = made.input.value.trim();
    if (value !== "") return dialog.close(`=${value}`);
    made.complain("Enter a reason.");
    return made.input.focus();
  };
  const leave = () => dialog.close("");
  const dialog = el(
    "dialog",
    { "aria-labelledby": "assign-title", "data-testid": "assign-dialog" },
    el(
      "form.stack",
      { onsubmit: submit, novalidate: true },
      el("h2", { id: "assign-title" }, title),
      text && el("p", {}, text),
      made.node,
      el(
        "div.row.end",
        {},
        el("button.button", { type: "button", onclick: leave }, "Cancel"),
        el("button.button.main", {}, button),
      ),
    ),
  );
  const result = await openDialog(dialog);
  return result.startsWith("=") ? result.slice(1) : null;
}
