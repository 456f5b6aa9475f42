// The preferred day and arrival window: the next days to tap, or any other that can be booked.

import { arrivalOf } from "/shared/jobs/booking.js";
import { ANY_TIME, daysToBook, isFullDay, nameOf, placeOf, windowsLeft, windowsOf } from "/shared/jobs/booking_calendar.js";
import { el, fill } from "/shared/ui/elements.js";
import { dateText, dayText, windowText } from "/shared/ui/time.js";
import { dayAt, isDeviceTime, momentAt, zoneName } from "/shared/ui/business_time.js";

const DAYS_AHEAD = 6;
export const NOT_CHOSEN_YET = "?"; // another day is wanted, but not which one

/**
 * Days and windows are those that `business` offers, by its clock; `slots` says what is left of them.
 * `onDay(day)` and `onWindow(name)` are called as they are chosen; `faultLine` says what is wrong.
 */
export class WindowPicker {
  #t;
  #language;
  #business;
  #slots;
  #now_ms = Date.now();
  #days;
  #window;
  #onDay;
  #onWindow = () => {};
  #otherDay;
  #windows;
  #chips = el("div.chips", {});
  #fullDay = el("div.full-day", { hidden: true, "data-testid": "full-day" });

  constructor({ day, window }, { t, language, business, slots, onDay, onWindow, faultLine }) {
    this.#t = t;
    this.#language = language;
    this.#business = business;
    this.#slots = slots;
    this.#days = daysToBook(this.#now_ms, business);
    this.#window = window;
    this.#onDay = onDay;
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
      this.#chips,
      this.#fullDay,
    );
    this.#drawWindows(day);
    this.#onWindow = onWindow;
    this.node = el(
      "fieldset.field.when",
      {},
      el("legend", {}, t("when")),
      el("p.hint", {}, t("when_hint")),
      el("div.days", { "data-testid": "days" }, this.#dayChips(other ? "other" : day)),
      this.#days.length === 0 && el("p.hint", { "data-testid": "no-days" }, t("no_days")),
      this.#otherDay,
      faultLine,
      this.#windows,
    );
  }

  /** The window that is chosen; empty where the one of the form is not offered. */
  get window() {
    return this.#window;
  }

  /** Only days that can be booked: a closed one cannot be chosen. */
  #calendar(day) {
    const choose = ({ target }) => this.#choose(target.value || NOT_CHOSEN_YET);
    const options = [el("option", { value: "" }, this.#t("choose_day")), this.#months()];
    const select = el(
      "select.input",
      { id: "day", "aria-describedby": "day-error", onchange: choose },
      options,
    );
    select.value = this.#days.includes(day) ? day : "";
    return select;
  }

  #months() {
    const months = [...new Set(this.#days.map((day) => day.slice(0, 7)))];
    return months.map((month) => {
      const days = this.#days.filter((day) => day.startsWith(month));
      const options = days.map((day) => el("option", { value: day }, this.#optionLabel(day)));
      return el("optgroup", { label: this.#monthLabel(`${month}-15`) }, options);
    });
  }

  #monthLabel(day) {
    return this.#formatted(day, { month: "long", year: "numeric" });
  }

  #optionLabel(day) {
    const label = this.#longLabel(day);
    return this.#isFull(day) ? `${label} (${this.#t("full")})` : label;
  }

  #isFull(day) {
    return isFullDay(day, this.#now_ms, this.#business, this.#slots);
  }

  #longLabel(day) {
    return this.#formatted(day, { weekday: "short", month: "short", day: "numeric" });
  }

  #formatted(day, parts) {
    const format = new Intl.DateTimeFormat(`${this.#language}-US`, { ...parts, timeZone: "UTC" });
    return format.format(Date.parse(`${day}T12:00:00Z`));
  }

  #dayChips(chosen) {
    const labels = { "": this.#t("any_day"), other: this.#t("other_day") };
    return ["", ...this.#nextDays(), "other"].map((day) => {
      const label = labels[day] ?? this.#dayLabel(day);
      return radioChip("preferred-day", day, label, day === chosen, () => this.#tapped(day));
    });
  }

  #dayLabel(day) {
    const noon = momentAt(day, "12:00", this.#business?.time_zone);
    const near = dayText(noon, this.#now_ms, this.#language, this.#business?.time_zone);
    const date = dateText(noon, this.#language, this.#business?.time_zone);
    const [weekday, ...rest] = date.split(", ");
    const name = near.toLowerCase() === date.toLowerCase() ? near.split(", ")[0] : near;
    const second = this.#isFull(day) ? this.#t("full") : rest.join(", ") || weekday;
    return [el("span", {}, name), " ", el("span.small.quiet", {}, second)];
  }

  /** The windows of that day that can still be booked; before one is chosen, all. */
  #drawWindows(day) {
    const known = this.#days.includes(day);
    const offered = known
      ? windowsLeft(day, this.#now_ms, this.#business)
      : windowsOf(this.#business);
    const names = offered.map(nameOf);
    const full = known && this.#isFull(day);
    const free = full
      ? [ANY_TIME]
      : names.filter((name) => !known || !this.#slots.isFull(this.#startOf(day, name)));
    if (!free.includes(this.#window)) this.#pick(free.length === 1 ? free[0] : "");
    fill(this.#chips, names.map((name) => this.#windowChip(name, known ? day : null)));
    this.#drawFullDay(full);
  }

  #startOf(day, name) {
    return Date.parse(arrivalOf(day, name, this.#business).window_start);
  }

  /** `day` is null before one is chosen: then nothing is known to be full. */
  #windowChip(name, day) {
    const start_ms = this.#startOf(day ?? this.#someDay, name);
    const state = day === null ? null : this.#slots.stateOf(start_ms);
    const left = { full: this.#t("full"), few: this.#t("left", { left: this.#slots.left(start_ms) }) };
    const label = [
      this.#hours(name, day ?? this.#someDay),
      state && [" ", el("span.small.quiet", {}, left[state])],
    ];
    const chosen = name === this.#window;
    const chip = radioChip("window", name, label, chosen, () => this.#pick(name));
    chip.firstChild.disabled = state === "full";
    return chip;
  }

  /** On a full day, which can still be asked for: the next free window to tap. */
  #drawFullDay(full) {
    this.#fullDay.hidden = !full;
    const next = full ? placeOf(this.#slots.free[0]?.window_start ?? "", this.#business) : null;
    const when = next && `${this.#longLabel(next.day)}, ${this.#hours(next.window, next.day)}`;
    fill(
      this.#fullDay,
      el("p.hint", {}, this.#t("day_all_full")),
      next &&
        el(
          "button.button.compact",
          { type: "button", "data-testid": "next-free", onclick: () => this.#take(next) },
          this.#t("next_free", { when }),
        ),
    );
  }

  #take({ day, window }) {
    this.#window = window;
    this.input.value = day;
    const near = this.#nextDays().includes(day);
    this.#otherDay.hidden = near;
    for (const input of this.node.querySelectorAll("[name=preferred-day]"))
      input.checked = input.value === (near ? day : "other");
    this.#choose(day);
    this.#onWindow(window);
  }

  #pick(name) {
    this.#window = name;
    this.#onWindow(name);
  }

  get #someDay() {
    return this.#days[0] ?? dayAt(this.#now_ms, this.#business?.time_zone);
  }

  /** `8:00 AM – 12:00 PM`, as every page says it. */
  #hours(window, day) {
    const arrival = arrivalOf(day, window, this.#business);
    return windowText(arrival, this.#language, this.#business?.time_zone);
  }

  #zoneNote() {
    const zone = this.#business?.time_zone;
    if (isDeviceTime(zone)) return null;
    const name = zoneName(zone, this.#language);
    return el("p.hint", { "data-testid": "zone" }, this.#t("zone_note", { zone: name }));
  }

  /** Calendar days after today: where clocks are changed, the next one is 23 or 25 hours away. */
  #nextDays() {
    const today = dayAt(this.#now_ms, this.#business?.time_zone);
    return this.#days.filter((day) => day > today).slice(0, DAYS_AHEAD);
  }

  #tapped(day) {
    const other = day === "other";
    this.#otherDay.hidden = !other;
    this.#choose(other ? this.input.value || NOT_CHOSEN_YET : day);
    if (other) this.input.focus();
  }

  #choose(day) {
    this.#windows.hidden = day === "";
    this.#drawWindows(day);
    this.#onDay(day);
  }
}

export function radioChip(group, value, label, checked, onchange) {
  const input = el("input", { type: "radio", name: group, value, checked, onchange });
  return el("label.chip", {}, input, label);
}
