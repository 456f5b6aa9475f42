// Hours by weekday, arrival windows, and quiet hours.

import { WEEKDAYS } from "/shared/jobs/business.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { DAY_NAMES } from "/settings/state/setting_values.js";
import { groupEditor } from "./editors.js";

const USUAL = { start: "08:00", end: "17:00" };

/** Times {start, end} that can be added and taken away; `of` says whose they are. */
class Spans {
  node = el("div.spans", {});
  #of;
  #least;
  #next;
  #rows = [];

  constructor(of, { least = 0, next = () => USUAL } = {}) {
    this.#of = of;
    this.#least = least;
    this.#next = next;
  }

  get values() {
    return this.#rows.map(({ start, end }) => ({ start: start.value, end: end.value }));
  }

  show(spans) {
    this.#rows = spans.map((span) => this.#row(span));
    this.#draw();
  }

  focus() {
    this.#rows[0]?.start.focus();
  }

  add() {
    this.#rows.push(this.#row(this.#next(this.values.at(-1))));
    this.#draw();
    this.#changed();
    this.#rows.at(-1).start.focus();
  }

  #row({ start, end }) {
    const row = { start: this.#clock("from", start), end: this.#clock("to", end) };
    const remove = el(
      "button.button.plain.round",
      { type: "button", onclick: () => this.#remove(row) },
      icon("cross"),
    );
    row.remove = remove;
    const dash = el("span", { "aria-hidden": "true" }, "–");
    row.node = el("div.span", {}, row.start, dash, row.end, remove);
    return row;
  }

  #clock(name, value) {
    return el("input.input", { type: "time", value, "aria-label": `${this.#of}, ${name}` });
  }

  #remove(row) {
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#draw();
    this.#changed();
    this.#rows.at(-1)?.start.focus();
  }

  #draw() {
    for (const { remove, start } of this.#rows) {
      remove.hidden = this.#rows.length <= this.#least;
      remove.setAttribute("aria-label", `Remove ${this.#of} from ${start.value}`);
    }
    fill(this.node, this.#rows.map(({ node }) => node));
  }

  #changed() {
    this.node.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** The arrival windows that customers can choose. */
export function windowsEditor(key, label, { read, hint }) {
  const spans = new Spans("Arrival window", { least: 1, next: windowAfter });
  const add = el(
    "button.button.compact",
    { type: "button", onclick: () => spans.add() },
    icon("plus"),
    "Add a window",
  );
  return groupEditor(key, label, {
    hint,
    parts: [spans.node, el("div", {}, add)],
    read: () => read(spans.values),
    show: (value) => spans.show(value ?? []),
    focus: () => spans.focus(),
  });
}

/** As long as the last one, and right after it. */
function windowAfter(last) {
  if (!last || last.end <= last.start || last.end >= "22:00") return USUAL;
  return { start: last.end, end: `${String(Number(last.end.slice(0, 2)) + 2).padStart(2, "0")}:00` };
}

/** Each weekday: open or closed, and from when to when; a day may have several times. */
export function hoursEditor(key, label, { read, hint }) {
  const days = new Map(WEEKDAYS.map((day) => [day, new DayHours(day)]));
  const values = () => Object.fromEntries([...days].map(([day, hours]) => [day, hours.values]));
  const copy = el(
    "button.button.compact.plain",
    { type: "button", onclick: () => copyFirst(days) },
    icon("copy"),
    "Same hours on all open days",
  );
  return groupEditor(key, label, {
    hint,
    parts: [el("div.week", {}, [...days.values()].map(({ node }) => node)), el("div", {}, copy)],
    read: () => read(values()),
    show: (value) => {
      for (const [day, hours] of days) hours.show(value?.[day] ?? []);
    },
    focus: () => days.get("mon").focus(),
  });
}

function copyFirst(days) {
  const open = [...days.values()].filter(({ values }) => values.length > 0);
  for (const hours of open.slice(1)) hours.show(open[0].values);
  open[0]?.node.dispatchEvent(new Event("input", { bubbles: true }));
}

class DayHours {
  #spans;
  #open;
  #more;

  constructor(day) {
    const name = DAY_NAMES[day];
    const next = (last) => (last ? { start: last.end, end: "" } : USUAL);
    this.#spans = new Spans(name, { next });
    this.#open = el("input", { type: "checkbox", oninput: () => this.#toggle() });
    this.#more = el(
      "button.button.plain.round",
      { type: "button", "aria-label": `Add hours on ${name}`, onclick: () => this.#spans.add() },
      icon("plus"),
    );
    this.node = el(
      "div.weekday",
      { "data-day": day },
      el("label", {}, this.#open, el("span", {}, name)),
      this.#spans.node,
      this.#more,
    );
    this.node.addEventListener("input", () => this.#mark());
  }

  get values() {
    return this.#spans.values;
  }

  show(spans) {
    this.#spans.show(spans);
    this.#mark();
  }

  focus() {
    this.#open.focus();
  }

  #toggle() {
    if (this.#open.checked) this.#spans.show([USUAL]);
    else this.#spans.show([]);
    this.#mark();
  }

  #mark() {
    const open = this.values.length > 0;
    this.#open.checked = open;
    this.#more.hidden = !open;
    this.node.toggleAttribute("data-open", open);
  }
}

/** From when to when no text is sent; it may pass midnight. */
export function quietEditor(key, label, { read, hint }) {
  const clock = (name) => el("input.input", { type: "time", "aria-label": `${label}, ${name}` });
  const [begin, end] = [clock("from"), clock("to")];
  return groupEditor(key, label, {
    hint,
    parts: [el("div.span", {}, begin, el("span", { "aria-hidden": "true" }, "–"), end)],
    read: () => read({ begin: begin.value, end: end.value }),
    show: (value) => {
      begin.value = value?.begin ?? "";
      end.value = value?.end ?? "";
    },
    focus: () => begin.focus(),
  });
}
