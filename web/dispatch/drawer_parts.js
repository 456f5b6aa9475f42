// The parts of the drawer. Each turns the job's details into elements.

import { overdueMs } from "/dispatch/state/board.js";
import { shownPhone } from "/shared/ui/phone_number.js";
import { el, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { preferredDayText } from "/shared/jobs/preferred_day.js";
import { shownReference, spelledReference } from "/shared/ui/job_reference.js";
import { MINUTE_MS, agoText, dateText, momentText, msOf, spanText, windowText } from "/shared/ui/time.js";
import { zoneText } from "/shared/ui/business_time.js";

const ASKED = "The customer asked for this time. Confirm to accept it, or give the job another one.";
const ROLES = { driver: "Driver", first_mate: "Helper", supervisor: "Supervisor" };

export function headPart(detail, { flow, now_ms }) {
  const status = flow.statuses.find(({ name }) => name === detail.status) ?? { label: {} };
  const late_ms = overdueMs({ due_at: detail.due_at, terminal: Boolean(status.end) }, now_ms);
  return el(
    "div.drawer-head.toned",
    { vars: statusColour(status.colour) },
    el(
      "div.row",
      {},
      el(
        "span.pill",
        { "data-testid": "drawer-status", "data-status": detail.status },
        icon(status.icon ?? "clock"),
        status.label.en ?? detail.status,
      ),
      late_ms !== null && el("span.late-mark", {}, icon("clock"), `${spanText(late_ms)} overdue`),
    ),
    el("h2", { id: "drawer-title", tabindex: "-1" }, el("bdi", {}, detail.customer.name)),
    el(
      "p.quiet.small",
      {},
      el("span.code", { "aria-hidden": "true" }, shownReference(detail.job_id)),
      el("span.unseen", {}, spelledReference(detail.job_id)),
      ` · booked ${agoText(now_ms - msOf(detail.created_at))}`,
    ),
  );
}

/** A button for every move that is possible now. */
export function actionsPart(detail, { make, busy, flow }) {
  const moves = detail.moves ?? [];
  if (moves.length === 0) return null;
  const buttons = moves.map((move, index) => {
    const cancels = flow.statuses.find(({ name }) => name === move.to)?.end === "cancelled";
    const style = cancels ? ".bad" : index === 0 ? ".main" : "";
    return el(
      `button.button.compact${style}`,
      {
        type: "button",
        disabled: busy,
        "data-move": move.name,
        "data-focus": `move-${move.name}`,
        onclick: () => make(move),
      },
      move.label.en,
    );
  });
  return el("section.part", { "aria-label": "Moves" }, el("div.row", {}, buttons));
}

export function detailsPart(detail, { edit }) {
  const { customer, place } = detail;
  return part(
    "Customer",
    edit,
    facts([
      ["pin", el("bdi", {}, place.address)],
      place.gate_code && ["link", ["Gate code ", el("bdi", {}, place.gate_code)]],
      ["phone", contact(customer)],
    ]),
  );
}

/** The phone number and the customer's language. */
function contact({ phone, language }) {
  const speaks = el("span.quiet", {}, language === "es" ? "Spanish" : "English");
  return phone
    ? [el("a", { href: `tel:${phone}` }, shownPhone(phone)), " · ", speaks]
    : ["No phone number · ", speaks];
}

export function schedulePart(detail, { edit, zone }) {
  const { schedule = {} } = detail;
  const span = windowText(schedule, "en", zone);
  const day = schedule.window_start ?? schedule.window_end;
  const arrival = span ? `${dateText(day, "en", zone)}, ${span}` : "No arrival window yet";
  const wanted = preferredDayText(detail, zone);
  const asked = detail.requested && span !== null;
  return part(
    "Schedule",
    edit,
    facts([
      ["calendar", asked ? `Requested: ${arrival}` : arrival],
      wanted && ["calendar", wanted],
      detail.duration_minutes && ["truck", `Takes ${spanText(detail.duration_minutes * MINUTE_MS)}, with the drive`],
      schedule.eta && ["clock", `Expected around ${momentText(schedule.eta, "en", zone)}`],
    ]),
    asked && el("p.quiet.small", { "data-testid": "asked" }, ASKED),
    zoneText(zone) && el("p.quiet.small", {}, zoneText(zone)),
  );
}

export function crewPart(detail, { edit, trucks }) {
  const people = (detail.crew ?? []).map(({ role, first_name }) => [
    "person",
    [el("strong", {}, first_name), el("span.quiet", {}, ` · ${ROLES[role] ?? role}`)],
  ]);
  const truck = detail.truck ? [["truck", trucks.get(detail.truck) ?? detail.truck]] : [];
  const none = people.length === 0 && el("p.quiet", {}, "No crew yet.");
  return part("Crew", edit, [none, facts([...people, ...truck])]);
}

/** What this customer had before, and the same job once more. */
export function againPart(detail, { bookAgain }) {
  const before = { href: `/history/?customer=${encodeURIComponent(detail.job_id)}` };
  return el(
    "section.part",
    { "aria-label": "This customer again" },
    el(
      "div.row",
      {},
      el(
        "button.button.compact",
        { type: "button", onclick: bookAgain, "data-focus": "book-again", "data-testid": "book-again" },
        icon("plus"),
        "Book again",
      ),
      el("a.button.plain.compact", { ...before, "data-focus": "customer" }, "All jobs of this customer"),
    ),
  );
}

export function part(title, edit, ...children) {
  const button =
    edit &&
    el(
      "button.button.plain.compact",
      {
        type: "button",
        onclick: edit,
        "data-focus": `edit-${title}`,
        "aria-label": `Change ${title.toLowerCase()}`,
      },
      "Change",
    );
  return el(
    "section.part",
    { "aria-label": title },
    el("div.part-head", {}, el("h3", {}, title), button),
    children,
  );
}

export function facts(lines) {
  return el(
    "ul.facts",
    {},
    lines.filter(Boolean).map(([sign, text]) => el("li", {}, icon(sign), el("span", {}, text))),
  );
}
