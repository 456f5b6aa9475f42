// A member's day as the form has it, {kind, spans, roles}, and as the roster stores it, {hours,
// roles}. `kind` is `all`, `hours` or `off`; a span is {begin, end}, times in the business's zone.

import { CREW_ROLES } from "./day.js";

const ALL_DAY = { begin: "00:00", end: "00:00" };
const USUAL = { begin: "08:00", end: "16:00" };

/** The form when it opens. */
export function formOf(member, date) {
  const own = member.roles.filter((role) => role in CREW_ROLES);
  const said = member.days?.[date];
  const roles = said?.roles ? own.filter((role) => said.roles.includes(role)) : own;
  const spans = said?.hours ?? [];
  if (said !== undefined && spans.length === 0) return { kind: "off", spans: [USUAL], roles };
  if (spans.length === 0 || isAllDay(spans)) return { kind: "all", spans: [USUAL], roles };
  return { kind: "hours", spans, roles };
}

/** The day that the form describes; null for the usual one: all day, in every role. */
export function dayOfForm({ kind, spans, roles }, member) {
  if (kind === "off") return { hours: [] };
  const own = member.roles.filter((role) => role in CREW_ROLES);
  const fewer = own.some((role) => !roles.includes(role));
  if (kind === "all" && !fewer) return null;
  return { hours: kind === "all" ? [ALL_DAY] : sorted(spans), ...(fewer && { roles }) };
}

/** What is wrong with the form, or null. */
export function problemIn({ kind, spans, roles }) {
  if (kind === "off") return null;
  if (roles.length === 0) return "Choose a role, or choose “Off”.";
  if (kind === "all") return null;
  if (spans.some(({ begin, end }) => !begin || !end)) return "Fill in both times.";
  if (spans.some(({ begin, end }) => begin === end)) return "The two times must be different.";
  return crossed(sorted(spans)) ? "These hours overlap." : null;
}

/** Hours that end before they begin go past midnight; only the last ones may. */
function crossed(ordered) {
  const next = ordered.slice(1);
  return next.some(({ begin }, index) => {
    const before = ordered[index];
    return before.end < before.begin || begin < before.end;
  });
}

function isAllDay(spans) {
  return spans.length === 1 && spans[0].begin === ALL_DAY.begin && spans[0].end === ALL_DAY.end;
}

function sorted(spans) {
  return [...spans].sort((one, other) => (one.begin < other.begin ? -1 : 1));
}
