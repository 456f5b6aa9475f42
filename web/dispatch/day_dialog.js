// The dialog for a member's day: available all day, at certain hours, or off, and in which roles.

import { NoAnswer, Problem } from "/shared/api/api.js";
import { CREW_ROLES } from "/dispatch/state/day.js";
import { el, fill } from "/shared/ui/elements.js";
import { dayOfForm, problemIn, formOf } from "/dispatch/state/working_hours.js";
import { icon } from "/shared/ui/icons.js";
import { longDayText } from "/shared/ui/business_time.js";
import { field, openDialog } from "../shared/ui/fields.js";

const KINDS = { all: "Available all day", hours: "Available at these hours", off: "Off" };
const NIGHT = "Hours that end before they begin go past midnight.";
const MOST_SPANS = 6;

export class DayDialog {
  #member;
  #date;
  #save;
  #dialog;
  #form;
  #busy = false;
  #details = el("div.stack");
  #alert = el("div", { role: "alert", "data-testid": "day-said" });

  /** `save(day)` sets the day; null resets it to the usual hours. It raises an error if refused. */
  constructor({ member, date, save }) {
    this.#member = member;
    this.#date = date;
    this.#save = save;
    this.#form = formOf(member, date);
  }

  /** True if the day was changed. `jobs`: how many jobs the member has that day. */
  async open(jobs) {
    const kept = `Assigned to ${jobs} job${jobs === 1 ? "" : "s"} that day. Assignments do not change.`;
    this.#dialog = el(
      "dialog",
      { "aria-labelledby": "hours-title", "data-testid": "day-dialog" },
      el(
        "form.stack",
        { novalidate: true, onsubmit: (event) => this.#submit(event) },
        el(
          "div",
          {},
          el("h2", { id: "hours-title" }, `${this.#member.name}’s hours`),
          el("p.quiet", {}, longDayText(this.#date)),
          jobs > 0 && el("p.quiet.small", {}, kept),
        ),
        this.#kinds(),
        this.#details,
        this.#alert,
        this.#buttons(),
      ),
    );
    this.#drawDetails();
    return (await openDialog(this.#dialog)) === "saved";
  }

  #kinds() {
    const choose = (kind) => {
      this.#form.kind = kind;
      this.#drawDetails();
    };
    const choices = Object.entries(KINDS).map(([kind, label]) =>
      chip("radio", label, this.#form.kind === kind, () => choose(kind)),
    );
    return el("div.chips", { role: "radiogroup", "aria-label": "Availability" }, choices);
  }

  #drawDetails() {
    const { kind, spans } = this.#form;
    fill(
      this.#details,
      kind === "hours" && spans.map((span, index) => this.#spanNode(span, index)),
      kind === "hours" && el("p.quiet.small", {}, NIGHT),
      kind === "hours" && spans.length < MOST_SPANS && this.#addButton(),
      kind !== "off" && this.#roles(),
    );
  }

  #spanNode(span, index) {
    const times = Object.entries({ begin: "From", end: "until" }).map(([name, label]) => {
      const time = field(label, { type: "time", value: span[name], required: true });
      time.input.addEventListener("input", () => this.#setTime(index, name, time.input.value));
      return time.node;
    });
    return el("div.span", {}, times, this.#form.spans.length > 1 && this.#removeButton(index));
  }

  #setTime(index, name, value) {
    const { spans } = this.#form;
    this.#form.spans = spans.with(index, { ...spans[index], [name]: value });
  }

  #addButton() {
    const add = () => {
      this.#form.spans = [...this.#form.spans, { begin: "", end: "" }];
      this.#drawDetails();
      [...this.#details.querySelectorAll(".span")].at(-1).querySelector(".input").focus();
    };
    return el(
      "div.row",
      {},
      el("button.button.compact", { type: "button", onclick: add }, icon("plus"), "Add hours"),
    );
  }

  #removeButton(index) {
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
      el("span.legend", { id: "roles-legend" }, "Roles"),
      el("div.chips", { role: "group", "aria-labelledby": "roles-legend" }, choices),
    );
  }

  #buttons() {
    return el(
      "div.row.end",
      {},
      el("button.button", { type: "button", onclick: () => this.#dialog.close() }, "Cancel"),
      el("button.button.main", {}, "Save"),
    );
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const problem = problemIn(this.#form);
    if (problem) return this.#complain(problem);
    this.#busy = true;
    fill(this.#alert);
    try {
      await this.#save(dayOfForm(this.#form, this.#member));
      this.#dialog.close("saved");
    } catch (error) {
      this.#complain(errorText(error));
    } finally {
      this.#busy = false;
    }
  }

  #complain(text) {
    fill(this.#alert, el("div.notice.bad", {}, icon("alert"), el("p", {}, text)));
  }
}

function chip(type, label, checked, onchange) {
  const name = type === "radio" ? "availability" : null;
  return el("label.chip", {}, el("input", { type, name, checked, onchange }), label);
}

function errorText(error) {
  if (error instanceof NoAnswer) return "No answer came. Try again; it is safe to save twice.";
  if (error instanceof Problem) return error.detail || error.title || "Not saved.";
  return "Something went wrong. Nothing was saved.";
}
