// The preferred day and time of day: buttons for the next days, or any other day from a calendar.

import { WINDOWS, arrivalOf, latestDay } from "/shared/jobs/booking.js";
import { el } from "/shared/ui/elements.js";
import { dateText, dayText, windowText } from "/shared/ui/time.js";
import { dayAfter, dayAt, fullYear, isDeviceTime, momentAt, zoneName } from "/shared/ui/business_time.js";

const DAYS_AHEAD = 6;
export const NOT_CHOSEN_YET = "?"; // “another day” is chosen, but not yet which one

/**
 * Days and times are in the business's `zone`. `onDay(day)` and `onWindow(name)` are called when one is
 * chosen; `faultLine` shows the error.
 */
export class WindowPicker {
  #t;
  #language;
  #zone;
  #today;
  #onDay;
  #onWindow;
  #otherDay;
  #windows;

  constructor({ day, window }, { t, language, zone, onDay, onWindow, faultLine }) {
    this.#t = t;
    this.#language = language;
    this.#zone = zone;
    this.#today = dayAt(Date.now(), zone);
    this.#onDay = onDay;
    this.#onWindow = onWindow;
    const other = day !== "" && !this.#nextDays().includes(day);
    this.input = this.#calendar(day);
    this.#otherDay = el(
      "div.field",
      { hidden: !other },
      el("label", { for: "day" }, t("day_label")),
      this.input,
    );
    this.#windows = el(
      "fieldset.field",
      { hidden: day === "" },
      el("legend", {}, t("window")),
      this.#zoneNote(),
      el("div.chips", {}, this.#windowChips(window)),
    );
    this.node = el(
      "fieldset.field.when",
      {},
      el("legend", {}, t("when")),
      el("p.hint", {}, t("when_hint")),
      el("div.days", { "data-testid": "days" }, this.#dayChips(other ? "other" : day)),
      this.#otherDay,
      faultLine,
      this.#windows,
    );
  }

  #calendar(day) {
    return el("input.input", {
      type: "date",
      id: "day",
      min: this.#today,
      max: latestDay(this.#today),
      value: day,
      "aria-describedby": "day-error",
      onchange: (event) => this.#choose(fullYear(event.target.value) || NOT_CHOSEN_YET),
      onblur: ({ target }) => {
        if (target.value.startsWith("00")) target.value = fullYear(target.value);
      },
    });
  }

  #dayChips(chosen) {
    const labels = { "": this.#t("any_day"), other: this.#t("other_day") };
    return ["", ...this.#nextDays(), "other"].map((day) => {
      const label = labels[day] ?? this.#dayLabel(day);
      return radioChip("preferred-day", day, label, day === chosen, () => this.#tapped(day));
    });
  }

  #dayLabel(day) {
    const noon = momentAt(day, "12:00", this.#zone);
    const near = dayText(noon, Date.now(), this.#language, this.#zone);
    const date = dateText(noon, this.#language, this.#zone);
    const [weekday, ...rest] = date.split(", ");
    const name = near.toLowerCase() === date.toLowerCase() ? near.split(", ")[0] : near;
    return [el("span", {}, name), " ", el("span.small.quiet", {}, rest.join(", ") || weekday)];
  }

  #windowChips(chosen) {
    return ["any", ...Object.keys(WINDOWS)].map((name) => {
      const label = name === "any" ? this.#t("window_any") : this.#hours(name);
      return radioChip("window", name, label, name === chosen, () => this.#onWindow(name));
    });
  }

  /** `8:00 AM – 12:00 PM`. */
  #hours(window) {
    return windowText(arrivalOf(this.#today, window, this.#zone), this.#language, this.#zone);
  }

  #zoneNote() {
    if (isDeviceTime(this.#zone)) return null;
    const zone = zoneName(this.#zone, this.#language);
    return el("p.hint", { "data-testid": "zone" }, this.#t("zone_note", { zone }));
  }

  /** Calendar days, because a day has 23 or 25 hours when clocks change. */
  #nextDays() {
    return Array.from({ length: DAYS_AHEAD }, (_, index) => dayAfter(this.#today, index + 1));
  }

  #tapped(day) {
    const other = day === "other";
    this.#otherDay.hidden = !other;
    this.#choose(other ? fullYear(this.input.value) || NOT_CHOSEN_YET : day);
    if (other) this.input.focus();
  }

  #choose(day) {
    this.#windows.hidden = day === "";
    this.#onDay(day);
  }
}

export function radioChip(group, value, label, checked, onchange) {
  const input = el("input", { type: "radio", name: group, value, checked, onchange });
  return el("label.chip", {}, input, label);
}
