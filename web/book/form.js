// The form: fields that check themselves as they are left, and forgive as they are typed in.

import { EMPTY, LATEST_DAYS, WINDOWS, faultsOf, shownPhone } from "/lib/booking.js";
import { el, fill } from "/lib/elements.js";
import { icon } from "/lib/icons.js";
import { DAY_MS, dateText, dayInput, dayText } from "/lib/time.js";

const THINGS = ["sofa", "mattress", "appliance", "boxes", "yard", "debris"];
const DAYS_AHEAD = 6;

/**
 * The form with the values of `form`. `onChange(form)` is called as it is filled in,
 * `onSubmit(form)` once it has no faults.
 */
export class BookingForm {
  #form;
  #t;
  #language;
  #touched = new Set();
  #inputs = {};
  #faults = {};
  #onChange;
  #onSubmit;
  #anotherDay;

  constructor(form, { t, language, onChange, onSubmit }) {
    this.#form = { ...EMPTY, ...form };
    this.#t = t;
    this.#language = language;
    this.#onChange = onChange;
    this.#onSubmit = onSubmit;
    this.#anotherDay = form.day !== "" && !this.#nextDays().includes(form.day);
    this.node = this.#build();
  }

  /** Point out what the service found wrong, where it is not about one field. */
  complain(text) {
    const summary = this.node.querySelector("#summary");
    fill(summary, el("div.notice.bad", { "data-testid": "refused" }, icon("alert"), el("p", {}, text)));
  }

  #build() {
    const t = this.#t;
    return el(
      "form.booking-form",
      { novalidate: true, onsubmit: (event) => this.#submit(event), "data-testid": "booking-form" },
      this.#what(),
      this.#text("address", { autocomplete: "street-address", placeholder: t("address_example") }),
      this.#when(),
      this.#text("name", { autocomplete: "name" }),
      this.#phone(),
      this.#languages(),
      el("div", { id: "summary", role: "alert" }),
      el("button.button.main.submit", { "data-testid": "submit" }, t("submit")),
      el("p.small.quiet.center", {}, t("promise")),
    );
  }

  #what() {
    const t = this.#t;
    const chips = THINGS.map((thing) =>
      el("button.chip", { type: "button", onclick: () => this.#add(t(`what_${thing}`)) }, icon("plus"), t(`what_${thing}`)),
    );
    const input = { tag: "textarea", rows: 2, placeholder: t("what_example") };
    return this.#text("what", input, el("div.chips", { role: "group", "aria-label": t("what") }, chips));
  }

  #phone() {
    const t = this.#t;
    const options = { type: "tel", inputmode: "tel", autocomplete: "tel", placeholder: t("phone_example") };
    return this.#text("phone", { ...options, hint: t("phone_hint") });
  }

  #text(name, { tag = "input", hint = null, ...attributes }, extra = null) {
    const described = `${name}-fault${hint ? ` ${name}-hint` : ""}`;
    const input = el(`${tag}.input`, {
      id: name,
      name,
      value: this.#form[name],
      required: true,
      "aria-describedby": described,
      oninput: (event) => this.#typed(name, event),
      onblur: () => afterClick(() => this.#left(name)),
      ...attributes,
    });
    this.#inputs[name] = input;
    return el(
      "div.field",
      {},
      el("label", { for: name }, this.#t(name)),
      hint && el("p.hint", { id: `${name}-hint` }, hint),
      input,
      extra,
      this.#faultLine(name),
    );
  }

  #faultLine(name) {
    this.#faults[name] = el("p.fault", { id: `${name}-fault`, hidden: true, "data-testid": `fault-${name}` });
    return this.#faults[name];
  }

  #when() {
    const t = this.#t;
    this.#inputs.day = el("input.input", {
      type: "date",
      id: "day",
      min: dayInput(Date.now()),
      max: dayInput(Date.now() + LATEST_DAYS * DAY_MS),
      value: this.#form.day,
      "aria-describedby": "day-fault",
      onchange: (event) => this.#set("day", event.target.value),
    });
    this.dayField = el("div.field", { hidden: !this.#anotherDay }, el("label", { for: "day" }, t("day_label")), this.#inputs.day);
    this.windowField = el("fieldset.field", { hidden: this.#form.day === "" }, el("legend", {}, t("window")), el("div.chips", {}, this.#windowChips()));
    return el(
      "fieldset.field.when",
      {},
      el("legend", {}, t("when")),
      el("p.hint", {}, t("when_hint")),
      el("div.days", { "data-testid": "days" }, this.#dayChips()),
      this.dayField,
      this.windowField,
      this.#faultLine("day"),
    );
  }

  #nextDays() {
    return Array.from({ length: DAYS_AHEAD }, (_, index) => dayInput(Date.now() + (index + 1) * DAY_MS));
  }

  #dayChips() {
    const t = this.#t;
    const labels = { "": t("any_day"), other: t("other_day") };
    return ["", ...this.#nextDays(), "other"].map((day) => {
      const chosen = this.#anotherDay ? day === "other" : day === this.#form.day;
      const label = labels[day] ?? this.#dayLabel(day);
      return this.#radio("preferred-day", day, label, chosen, () => this.#chooseDay(day));
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

  #windowChips() {
    return ["any", ...Object.keys(WINDOWS)].map((name) => {
      const long = name === "any" ? null : el("span.unseen", {}, this.#t(`window_${name}_long`));
      const short = el("span", { "aria-hidden": long ? "true" : null }, this.#t(`window_${name}`));
      return this.#radio("window", name, [short, long], this.#form.window === name, () => this.#set("window", name));
    });
  }

  #languages() {
    const t = this.#t;
    const choices = [["en", t("english")], ["es", t("spanish")]];
    return el(
      "fieldset.field",
      {},
      el("legend", {}, t("language")),
      el("div.chips", {}, choices.map(([value, label]) => this.#radio("messages", value, label, this.#form.language === value, () => this.#set("language", value)))),
    );
  }

  #radio(group, value, label, checked, onchange) {
    return el("label.chip", {}, el("input", { type: "radio", name: group, value, checked, onchange }), label);
  }

  #chooseDay(day) {
    this.#anotherDay = day === "other";
    this.dayField.hidden = !this.#anotherDay;
    this.#set("day", this.#anotherDay ? this.#inputs.day.value : day);
    if (this.#anotherDay) this.#inputs.day.focus();
  }

  #add(thing) {
    const input = this.#inputs.what;
    const text = input.value.trim();
    input.value = text === "" ? thing : `${text}, ${thing.toLowerCase()}`;
    this.#set("what", input.value);
  }

  #typed(name, event) {
    const { target } = event;
    const atEnd = target.selectionStart === target.value.length;
    const growing = event.inputType !== "deleteContentBackward";
    if (name === "phone" && atEnd && growing) target.value = shownPhone(target.value);
    this.#set(name, target.value);
  }

  #set(name, value) {
    this.#form = { ...this.#form, [name]: value };
    if (name === "day") {
      this.windowField.hidden = value === "";
      this.#touched.add("day");
    }
    this.#onChange(this.#form);
    this.#check();
  }

  #left(name) {
    const input = this.#inputs[name];
    if (name === "phone" && input.value.trim() !== "") input.value = shownPhone(input.value);
    if (input.value.trim() !== "") this.#touched.add(name);
    this.#check();
  }

  /** Show the faults of fields that were filled in; a field is never scolded while it is begun. */
  #check() {
    const faults = faultsOf(this.#form, Date.now());
    for (const [name, line] of Object.entries(this.#faults)) {
      const fault = this.#touched.has(name) ? faults[name] : undefined;
      line.hidden = fault === undefined;
      fill(line, fault && [icon("alert"), this.#t(`${name}_${fault}`)]);
      if (fault === undefined) this.#inputs[name].removeAttribute("aria-invalid");
      else this.#inputs[name].setAttribute("aria-invalid", "true");
    }
    return faults;
  }

  #submit(event) {
    event.preventDefault();
    if (this.#anotherDay && this.#form.day === "") this.#form = { ...this.#form, day: "?" };
    for (const name of Object.keys(this.#faults)) this.#touched.add(name);
    const first = Object.keys(this.#check())[0];
    const order = ["what", "address", "day", "name", "phone"];
    const faulty = order.find((name) => !this.#faults[name].hidden);
    fill(this.node.querySelector("#summary"), faulty && el("p.unseen", {}, this.#t("fix")));
    if (this.#form.day === "?") this.#form = { ...this.#form, day: "" };
    if (faulty) this.#inputs[faulty].focus();
    else if (first === undefined) this.#onSubmit(this.#form);
  }
}

let pressed = false;
document.addEventListener("pointerdown", () => { pressed = true; }, { capture: true });
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => { pressed = false; }, { capture: true });
}

/**
 * Do `act` now, or after the click that is under way: a message that appears between press and
 * release pushes the button away from under the finger.
 */
function afterClick(act) {
  if (!pressed) return act();
  const later = () => setTimeout(act);
  document.addEventListener("click", later, { once: true });
  setTimeout(() => document.removeEventListener("click", later), 1_000);
}
