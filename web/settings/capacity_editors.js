// How many jobs the windows of a day take, by weekday and on single dates, and how long loads take.

import { WEEKDAYS } from "/shared/jobs/business.js";
import { LOAD_SIZES } from "/shared/jobs/price_guide.js";
import { longDayText } from "/shared/ui/business_time.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { DAY_NAMES, LOAD_NAMES, clockText, isDay } from "/settings/state/setting_values.js";
import { groupEditor } from "./editors.js";

/** A number for each window of a day, by the time at which the window starts. */
class WindowNumbers {
  node = el("div.window-numbers", {});
  #of;
  #inputs = new Map();

  constructor(of) {
    this.#of = of;
  }

  /** {"08:00": "4"} as typed. */
  get values() {
    return Object.fromEntries([...this.#inputs].map(([start, input]) => [start, input.value]));
  }

  show(numbers, windows) {
    this.#inputs = new Map(windows.map((window) => [window.start, this.#input(window, numbers)]));
    const labels = windows.map((window) =>
      el("label", {}, el("span.small", {}, spanText(window)), this.#inputs.get(window.start)),
    );
    fill(this.node, labels);
  }

  focus() {
    this.#inputs.values().next().value?.focus();
  }

  #input(window, numbers) {
    return el("input.input", {
      inputmode: "numeric",
      autocomplete: "off",
      value: numbers[window.start] ?? "",
      "aria-label": `${this.#of}, ${spanText(window)}: jobs`,
    });
  }
}

/** On the weekdays that are open; of a day without a number the trucks decide. */
export function weekdayCapacityEditor(key, label, { read, hint }) {
  let days = new Map();
  const list = el("div.capacity", {});
  return groupEditor(key, label, {
    hint,
    parts: [list],
    read: () => read(typed(days)),
    show: (value, { windows = [], opening_hours = {} }) => {
      const open = WEEKDAYS.filter((day) => opening_hours[day] || value?.[day]);
      days = new Map(open.map((day) => [day, new WindowNumbers(DAY_NAMES[day])]));
      for (const [day, numbers] of days) numbers.show(value?.[day] ?? {}, windows);
      fill(list, open.map((day) => el("div", {}, el("p", {}, DAY_NAMES[day]), days.get(day).node)));
    },
    focus: () => days.values().next().value?.focus(),
  });
}

/** On dates that are added and taken away. */
export function dateCapacityEditor(key, label, { read, hint }) {
  let days = new Map();
  let windows = [];
  const list = el("div.capacity", {});
  const input = el("input.input", { type: "date", "aria-label": "Date with other numbers" });
  const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
  const draw = () => {
    days = new Map([...days].sort(([one], [other]) => one.localeCompare(other)));
    fill(list, [...days].map(([day, numbers]) => el("div", {}, heading(day), numbers.node)));
  };
  const heading = (day) => {
    const remove = () => {
      days.delete(day);
      draw();
      changed();
      input.focus();
    };
    const props = { type: "button", "aria-label": `Remove ${longDayText(day)}`, onclick: remove };
    return el("p", {}, longDayText(day), el("button.button.plain.round", props, icon("cross")));
  };
  const put = (day, numbers) => {
    days.set(day, new WindowNumbers(longDayText(day)));
    days.get(day).show(numbers, windows);
  };
  const add = () => {
    const day = input.value;
    if (!isDay(day)) return editor.complain("Choose a date first.");
    if (!days.has(day)) put(day, {});
    input.value = "";
    draw();
    changed();
    days.get(day).focus();
  };
  const button = el("button.button.compact", { type: "button", onclick: add }, icon("plus"), "Add a day");
  const editor = groupEditor(key, label, {
    hint,
    parts: [list, el("div.add-row", {}, input, button)],
    read: () => read(typed(days)),
    show: (value, settings) => {
      windows = settings.windows ?? [];
      days = new Map();
      for (const [day, numbers] of Object.entries(value ?? {})) put(day, numbers);
      draw();
    },
    focus: () => (days.values().next().value ?? input).focus(),
  });
  return editor;
}

/** How long a job takes by the load that the booking expects; an empty choice: as usual. */
export function loadDurationsEditor(key, label, { read, hint, durations }) {
  const options = [["", "As usual"], ...durations];
  const loads = LOAD_SIZES.map((size) => ({ size, ...field(LOAD_NAMES[size], { options }) }));
  return groupEditor(key, label, {
    hint,
    parts: [el("div.load-prices", {}, loads.map(({ node }) => node))],
    read: () => read(Object.fromEntries(loads.map(({ size, input }) => [size, input.value]))),
    show: (value) => {
      for (const { size, input } of loads) select(input, String(value?.[size] ?? ""));
    },
    focus: () => loads[0].input.focus(),
  });
}

/** Also a number of minutes that is not among the choices. */
function select(input, minutes) {
  const known = [...input.options].some(({ value }) => value === minutes);
  if (!known) input.append(el("option", { value: minutes }, `${minutes} min`));
  input.value = minutes;
}

function typed(days) {
  return Object.fromEntries([...days].map(([day, numbers]) => [day, numbers.values]));
}

function spanText({ start, end }) {
  return `${clockText(start)} – ${clockText(end)}`;
}
