// Drag and drop by mouse, pen, or touch. A touch has to rest on a card for a moment first, because
// otherwise it scrolls.

const DRAGS_AFTER_PX = 6;
const SCROLLS_PX = 10;
const LONG_PRESS_MS = 350;
const EDGE_PX = 56;
const SCROLL_PX = 14;

export class DragAndDrop {
  #root;
  #view;
  #cardOf;
  #moveMaker;
  #drag = null;
  #onEnd;
  #droppedAt = -Infinity;

  /** `cardOf(job_id)` is the card as the server has it; `onEnd()` is called at the end of a drag. */
  constructor(root, { view, cardOf, moveMaker, onEnd }) {
    this.#root = root;
    this.#view = view;
    this.#cardOf = cardOf;
    this.#moveMaker = moveMaker;
    this.#onEnd = onEnd;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("touchmove", (event) => this.#drag?.held && event.preventDefault(), {
      passive: false,
    });
    root.addEventListener("contextmenu", (event) => this.#drag && event.preventDefault());
    root.addEventListener("dragstart", (event) => event.preventDefault());
    root.addEventListener("click", (event) => this.#ignoreClick(event), { capture: true });
  }

  get busy() {
    return this.#drag?.held ?? false;
  }

  #down(event) {
    this.#droppedAt = -Infinity; // a new press, so its click counts
    const node = event.target.closest(".card");
    if (!node || event.button !== 0 || !event.isPrimary || event.target.closest(".card-menu"))
      return;
    const card = this.#cardOf(node.dataset.job);
    if (!card || node.classList.contains("moving")) return;
    this.#cancel();
    const ended = new AbortController();
    const drag = {
      node,
      card,
      ended,
      x: event.clientX,
      y: event.clientY,
      held: false,
      pointer: event.pointerId,
    };
    this.#drag = drag;
    const { signal } = ended;
    const touch = event.pointerType === "touch";
    if (touch) drag.timer = setTimeout(() => this.#lift(), LONG_PRESS_MS);
    window.addEventListener("pointermove", (moved) => this.#move(moved, touch), { signal });
    window.addEventListener("pointerup", (up) => this.#up(up), { signal });
    window.addEventListener("pointercancel", () => this.#cancel(), { signal });
    window.addEventListener("blur", () => this.#cancel(), { signal });
    window.addEventListener("keydown", (key) => key.key === "Escape" && this.#cancel(), { signal });
  }

  #move(event, touch) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    const distance = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
    if (!drag.held) {
      if (touch && distance > SCROLLS_PX) return this.#cancel();
      if (touch || distance < DRAGS_AFTER_PX) return;
      this.#lift();
    }
    drag.toX = event.clientX;
    drag.toY = event.clientY;
    this.#follow();
  }

  #lift() {
    const drag = this.#drag;
    const { left, top, width } = drag.node.getBoundingClientRect();
    drag.held = true;
    drag.targets = this.#moveMaker.targetsOf(drag.card);
    drag.ghost = drag.node.cloneNode(true);
    drag.ghost.classList.add("ghost");
    for (const name of ["id", "data-testid", "data-job"]) drag.ghost.removeAttribute(name);
    drag.ghost.inert = true;
    for (const [name, value] of [
      ["left", left],
      ["top", top],
      ["width", width],
    ])
      drag.ghost.style.setProperty(name, `${value}px`);
    document.body.append(drag.ghost);
    drag.node.classList.add("lifted");
    this.#root.classList.add("dragging");
    navigator.vibrate?.(12);
    drag.toX ??= drag.x;
    drag.toY ??= drag.y;
    this.#follow();
    this.#scroll();
  }

  #follow() {
    const { ghost, x, y, toX, toY, targets, card } = this.#drag;
    ghost.style.setProperty("transform", `translate(${toX - x}px, ${toY - y}px) rotate(1.2deg)`);
    this.#view.mark({ targets: new Set([...targets, card.status]), over: this.#over() });
  }

  #over() {
    const { toX } = this.#drag;
    const column = this.#view.columnNodes.find((node) => {
      const { left, right } = node.getBoundingClientRect();
      return toX >= left && toX <= right;
    });
    return column?.dataset.status ?? null;
  }

  /** Near the edge the columns scroll, so that the others can be reached. */
  #scroll() {
    const drag = this.#drag;
    if (!drag?.held) return;
    const columns = this.#root.querySelector(".columns");
    const { left, right } = columns.getBoundingClientRect();
    const from = Math.max(left, 0);
    const to = Math.min(right, window.innerWidth);
    if (drag.toX < from + EDGE_PX) columns.scrollBy(-SCROLL_PX, 0);
    else if (drag.toX > to - EDGE_PX) columns.scrollBy(SCROLL_PX, 0);
    this.#follow();
    requestAnimationFrame(() => this.#drag === drag && this.#scroll());
  }

  #up(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    const to = drag.held ? this.#over() : null;
    const { card } = drag;
    const dropped = drag.held;
    this.#cancel();
    if (dropped) this.#droppedAt = performance.now();
    if (to !== null && to !== card.status) this.#moveMaker.to(this.#cardOf(card.job_id) ?? card, to);
  }

  /** The click at the end of a drag is not a click on the card. */
  #ignoreClick(event) {
    if (performance.now() - this.#droppedAt > 100) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #cancel() {
    const drag = this.#drag;
    if (drag === null) return;
    this.#drag = null;
    clearTimeout(drag.timer);
    drag.ended.abort();
    drag.ghost?.remove();
    drag.node.classList.remove("lifted");
    this.#root.classList.remove("dragging");
    this.#view.mark({});
    if (drag.held) this.#onEnd();
  }
}
