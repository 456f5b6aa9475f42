// The layout of a flow's picture. The boxes are in a row (on a phone, in a column) in the order of
// the flow. A step to the next status is a straight arrow, a step back an arc on one side; a move
// that skips statuses (such as a cancellation) runs along the other side.

export const BOX = Object.freeze({ width: 184, height: 84 });
const GAP = 40;
const LANE = 20;
const FIRST_LANE = 22;
const CORNER = 8;
const APART = 12;

/**
 * {width, height, boxes: [{name, x, y}], arrows: [{from, to, kind, path}]}; `down` puts the boxes
 * in a column. `kind` is `ahead`, `back` or `skip`.
 */
export function layoutOf(flow, { down = false } = {}) {
  const order = flow.statuses.map(({ name }) => name);
  const edges = edgesOf(flow, order);
  const backLanes = laneCount(edges, "back");
  const skipLanes = laneCount(edges, "skip");
  const before = margin(backLanes);
  const long = down ? BOX.height : BOX.width;
  const wide = down ? BOX.width : BOX.height;
  const starts = order.map((_, index) => index * (long + GAP) + 2);
  const frame = { down, before, long, wide, starts };
  const along = order.length * (long + GAP) - GAP + 4;
  const across = before + wide + margin(skipLanes);
  return {
    width: down ? across : along,
    height: down ? along : across,
    boxes: order.map((name, index) => ({ name, ...point(frame, starts[index], before) })),
    arrows: edges.map((edge) => ({
      from: order[edge.from],
      to: order[edge.to],
      kind: edge.kind,
      path: pathOf(edge, frame),
    })),
  };
}

/** Each pair of statuses once, even if several moves lead from one to the other. */
function edgesOf(flow, order) {
  const pairs = new Map();
  for (const move of flow.moves) {
    for (const origin of move.from) {
      const [from, to] = [order.indexOf(origin), order.indexOf(move.to)];
      if (from !== to) pairs.set(`${from} ${to}`, { from, to, ...kindOf(from, to) });
    }
  }
  const edges = [...pairs.values()];
  const targets = [...new Set(edges.filter(({ kind }) => kind === "skip").map(({ to }) => to))];
  return edges.map((edge) =>
    edge.kind === "skip" ? { ...edge, lane: targets.indexOf(edge.to) } : edge,
  );
}

function kindOf(from, to) {
  if (to === from + 1) return { kind: "ahead", lane: 0 };
  return to < from ? { kind: "back", lane: from - to - 1 } : { kind: "skip", lane: 0 };
}

function laneCount(edges, kind) {
  return Math.max(0, ...edges.filter((edge) => edge.kind === kind).map(({ lane }) => lane + 1));
}

function margin(lanes) {
  return lanes === 0 ? 4 : FIRST_LANE + lanes * LANE;
}

function pathOf({ from, to, kind, lane }, frame) {
  const { before, long, wide, starts } = frame;
  if (kind === "ahead") {
    const middle = before + wide / 2;
    return drawn(frame, [starts[from] + long, middle], [starts[to] - 3, middle]);
  }
  const side = kind === "back" ? before : before + wide;
  const away = FIRST_LANE + lane * LANE;
  const rail = kind === "back" ? side - away : side + away;
  // Start and end are apart, so that two arcs can meet at one box.
  const out = starts[from] + long / 2 + (kind === "back" ? -APART : APART);
  const into = starts[to] + long / 2 + (kind === "back" ? APART : -APART);
  const end = side + (kind === "back" ? -3 : 3);
  return rounded(frame, { out, into, side, rail, end });
}

function drawn(frame, start, end) {
  return `M${text(frame, ...start)}L${text(frame, ...end)}`;
}

/** Away from one box, along the lane, and to the other box, with round corners. */
function rounded(frame, { out, into, side, rail, end }) {
  const turn = Math.sign(into - out) * CORNER;
  const leave = Math.sign(rail - side) * CORNER;
  const at = (along, across) => text(frame, along, across);
  return [
    `M${at(out, side)}L${at(out, rail - leave)}`,
    `Q${at(out, rail)} ${at(out + turn, rail)}`,
    `L${at(into - turn, rail)}`,
    `Q${at(into, rail)} ${at(into, rail - leave)}`,
    `L${at(into, end)}`,
  ].join("");
}

function point({ down }, along, across) {
  return down ? { x: across, y: along } : { x: along, y: across };
}

function text(frame, along, across) {
  const { x, y } = point(frame, along, across);
  return `${x},${y}`;
}
