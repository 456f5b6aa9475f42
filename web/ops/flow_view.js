// The flow as a picture: a box for each status with its jobs, arrows for the moves.

import { el, statusColour } from "/shared/ui/elements.js";
import { BOX, layoutOf } from "/ops/state/flow_layout.js";
import { boxText, boxesOf } from "/ops/state/ops_labels.js";
import { spanText } from "/shared/ui/time.js";
import { svg } from "/shared/ui/svg.js";

const PAD = 14;

/** The picture, and the same in words for screen readers. */
export function flowView({ flow, statuses, now_ms, down }) {
  const boxes = boxesOf(flow, statuses, now_ms);
  return [
    picture(flow, boxes, down),
    el(
      "ul.unseen",
      { "data-testid": "flow-words" },
      boxes.map((box) => el("li", {}, boxText(box))),
    ),
  ];
}

function picture(flow, boxes, down) {
  const { width, height, boxes: places, arrows } = layoutOf(flow, { down });
  return svg(
    "svg",
    {
      class: "flow-picture",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-hidden": "true",
      "data-testid": "flow-picture",
    },
    svg("defs", {}, arrowHead()),
    arrows.map(({ kind, path, from, to }) =>
      svg(
        "path",
        { class: `arrow ${kind}`, d: path, "marker-end": "url(#arrow-head)" },
        svg("title", {}, moveNames(flow, from, to)),
      ),
    ),
    boxes.map((box, index) => drawnBox(box, places[index])),
  );
}

function moveNames(flow, from, to) {
  const moves = flow.moves.filter((move) => move.to === to && move.from.includes(from));
  return moves.map((move) => move.label.en).join(", ");
}

function arrowHead() {
  const shape = { viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7 };
  return svg(
    "marker",
    { id: "arrow-head", ...shape, orient: "auto-start-reverse" },
    svg("path", { class: "arrow-head", d: "M0 0L8 4L0 8z" }),
  );
}

function drawnBox(box, { x, y }) {
  const state = box.overdue > 0 ? " late" : box.jobs === 0 ? " empty" : "";
  const right = BOX.width - PAD;
  return svg(
    "g",
    {
      class: `box toned${state}`,
      transform: `translate(${x} ${y})`,
      "data-status": box.name,
      vars: statusColour(box.colour),
    },
    svg("rect", { class: "box-background", width: BOX.width, height: BOX.height, rx: 13 }),
    svg("rect", { class: "box-mark", x: PAD, y: 15, width: 10, height: 10, rx: 5 }),
    words("box-label", PAD + 17, 25, box.label),
    words("box-count", PAD, 66, box.jobs.toLocaleString("en-US")),
    words("box-age", right, 50, ageText(box), "end"),
    box.overdue > 0 && words("box-late", right, 68, `${box.overdue} overdue`, "end"),
  );
}

function ageText({ jobs, terminal, oldest_ms }) {
  if (terminal) return "ended";
  return jobs === 0 || oldest_ms === null ? "" : `oldest ${spanText(oldest_ms)}`;
}

function words(kind, x, y, text, anchor = "start") {
  return svg("text", { class: kind, x, y, "text-anchor": anchor }, document.createTextNode(text));
}

/** The buttons that choose the flow, with the number of its overdue jobs. */
export function flowChoice({ flows, names, chosen, statuses, onChoose }) {
  return names.map((name) => {
    const late = statuses
      .filter(({ flow }) => flow === name)
      .reduce((total, { overdue }) => total + overdue, 0);
    return el(
      "button.flow",
      {
        type: "button",
        "aria-pressed": String(name === chosen),
        "data-focus": `flow-${name}`,
        onclick: () => onChoose(name),
      },
      flows[name].label.en,
      late > 0 && el("span.flow-late", {}, ` ${late} overdue`),
    );
  });
}
