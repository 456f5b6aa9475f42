// What a new business still has to set up, each with the place where it is done.

import { WEEKDAYS } from "./business.js";

const CREW_ROLES = ["driver", "first_mate", "supervisor"];
const USUAL_COLORS = [null, "#1d1c19"]; // the color that a business has before it chose one
const CONFIRMED = "haulway.settings.hours_confirmed.";
const USUAL_HOURS = JSON.stringify(
  WEEKDAYS.filter((day) => day !== "sun").map((day) => [day, "08:00", "19:00"]),
);

/** Whether that member of the roster can be sent to a job. */
export function isCrew({ roles }) {
  return (roles ?? []).some((role) => CREW_ROLES.includes(role));
}

/**
 * [{key, text, href}] of what is missing. `hours_confirmed`: someone said on this device that the
 * usual hours are right; other hours are someone's choice already. `has_crew` null: not known.
 */
export function missingIn(settings, { has_crew, hours_confirmed }) {
  const items = [
    !settings.phone && item("phone", "Add the phone number that customers call"),
    !hours_confirmed && isUsual(settings.opening_hours) &&
      item("opening_hours", "Confirm your opening hours"),
    !settings.privacy_url && item("privacy_url", "Link your privacy policy"),
    USUAL_COLORS.includes(settings.accent_color ?? null) &&
      item("accent_color", "Choose your accent color"),
    has_crew === false && item("crew", "Add your first crew member"),
  ];
  return items.filter(Boolean);
}

function item(key, text) {
  return { key, text, href: `/settings/#${key}` };
}

function isUsual(hours) {
  const open = WEEKDAYS.filter((day) => hours?.[day]?.length > 0);
  const spans = open.flatMap((day) => hours[day].map(({ start, end }) => [day, start, end]));
  return spans.length === 0 || JSON.stringify(spans) === USUAL_HOURS;
}

export function areHoursConfirmed(memory, tenant) {
  return memory.get(CONFIRMED + tenant) !== null;
}

export function confirmHours(memory, tenant) {
  memory.set(CONFIRMED + tenant, "yes");
}
