// Small charts. Each has its numbers in words next to it, so screen readers skip the drawing.

import { el, statusColour } from "/shared/ui/elements.js";
import { counted, invalidationFacts, quickText, stayBars, visibleFacts } from "/ops/state/ops_labels.js";
import { clockText, currentZone } from "/shared/ui/time.js";
import { zoneText } from "/shared/ui/business_time.js";
import { svg } from "/shared/ui/svg.js";

const STAY = { width: 300, height: 18 };
const SPARK = { width: 400, height: 72, gap: 1 };
const LEAST_BAR = 1.5;
const FEW_MOVES = 40;

/** How long jobs stay in each status of a flow, against its limit. */
export function stayChart(flow, times) {
  const bars = stayBars(flow, times);
  if (bars.length === 0) return el("p.quiet", {}, "No job of this flow has left a status recently.");
  return el(
    "ul.stays",
    { "data-testid": "stays" },
    bars.map((bar) =>
      el(
        "li.toned",
        { vars: statusColour(bar.colour) },
        el("p.stay-name", {}, bar.label),
        stayBar(bar),
        el(`p.small.numbers.${bar.late ? "late" : "quiet"}`, {}, bar.text),
      ),
    ),
  );
}

/** The dark bar is the median, the pale one the maximum, the line the limit. */
function stayBar({ median, longest, limit }) {
  const { width, height } = STAY;
  const wide = (share) => Math.max(LEAST_BAR, share * (width - 2));
  return svg(
    "svg",
    stretched("stay", width, height),
    svg("rect", { class: "stay-background", width, height }),
    svg("rect", { class: "stay-longest", width: wide(longest), height }),
    svg("rect", { class: "stay-median", width: wide(median), height }),
    limit !== null && svg("rect", { class: "stay-limit", x: wide(limit), width: 2, height }),
  );
}

/** How long the latest moves took until the customers could see them. */
export function visibleChart(visible) {
  const facts = visibleFacts(visible);
  if (facts === null) return el("p.quiet", {}, "No recent moves.");
  const { median_ms, p95_ms, slowest_ms, moves } = facts;
  const from = clockText(visible[0].at);
  const to = clockText(visible.at(-1).at);
  return [
    el(
      "p",
      { "data-testid": "visible-words" },
      "Median ",
      el("strong.numbers", {}, quickText(median_ms)),
      ", p95 ",
      el("strong.numbers", {}, quickText(p95_ms)),
      `, maximum ${quickText(slowest_ms)}.`,
    ),
    sparkBars(visible, slowest_ms),
    el("p.small.quiet.numbers", {}, `The last ${counted(moves, "move")}, ${from} to ${to}. ${zoneText(currentZone())}`),
  ];
}

function sparkBars(visible, slowest_ms) {
  const { width, height, gap } = SPARK;
  const step = width / Math.max(visible.length, FEW_MOVES);
  return svg(
    "svg",
    stretched("spark", width, height),
    visible.map(({ ms }, index) => {
      const tall = Math.max(LEAST_BAR, (height * ms) / Math.max(1, slowest_ms));
      const place = { x: index * step, y: height - tall };
      return svg("rect", { ...place, width: Math.max(0.5, step - gap), height: tall });
    }),
  );
}

function stretched(kind, width, height) {
  const viewBox = `0 0 ${width} ${height}`;
  return { class: kind, viewBox, preserveAspectRatio: "none", "aria-hidden": "true" };
}

/** The month's invalidations against the budget. */
export function invalidationMeter(invalidations) {
  const { text, advice, over } = invalidationFacts(invalidations);
  const { paths, budget } = invalidations;
  return [
    el("meter.budget", {
      min: 0,
      max: Math.max(budget, 1),
      high: Math.max(budget, 1) * 0.8,
      optimum: 0,
      value: Math.min(paths, Math.max(budget, 1)),
      "aria-label": "Invalidation paths used this month",
      "data-testid": "invalidations",
    }),
    el(`p.numbers${over ? ".late" : ""}`, {}, text),
    el("p.small.quiet", {}, advice),
  ];
}
