// Revenue by row, as bars: what is paid, and on top of it what is not. The table below has the numbers.

import { el } from "/shared/ui/elements.js";
import { moneyText } from "/shared/ui/money.js";
import { svg } from "/shared/ui/svg.js";

const SIZE = { width: 960, height: 220, foot: 24, gap: 0.2, edge: 24 };
const WIDEST_BAR = 80;
const MOST_LABELS = 12;

/** The chart, or null if there is no revenue to draw. */
export function revenueChart(rows, nameOf, currency) {
  const most = Math.max(0, ...rows.map(({ figures }) => figures.revenue_cents));
  if (most === 0) return null;
  const { width, height, foot, gap, edge } = SIZE;
  const step = (width - 2 * edge) / rows.length;
  const wide = Math.min(step * (1 - gap), WIDEST_BAR);
  const tall = (cents) => ((height - foot - 8) * cents) / most;
  const every = Math.ceil(rows.length / MOST_LABELS);
  const bar = ({ key, figures }, index) => {
    const { paid_cents, unpaid_cents, revenue_cents } = figures;
    const middle = edge + (index + 0.5) * step;
    const place = { x: middle - wide / 2, width: wide };
    const top = height - foot - tall(revenue_cents);
    const label = svg("text", { x: middle, y: height - 6, "text-anchor": "middle" });
    label.textContent = index % every === 0 ? nameOf(key) : "";
    return [
      svg("rect", { class: "bar-unpaid", ...place, y: top, height: tall(unpaid_cents) }),
      svg("rect", { class: "bar-paid", ...place, y: top + tall(unpaid_cents), height: tall(paid_cents) }),
      label,
    ];
  };
  const viewBox = `0 0 ${width} ${height}`;
  return el(
    "figure.chart",
    { "data-testid": "chart" },
    el(
      "figcaption.small",
      {},
      el("span.key.paid", { "aria-hidden": "true" }),
      "Paid ",
      el("span.key.unpaid", { "aria-hidden": "true" }),
      `Unpaid. The highest bar is ${moneyText(most, currency)}.`,
    ),
    svg("svg", { viewBox, class: "bars", "aria-hidden": "true" }, rows.map(bar).flat()),
  );
}
