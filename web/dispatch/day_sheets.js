// The week above the day, and on paper one sheet for each crew: its stops in order.

import { el } from "/shared/ui/elements.js";
import { clockText, dateText, windowText } from "/shared/ui/time.js";
import { longDayText, momentAt } from "/shared/ui/business_time.js";

/** `week`: see weekOf. A button for each day says what it has and what is left to plan. */
export function weekNode(week, { date, zone }, goTo) {
  const item = ({ date: each, jobs, open }) => {
    const name = dateText(momentAt(each, "12:00", zone), "en", zone);
    const counts = `${jobs} ${jobs === 1 ? "job" : "jobs"}${open > 0 ? `, ${open} to plan` : ""}`;
    return el(
      "li",
      {},
      el(
        "button.week-day",
        {
          type: "button",
          "aria-current": each === date ? "date" : null,
          "data-focus": `week-${each}`,
          "data-date": each,
          onclick: () => goTo(each),
        },
        el("strong", {}, name),
        el(`span.small${open > 0 ? "" : ".quiet"}`, {}, counts),
      ),
    );
  };
  return el("ol.week", { "aria-label": "Week", "data-testid": "week" }, week.map(item));
}

/**
 * On a phone the week is wider than the screen: it is scrolled to `left`, or if that is unknown so
 * that its day is centered. False if no week is shown.
 */
export function scrollWeek(root, left) {
  const week = root.querySelector(".week");
  if (!week) return false;
  const day = week.querySelector("[aria-current]").parentElement;
  const middle = day.offsetLeft - week.offsetLeft - (week.clientWidth - day.offsetWidth) / 2;
  week.scrollLeft = left ?? middle;
  return true;
}

/** Only printed. `sheets`: see sheetsOf. */
export function sheetNodes(sheets, { date, zone }, { cardOf, trucks }) {
  return sheets.map(({ name, stops }) =>
    el(
      "section.sheet",
      { "data-testid": "sheet" },
      el("h2", {}, name, " · ", longDayText(date)),
      el("ol", {}, stops.map((stop) => stopNode(stop, cardOf(stop.job_id), { zone, trucks }))),
    ),
  );
}

function stopNode({ job_id, at_ms }, card, { zone, trucks }) {
  const window = windowText(card?.schedule ?? {}, "en", zone) || "no arrival window";
  const crew = (card?.crew ?? []).map(({ first_name }) => first_name).join(", ");
  const truck = card?.truck && (trucks.get(card.truck) ?? card.truck);
  return el(
    "li",
    {},
    el("p", {}, at_ms !== null && el("strong", {}, `${clockText(at_ms, "en", zone)} · `), `Window ${window}`),
    el("p", {}, el("strong", {}, el("bdi", {}, card?.customer ?? job_id)), " · ", el("bdi", {}, card?.address ?? "")),
    card?.load && el("p", {}, el("bdi", {}, card.load)),
    el("p.quiet", {}, [crew, truck].filter(Boolean).join(" · ")),
  );
}
