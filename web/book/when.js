// The preferred day and the time of day: the next days to tap, or any other from a calendar.

import { LATEST_DAYS, WINDOWS } from "/lib/booking.js";
import { el } from "/lib/elements.js";
import { DAY_MS, dateText, dayInput, dayText } from "/lib/time.js";

const DAYS_AHEAD = 6;
export const NOT_CHOSEN_YET = "?"; // another day is wanted, but not which one

/** `onDay(day)` and `onWindow(name)` are called as they are chosen; `faultLine` says what is wrong. */
export class When {
  #t;
  #language;
  #onDay;
  #onWindow;
  #otherDay;
  #windows;

  constructor({ day, window }, { t, language, onDay, onWindow, faultLine }) {
    this.#t = t;
    this.#language = language;
    this.#onDay = onDay;
    this.#onWindow = onWindow;
    const other = day !== "" && !nextDays().includes(day);
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
      el("div.chips", {}, this.#windowChips(window)),
    );
    this.node = el(
      "fieldset.field.when",
      {},
      el("legend", {}, t("when")),
      el("p.hint", {}, t("when_hint")),
      el("div.days", { "data-testid": "days" }, this.#dayChips(other ? "other" : day)),
      this.#otherDay,
      this.#windows,
      faultLine,
    );
  }

  #calendar(day) {
    return el("input.input", {
      type: "date",
      id: "day",
      min: dayInput(Date.now()),
      max: dayInput(Date.now() + LATEST_DAYS * DAY_MS),
      value: day,
      "aria-describedby": "day-fault",
      onchange: (event) => this.#choose(event.target.value || NOT_CHOSEN_YET),
    });
  }

  #dayChips(chosen) {
    const labels = { "": this.#t("any_day"), other: this.#t("other_day") };
    return ["", ...nextDays(), "other"].map((day) => {
      const label = labels[day] ?? this.#dayLabel(day);
      return radioChip("preferred-day", day, label, day === chosen, () => this.#tapped(day));
    });
  }

  #dayLabel(day) {
    const noon = new Date(`${day}T12:00:00`);
    const near = dayText(noon, Date.now(), this.#language);
    const date = dateText(noon, this.#language);
    const [weekday, ...rest] = date.split(", ");
    const name = near.toLowerCase() === date.toLowerCase() ? near.split(", ")[0] : near;
    return [el("span", {}, name), " ", el("span.small.quiet", {}, rest.join(", ") || weekday)];
  }

  #windowChips(chosen) {
    return ["any", ...Object.keys(WINDOWS)].map((name) => {
      const long = name === "any" ? null : el("span.unseen", {}, this.#t(`window_${name}_long`));
      const short = el("span", { "aria-hidden": long ? "true" : null }, this.#t(`window_${name}`));
      const choose = () => this.#onWindow(name);
      return radioChip("window", name, [short, long], name === chosen, choose);
    });
  }

  #tapped(day) {
    const other = day === "other";
    this.#otherDay.hidden = !other;
    this.#choose(other ? this.input.value || NOT_CHOSEN_YET : day);
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

function nextDays() {
  return Array.from({ length: DAYS_AHEAD }, (_, index) =>
    dayInput(Date.now() + (index + 1) * DAY_MS),
  );
}
