// The form. A field is checked when the person leaves it, not while they are still typing.

import { DEFAULTS } from "/shared/jobs/business.js";
import { EMPTY, faultsOf, includesThing, toggled } from "/shared/jobs/booking.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { typedPhone } from "/shared/ui/phone_number.js";
import { cancellationPolicy, textsConsent } from "./business_notices.js";
import { estimateSection } from "./estimate_section.js";
import { NOT_CHOSEN_YET, WindowPicker, radioChip } from "./window_picker.js";

const ORDER = ["what", "address", "day", "name", "phone"];
const THINGS = ["sofa", "mattress", "appliance", "boxes", "yard", "debris"];

/**
 * The form with the values of `form`. `onChange(form)` is called for each change, `onSubmit(form)` if
 * the form is sent without errors.
 */
export class BookingForm {
  #form;
  #t;
  #language;
  #business;
  #slots;
  #chips = new Map();
  #refused = {};
  #why = "refused";
  #touched = new Set();
  #sent = false;
  #inputs = {};
  #faults = {};
  #onChange;
  #onSubmit;

  constructor(form, { t, language, business, slots, onChange, onSubmit }) {
    this.#form = { ...EMPTY, ...form };
    this.#t = t;
    this.#language = language;
    this.#business = business;
    this.#slots = slots;
    this.#onChange = onChange;
    this.#onSubmit = onSubmit;
    this.node = this.#build();
  }

  /** Marks fields whose values the server refused; `why` is the word's ending. */
  refuse(names, why = "refused") {
    this.#why = why;
    for (const name of names) {
      this.#refused[name] = this.#valueOf(name);
      this.#touched.add(name);
    }
    this.#check();
    this.#inputs[ORDER.find((name) => names.includes(name))]?.focus();
  }

  #valueOf(name) {
    return name === "day" ? `${this.#form.day} ${this.#form.window}` : this.#form[name];
  }

  /** Shows an error that is not about one field. */
  complain(text) {
    const summary = this.node.querySelector("#summary");
    fill(
      summary,
      el("div.notice.bad", { "data-testid": "refused" }, icon("alert"), el("p", {}, text)),
    );
  }

  #build() {
    const t = this.#t;
    return el(
      "form.booking-form",
      { novalidate: true, onsubmit: (event) => this.#submit(event), "data-testid": "booking-form" },
      this.#what(),
      this.#estimate(),
      this.#text("address", { autocomplete: "street-address", placeholder: t("address_example") }),
      this.#when(),
      this.#text("name", { autocomplete: "name" }),
      this.#phone(),
      textsConsent(this.#business, t),
      this.#languages(),
      cancellationPolicy(this.#business, t, this.#language),
      el("div", { id: "summary", role: "alert" }),
      el("button.button.main.submit", { "data-testid": "submit" }, t("submit")),
      el("p.small.quiet.center", {}, t("promise")),
    );
  }

  #what() {
    const t = this.#t;
    const chips = THINGS.map((thing) => this.#chip(t(`what_${thing}`)));
    const input = { tag: "textarea", rows: 2, placeholder: t("what_example") };
    return this.#text(
      "what",
      input,
      el("div.chips", { role: "group", "aria-label": t("what") }, chips),
    );
  }

  /** One tap adds the thing to the list, the next one removes it. */
  #chip(thing) {
    const pressed = String(includesThing(this.#form.what, thing));
    const toggle = () => this.#toggle(thing);
    const props = { type: "button", "aria-pressed": pressed, onclick: toggle };
    const chip = el("button.chip.thing", props, icon("plus"), thing);
    this.#chips.set(thing, chip);
    return chip;
  }

  #phone() {
    const t = this.#t;
    const options = {
      type: "tel",
      inputmode: "tel",
      autocomplete: "tel",
      placeholder: t("phone_example"),
    };
    return this.#text("phone", { ...options, hint: t("phone_hint") });
  }

  #estimate() {
    if (!this.#business?.price_guide) return null;
    const onChange = (name, value) => this.#set(name, value);
    const told = { t: this.#t, language: this.#language, business: this.#business, onChange };
    return estimateSection(this.#form, told);
  }

  #text(name, { tag = "input", hint = null, ...attributes }, extra = null) {
    const described = `${name}-error${hint ? ` ${name}-hint` : ""}`;
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
    this.#faults[name] = el("p.field-error", {
      id: `${name}-error`,
      hidden: true,
      "data-testid": `fault-${name}`,
    });
    return this.#faults[name];
  }

  #when() {
    const when = new WindowPicker(this.#form, {
      t: this.#t,
      language: this.#language,
      business: this.#business,
      slots: this.#slots,
      onDay: (day) => this.#set("day", day),
      onWindow: (window) => this.#set("window", window),
      faultLine: this.#faultLine("day"),
    });
    this.#inputs.day = when.input;
    this.#form = { ...this.#form, window: when.window };
    return when.node;
  }

  /** What the words of a fault need. */
  get #limits() {
    return { days: this.#business?.public_horizon_days ?? DEFAULTS.public_horizon_days };
  }

  #languages() {
    const t = this.#t;
    const offered = this.#business?.languages ?? DEFAULTS.languages;
    if (offered.length < 2) return null;
    const choices = [
      ["en", t("english")],
      ["es", t("spanish")],
    ];
    return el(
      "fieldset.field",
      {},
      el("legend", {}, t("language")),
      el(
        "div.chips",
        {},
        choices.map(([value, label]) =>
          radioChip("messages", value, label, this.#form.language === value, () =>
            this.#set("language", value),
          ),
        ),
      ),
    );
  }

  #toggle(thing) {
    const input = this.#inputs.what;
    input.value = toggled(input.value, thing);
    this.#set("what", input.value);
  }

  #typed(name, event) {
    const { target } = event;
    const atEnd = target.selectionStart === target.value.length;
    const growing = event.inputType !== "deleteContentBackward";
    if (name === "phone" && atEnd && growing) target.value = typedPhone(target.value);
    this.#set(name, target.value);
  }

  #set(name, value) {
    this.#form = { ...this.#form, [name]: value };
    if (name === "day" && value !== NOT_CHOSEN_YET) this.#touched.add("day");
    this.#onChange(this.#form);
    for (const [thing, chip] of this.#chips)
      chip.setAttribute("aria-pressed", String(includesThing(this.#form.what, thing)));
    this.#check();
  }

  #left(name) {
    const input = this.#inputs[name];
    if (name === "phone" && input.value.trim() !== "") input.value = typedPhone(input.value);
    if (input.value.trim() !== "") this.#touched.add(name);
    this.#check();
  }

  /** Shows the errors of fields that the person has left, not of the one that is being filled in. */
  #check() {
    const faults = { ...faultsOf(this.#form, Date.now(), this.#business), ...this.#stillRefused() };
    for (const [name, line] of Object.entries(this.#faults)) {
      const fault = this.#isDue(name, faults[name]) ? faults[name] : undefined;
      line.hidden = fault === undefined;
      fill(line, fault && [icon("alert"), this.#t(`${name}_${fault}`, this.#limits)]);
      if (fault === undefined) this.#inputs[name].removeAttribute("aria-invalid");
      else this.#inputs[name].setAttribute("aria-invalid", "true");
    }
    return faults;
  }

  /** That no window is chosen is said once the form is sent: after a day it is simply next. */
  #isDue(name, fault) {
    return this.#touched.has(name) && (fault !== "no_window" || this.#sent);
  }

  /** A refused value stays wrong until it is changed. */
  #stillRefused() {
    const names = Object.keys(this.#refused).filter(
      (name) => this.#refused[name] === this.#valueOf(name),
    );
    return Object.fromEntries(names.map((name) => [name, this.#why]));
  }

  #submit(event) {
    event.preventDefault();
    for (const name of ORDER) this.#touched.add(name);
    this.#sent = true;
    const faults = this.#check();
    const first = ORDER.find((name) => name in faults);
    fill(this.node.querySelector("#summary"), first && el("p.unseen", {}, this.#t("fix")));
    if (first) this.#inputs[first].focus();
    else this.#onSubmit(this.#form);
  }
}

let pressed = false;
const press = (event) => (pressed = event.type === "pointerdown");
for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(name, press, { capture: true });
}

/**
 * Runs `act` now, or after the current click. An error that appears between press and release would
 * move the button away from under the finger.
 */
function afterClick(act) {
  if (!pressed) return act();
  document.addEventListener("pointerup", () => setTimeout(act), { once: true });
}
