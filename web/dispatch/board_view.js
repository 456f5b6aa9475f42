// The columns and their cards. An unchanged card keeps its element, so that a refresh does not
// interrupt a drag, move the focus, or clear a text selection.

import { el, fill, keepingFocus, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { cardNode, factsOf } from "./card.js";

const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
const SLIDE_MS = 220;

export class BoardView {
  #root;
  #columns = new Map();
  #flowName = null;
  #frame = null;

  constructor(root) {
    this.#root = root;
  }

  /** Shows the flow's `columns`: [{status, cards}]. */
  show(flowName, columns, told) {
    if (this.#flowName !== flowName || this.#frame === null || !this.#root.contains(this.#frame)) {
      this.#build(flowName, columns);
    }
    keepingFocus(this.#root, () => this.#fillAll(columns, told));
  }

  /** Shows `node` instead of the columns. */
  showInstead(scene, node) {
    if (this.#root.dataset.scene === scene) return; // a button may have the focus
    this.#frame = null;
    this.#root.dataset.scene = scene;
    fill(this.#root, node);
  }

  get columnNodes() {
    return [...this.#columns.values()].map(({ node }) => node);
  }

  /** The element of a card, or null if it is not shown. */
  cardNode(job_id) {
    return this.#root.querySelector(`[data-job="${CSS.escape(job_id)}"]`);
  }

  /** Marks the columns while a card is held: `targets` accept it, `over` is the one it is over. */
  mark({ targets = null, over = null }) {
    for (const [name, { node }] of this.#columns) {
      node.classList.toggle("target", targets?.has(name) ?? false);
      node.classList.toggle("not-target", targets !== null && !targets.has(name));
      node.classList.toggle("over", name === over);
    }
  }

  #build(flowName, columns) {
    this.#flowName = flowName;
    this.#columns.clear();
    for (const { status } of columns) this.#columns.set(status.name, columnOf(status));
    this.#frame = el("div.columns", { "data-flow": flowName }, this.columnNodes);
    const jumps = el(
      "nav.jumps",
      { "aria-label": "Columns" },
      [...this.#columns.values()].map(({ jump }) => jump),
    );
    this.#root.dataset.scene = "board";
    fill(this.#root, el("h1.unseen", {}, "Board"), jumps, this.#frame);
  }

  #fillAll(columns, told) {
    const before = this.#places();
    for (const { status, cards } of columns)
      this.#fill(this.#columns.get(status.name), status, cards, told);
    this.#slide(before);
  }

  #fill(column, status, cards, told) {
    const kept = new Map();
    for (const card of cards) {
      const facts = factsOf(card, status, told);
      const says = JSON.stringify(facts);
      const known = column.cards.get(card.job_id);
      kept.set(card.job_id, known?.says === says ? known : { says, node: cardNode(facts) });
    }
    column.cards = kept;
    arrange(
      column.list,
      [...kept.values()].map(({ node }) => node),
    );
    for (const node of [column.node, column.jump])
      node.classList.toggle("unused", Boolean(status.aside) && cards.length === 0);
    column.empty.hidden = cards.length > 0;
    column.list.hidden = cards.length === 0;
    for (const count of column.counts)
      if (count.textContent !== String(cards.length)) fill(count, cards.length);
  }

  #places() {
    const places = new Map();
    if (REDUCED.matches) return places;
    for (const node of this.#root.querySelectorAll(".card"))
      places.set(node.dataset.job, node.getBoundingClientRect());
    return places;
  }

  /** Cards that changed their position slide there. */
  #slide(before) {
    for (const node of this.#root.querySelectorAll(".card")) {
      const old = before.get(node.dataset.job);
      if (old === undefined || node.classList.contains("lifted")) continue;
      const now = node.getBoundingClientRect();
      const [dx, dy] = [old.left - now.left, old.top - now.top];
      if (Math.abs(dx) + Math.abs(dy) < 2) continue;
      const from = { transform: `translate(${dx}px, ${dy}px)` };
      node.animate([from, { transform: "none" }], { duration: SLIDE_MS, easing: "ease-out" });
    }
  }
}

/** Makes `list` hold exactly `nodes`, in order, moving as few as possible. */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function columnOf(status) {
  const { name, label, colour, end } = status;
  const title = `column-${name}`;
  const counts = [el("span.count.numbers", {}, "0"), el("span.count.numbers", {}, "0")];
  const list = el("ol.cards", { "aria-labelledby": title });
  const empty = el("p.empty", {}, end ? "No jobs in the last two days" : "No jobs");
  const node = el(
    `section.column.toned${end ? ".terminal" : ""}`,
    {
      vars: statusColour(colour),
      "data-status": name,
      "data-testid": "column",
      "aria-labelledby": title,
    },
    el(
      "header.column-head",
      {},
      el("span.column-sign", {}, icon(status.icon)),
      el("h2", { id: title }, label.en),
      counts[0],
    ),
    list,
    empty,
  );
  const jump = el(
    "button.jump.toned",
    {
      type: "button",
      vars: statusColour(colour),
      onclick: () => node.scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" }),
    },
    label.en,
    counts[1],
  );
  return { node, list, empty, counts, jump, cards: new Map() };
}
