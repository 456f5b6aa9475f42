// The menu with the moves of one card, an alternative to dragging.

import { el, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { labelOf, movesFrom } from "/shared/jobs/moves.js";

const GAP_PX = 6;

/** Opens the menu of `card` at `anchor`; `make(move)` is called with the chosen one. */
export function openMoveMenu({ anchor, card, flow, kind, make, openJob }) {
  const close = () => menu.hidePopover();
  const chosen = (act) => () => {
    close();
    anchor.focus();
    act();
  };
  const moves = movesFrom(flow, card.status, kind).map((move) => {
    const { colour } = flow.statuses.find(({ name }) => name === move.to);
    return item(
      [
        el("span.menu-dot.toned", { vars: statusColour(colour) }),
        el("span", {}, move.label.en, el("span.quiet.small", {}, ` → ${labelOf(flow, move.to)}`)),
      ],
      chosen(() => make(move)),
    );
  });
  const menu = el(
    "div.menu",
    {
      role: "menu",
      popover: "auto",
      "aria-label": `Moves of ${card.customer}`,
      "data-testid": "move-menu",
    },
    moves.length > 0
      ? moves
      : el("p.quiet.small.menu-none", { role: "presentation" }, "No moves from here."),
    item([icon("note"), "Open the job"], chosen(openJob)),
  );
  menu.addEventListener("keydown", (event) => walk(event, menu));
  menu.addEventListener("toggle", ({ newState }) => newState === "closed" && menu.remove());
  document.body.append(menu);
  menu.showPopover();
  place(menu, anchor);
  menu.querySelector("[role=menuitem]").focus();
}

function item(children, onclick) {
  return el(
    "button.menu-item",
    { type: "button", role: "menuitem", tabindex: "-1", onclick },
    children,
  );
}

function walk(event, menu) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const here = items.indexOf(document.activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  } else if (event.key === "Tab") menu.hidePopover();
}

function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + GAP_PX + height <= window.innerHeight;
  const left = Math.max(8, Math.min(at.right - width, window.innerWidth - width - 8));
  const top = below ? at.bottom + GAP_PX : Math.max(8, at.top - height - GAP_PX);
  menu.style.setProperty("left", `${left}px`);
  menu.style.setProperty("top", `${top}px`);
}
