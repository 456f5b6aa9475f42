// The board by keyboard. Arrows go from card to card. Space picks a card up; then the arrows choose a
// column, Enter or Space drops the card there, and Escape puts it back.

import { labelOf } from "/shared/jobs/moves.js";

export class KeyboardMoves {
  #root;
  #view;
  #cardOf;
  #flowOf;
  #moveMaker;
  #notices;
  #openMenu;
  #held = null;

  constructor(root, { view, cardOf, flowOf, moveMaker, notices, openMenu }) {
    this.#root = root;
    this.#view = view;
    this.#cardOf = cardOf;
    this.#flowOf = flowOf;
    this.#moveMaker = moveMaker;
    this.#notices = notices;
    this.#openMenu = openMenu;
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener(
      "keyup",
      (event) => event.key === " " && isOpener(event.target) && event.preventDefault(),
    );
    root.addEventListener(
      "focusout",
      (event) => this.#held && !root.contains(event.relatedTarget) && this.#putBack(),
    );
  }

  #key(event) {
    if (!isOpener(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const node = event.target.closest(".card");
    const act = this.#held ? this.#whileHeld(event.key) : this.#atRest(event.key, node);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #atRest(key, node) {
    return {
      " ": () => this.#pickUp(node),
      m: () => this.#openMenu(node.dataset.job),
      M: () => this.#openMenu(node.dataset.job),
      ArrowDown: () => this.#walk(node, 0, 1),
      ArrowUp: () => this.#walk(node, 0, -1),
      ArrowRight: () => this.#walk(node, 1, 0),
      ArrowLeft: () => this.#walk(node, -1, 0),
    }[key];
  }

  #whileHeld(key) {
    return {
      " ": () => this.#drop(),
      Enter: () => this.#drop(),
      Escape: () => this.#putBack(),
      Tab: () => this.#putBack(),
      ArrowRight: () => this.#aim(1),
      ArrowLeft: () => this.#aim(-1),
      ArrowUp: () => {},
      ArrowDown: () => {},
    }[key];
  }

  #walk(node, columns, rows) {
    const shown = this.#view.columnNodes
      .map((column) => [...column.querySelectorAll(".card")])
      .filter((cards) => cards.length > 0);
    const x = shown.findIndex((cards) => cards.includes(node));
    const column = shown[x + columns];
    if (!column) return;
    const y = Math.min(shown[x].indexOf(node) + rows, column.length - 1);
    const target = column[y]?.querySelector(".card-open");
    target?.focus();
    target?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #pickUp(node) {
    const card = this.#cardOf(node.dataset.job);
    if (!card || node.classList.contains("moving")) return;
    const flow = this.#flowOf(card);
    const targets = this.#moveMaker.targetsOf(card);
    if (targets.size === 0)
      return this.#notices.announce(
        `${card.customer} stays in ${labelOf(flow, card.status)}. It has no other moves.`,
      );
    const order = flow.statuses
      .map(({ name }) => name)
      .filter((name) => targets.has(name) || name === card.status);
    this.#held = { card, flow, order, over: card.status };
    node.classList.add("held");
    this.#show();
    this.#notices.announce(
      `${card.customer} picked up from ${labelOf(flow, card.status)}. Left and Right choose a column, Enter drops it, Escape puts it back.`,
    );
  }

  #aim(step) {
    const held = this.#held;
    const index = held.order.indexOf(held.over) + step;
    held.over = held.order[Math.max(0, Math.min(index, held.order.length - 1))];
    this.#show();
    const place = labelOf(held.flow, held.over);
    this.#notices.announce(held.over === held.card.status ? `${place}, its current column` : place);
  }

  #show() {
    const { order, over } = this.#held;
    this.#view.mark({ targets: new Set(order), over });
    const column = this.#view.columnNodes.find((node) => node.dataset.status === over);
    column?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #drop() {
    const { card, over } = this.#held;
    this.#letGo();
    if (over === card.status) this.#notices.announce(`${card.customer} was not moved.`);
    else this.#moveMaker.to(this.#cardOf(card.job_id) ?? card, over);
  }

  #putBack() {
    const { card } = this.#held;
    this.#letGo();
    this.#notices.announce(`${card.customer} was not moved.`);
  }

  #letGo() {
    this.#held = null;
    this.#view.mark({});
    for (const node of this.#root.querySelectorAll(".held")) node.classList.remove("held");
  }
}

function isOpener(target) {
  return target.classList?.contains("card-open") ?? false;
}
