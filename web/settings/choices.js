// What the settings offer to choose from, as [value, text].

import { zoneName } from "/shared/ui/business_time.js";

const COMMON_ZONES = [
  "America/New_York",
  "America/Chicago",
  "America/Denver",
  "America/Phoenix",
  "America/Los_Angeles",
  "America/Anchorage",
  "Pacific/Honolulu",
];
export const TIMES_BEFORE = [
  [0, "Until the window begins"],
  [60, "1 hour before"],
  [120, "2 hours before"],
  [240, "4 hours before"],
  [720, "12 hours before"],
  [1440, "1 day before"],
  [2880, "2 days before"],
];
export const ACCEPTANCE = [
  ["at_once", "At once: a free window is theirs"],
  ["by_dispatcher", "Once a dispatcher agrees"],
];
export const FLOWS = [
  ["haul", "Haul"],
  ["pickup", "Pickup"],
  ["crewed", "Crewed haul"],
  ["dumpster", "Dumpster"],
];
const COUNTRIES = ["US", "CA", "GB", "ES", "MX", "AU"];
const CURRENCIES = ["USD", "CAD", "GBP", "EUR", "MXN", "AUD"];
const DURATIONS = [15, 30, 45, 60, 90, 120, 180, 240, 480];

export function countries() {
  return named(COUNTRIES, "region");
}

export function currencies() {
  return named(CURRENCIES, "currency");
}

function named(codes, type) {
  const names = new Intl.DisplayNames("en", { type });
  return codes.map((code) => [code, `${names.of(code)} (${code})`]);
}

export function zones() {
  const others = Intl.supportedValuesOf("timeZone").filter((zone) => !COMMON_ZONES.includes(zone));
  return [...COMMON_ZONES, ...others].map((zone) => [zone, zoneLabel(zone)]);
}

function zoneLabel(zone) {
  const place = zone.replaceAll("_", " ");
  return COMMON_ZONES.includes(zone) ? `${zoneName(zone)} (${place})` : place;
}

export function durations() {
  return DURATIONS.map((minutes) => {
    const whole = minutes % 60 === 0 && minutes >= 60;
    return [minutes, whole ? `${minutes / 60} h` : `${minutes} min`];
  });
}
