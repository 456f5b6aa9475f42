// The value of a setting in words, for saying what someone else has changed.

import { WEEKDAYS } from "../../shared/jobs/business.js";
import { amountText } from "../../shared/ui/money.js";
import { shownPhone } from "../../shared/ui/phone_number.js";
import { DAY_NAMES, clockText } from "./setting_values.js";

const WORDS = {
  phone: shownPhone,
  opening_hours: hoursText,
  windows: (spans) => spans.map(spanText).join(", "),
  quiet: ({ begin, end }) => spanText({ start: begin, end }),
  suspended: (paused) => (paused ? "no" : "yes"),
  price_guide: guideText,
  slots_by_weekday: capacityText,
  slots_on: capacityText,
  load_durations: (loads) =>
    Object.entries(loads).map(([size, minutes]) => `${size.replace("_", " ")} ${minutes} min`).join(", "),
  accepts_bookings: (when) => (when === "by_dispatcher" ? "by a dispatcher" : "at once"),
  cancel_reason_required: yesOrNo,
  remind_day_before: yesOrNo,
  reminder_time: clockText,
  text_on_my_way: yesOrNo,
  text_crew_changes: yesOrNo,
  cancellation_policy: ({ en, es }) => [en, es].filter(Boolean).join(" / "),
};

/** What it is now, in a few words; `none` where it is not set. */
export function textOf(key, value) {
  if (value === null || value === undefined) return "none";
  const text = WORDS[key]?.(value) ?? (Array.isArray(value) ? value.join(", ") : String(value));
  return text === "" ? "none" : text;
}

function guideText({ minimum_cents, full_cents, items = [], surcharges = [] }) {
  const [least, most] = [minimum_cents, full_cents].map(amountText);
  return `${least} to ${most}, ${items.length} items, ${surcharges.length} surcharges`;
}

/** `Saturday 8:00 AM 2, 12:00 PM 0` */
function capacityText(days) {
  const numbers = (day) => Object.entries(day).map(([start, jobs]) => `${clockText(start)} ${jobs}`);
  return Object.entries(days)
    .map(([day, each]) => `${DAY_NAMES[day] ?? day} ${numbers(each).join(", ")}`)
    .join("; ");
}

function yesOrNo(wanted) {
  return wanted ? "yes" : "no";
}

function hoursText(hours) {
  const open = WEEKDAYS.filter((day) => hours[day]?.length > 0);
  return open.map((day) => `${DAY_NAMES[day]} ${hours[day].map(spanText).join(", ")}`).join("; ");
}

function spanText({ start, end }) {
  return `${clockText(start)} – ${clockText(end)}`;
}
