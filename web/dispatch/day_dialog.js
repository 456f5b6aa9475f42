// When someone is there on one day: all day, not at all, or from when to when, and in which roles.

import { NoAnswer, Problem } from "/shared/api/api.js";
import { CREW_ROLES } from "/dispatch/state/day.js";
import { el, fill } from "/shared/ui/elements.js";
import { dayMeant, faultIn, formOf } from "/dispatch/state/working_hours.js";
import { icon } from "/shared/ui/icons.js";
import { longDayText } from "/shared/ui/business_time.js";
import { field, opened } from "../shared/ui/fields.js";

const KINDS = { all: "There all day", hours: "There at these hours", off: "Off" };
const NIGHT = "Hours that end before they begin last past midnight.";
const MOST_SPANS = 6;

export class DayDialog {
  #member;
  #date;
  #save;
  #dialog;
  #form;
  #busy = false;
  #details = el("div.stack");
  #said = el("div", { role: "alert", "data-testid": "day-said" });

  /** `save(day)` sets the day, null as on any other; it raises where that was refused. */
  constructor({ member, date, save }) {
    this.#member = member;
    this.#date = date;
    this.#save = save;
    this.#form = formOf(member, date);
  }

  /** `jobs` is how many they are on that day. Whether the day was changed. */
  async open(jobs) {
    const kept = `On ${jobs} job${jobs === 1 ? "" : "s"} that day, which stay as they are.`;
    this.#dialog = el(
      "dialog",
      { "aria-labelledby": "hours-title", "data-testid": "day-dialog" },
      el(
        "form.stack",
        { novalidate: true, onsubmit: (event) => this.#submit(event) },
        el(
          "div",
          {},
          el("h2", { id: "hours-title" }, `Hours of ${this.#member.name}`),
          el("p.quiet", {}, longDayText(this.#date)),
          jobs > 0 && el("p.quiet.small", {}, kept),
        ),
        this.#kinds(),
        this.#details,
        this.#said,
        this.#buttons(),
      ),
    );
    this.#drawDetails();
    return (await opened(this.#dialog)) === "saved";
  }

  #kinds() {
    const choose = (kind) => {
      this.#form.kind = kind;
      this.#drawDetails();
    };
    const choices = Object.entries(KINDS).map(([kind, label]) =>
      chip("radio", label, this.#form.kind === kind, () => choose(kind)),
    );
    return el("div.chips", { role: "radiogroup", "aria-label": "Presence" }, choices);
  }

  #drawDetails() {
    const { kind, spans } = this.#form;
    fill(
      this.#details,
      kind === "hours" && spans.map((span, index) => this.#spanNode(span, index)),
      kind === "hours" && el("p.quiet.small", {}, NIGHT),
      kind === "hours" && spans.length < MOST_SPANS && this.#adding(),
      kind !== "off" && this.#roles(),
    );
  }

  #spanNode(span, index) {
    const times = Object.entries({ begin: "From", end: "until" }).map(([name, label]) => {
      const time = field(label, { type: "time", value: span[name], required: true });
      time.input.addEventListener("input", () => this.#setTime(index, name, time.input.value));
      return time.node;
    });
    return el("div.span", {}, times, this.#form.spans.length > 1 && this.#removing(index));
  }

  #setTime(index, name, value) {
    const { spans } = this.#form;
    this.#form.spans = spans.with(index, { ...spans[index], [name]: value });
  }

  #adding() {
    const add = () => {
      this.#form.spans = [...this.#form.spans, { begin: "", end: "" }];
      this.#drawDetails();
      [...this.#details.querySelectorAll(".span")].at(-1).querySelector(".input").focus();
    };
    return el(
      "div.row",
      {},
      el("button.button.compact", { type: "button", onclick: add }, icon("plus"), "More hours"),
    );
  }

  #removing(index) {
    const remove = () => {
      this.#form.spans = this.#form.spans.toSpliced(index, 1);
      this.#drawDetails();
      this.#details.querySelector(".input").focus();
    };
    const label = "Remove these hours";
    return el(
      "button.button.plain.round",
      { type: "button", "aria-label": label, onclick: remove },
      icon("cross"),
    );
  }

  #roles() {
    const toggle = (role, chosen) => {
      const others = this.#form.roles.filter((each) => each !== role);
      this.#form.roles = chosen ? [...others, role] : others;
    };
    const own = this.#member.roles.filter((role) => role in CREW_ROLES);
    if (own.length < 2) return null;
    const choices = own.map((role) =>
      chip("checkbox", CREW_ROLES[role], this.#form.roles.includes(role), ({ target }) =>
        toggle(role, target.checked),
      ),
    );
    return el(
      "div.field",
      {},
      el("span.legend", { id: "roles-legend" }, "As"),
      el("div.chips", { role: "group", "aria-labelledby": "roles-legend" }, choices),
    );
  }

  #buttons() {
    return el(
      "div.row.end",
      {},
      el("button.button", { type: "button", onclick: () => this.#dialog.close() }, "Discard"),
      el("button.button.main", {}, "Save"),
    );
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const fault = faultIn(this.#form);
    if (fault) return this.#complain(fault);
    this.#busy = true;
    fill(this.#said);
    try {
      await this.#save(dayMeant(this.#form, this.#member));
      this.#dialog.close("saved");
    } catch (error) {
      this.#complain(explained(error));
    } finally {
      this.#busy = false;
    }
  }

  #complain(text) {
    fill(this.#said, el("div.notice.bad", {}, icon("alert"), el("p", {}, text)));
  }
}

function chip(type, label, checked, onchange) {
  const name = type === "radio" ? "presence" : null;
  return el("label.chip", {}, el("input", { type, name, checked, onchange }), label);
}

function explained(error) {
  if (error instanceof NoAnswer) return "No answer. Try again: saving twice does no harm.";
  if (error instanceof Problem) return error.detail || error.title || "Not saved.";
  return "Something went wrong. Nothing is saved.";
}
