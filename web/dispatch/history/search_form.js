// What is asked: a search field that answers while one types, and filters.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { centsIn } from "/shared/ui/money.js";
import { field } from "/shared/ui/fields.js";
import { METHODS } from "/shared/jobs/payment.js";
import { LOADS } from "/shared/jobs/proof_of_service.js";
import { statusesOf } from "/dispatch/history/state/status_choices.js";

const TYPING_MS = 250;
const NO_ONE = "-"; // the API's name for jobs without crew, or without truck
const PAID = [["", "Paid or not"], ["true", "Paid"], ["false", "Not paid in full"]];
const FIRST_SHOWN = ["first", "last", "status", "paid"];

export class SearchForm {
  #fields;
  #search;
  #timer = null;
  #onAsked;
  node;

  /** `onAsked(question)` is called a moment after the last change. */
  constructor({ flows, crew, trucks, onAsked }) {
    this.#onAsked = onAsked;
    this.#search = el("input.input", {
      type: "search",
      placeholder: "Name, phone, address, load, crew",
      "aria-label": "Search all jobs",
      autocomplete: "off",
      "data-testid": "search",
    });
    this.#fields = fieldsFor(flows, crew, trucks);
    const nodes = (shown) =>
      Object.entries(this.#fields)
        .filter(([name]) => FIRST_SHOWN.includes(name) === shown)
        .map(([, { node }]) => node);
    this.node = el(
      "form.asked",
      {
        role: "search",
        onsubmit: (event) => event.preventDefault(),
        oninput: () => this.#soon(),
        onchange: () => this.#soon(),
      },
      el("div.search", {}, icon("search"), this.#search),
      el("div.filters", {}, nodes(true)),
      el(
        "details.more-filters",
        {},
        el("summary", {}, "More filters"),
        el("div.filters", {}, nodes(false)),
      ),
    );
  }

  /** Shows a question that comes from the address. */
  show(question) {
    this.#search.value = question.q ?? "";
    for (const [name, { input }] of Object.entries(this.#fields)) {
      const value = question[name] ?? "";
      if (input.tagName === "SELECT") offer(input, value);
      input.value = name.startsWith("price_") && value !== "" ? String(Number(value) / 100) : value;
      if (value !== "" && !FIRST_SHOWN.includes(name)) this.node.querySelector("details").open = true;
    }
  }

  focus() {
    this.#search.focus();
  }

  /** What is asked now; empty fields are left out. */
  get question() {
    const values = Object.entries(this.#fields).map(([name, { input }]) => [name, input.value.trim()]);
    const asked = [["q", this.#search.value.trim()], ...values].map(([name, value]) => [
      name,
      name.startsWith("price_") ? String(centsIn(value) ?? "") : value,
    ]);
    return Object.fromEntries(asked.filter(([, value]) => value !== ""));
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onAsked(this.question), TYPING_MS);
  }
}

/** What is asked can be seen, also where the form does not offer it: someone who has left, two statuses. */
function offer(select, value) {
  const offered = [...select.options].map((option) => option.value);
  if (offered.includes(value)) return;
  const labels = value.split(",").map((part) => labelAmong(select, part));
  select.append(el("option", { value }, [...new Set(labels)].join(", ")));
}

function labelAmong(select, part) {
  return [...select.options].find(({ value }) => value.split(",").includes(part))?.text ?? part;
}

function fieldsFor(flows, crew, trucks) {
  const kinds = Object.values(flows).map(({ name, label }) => [name, label.en]);
  const people = [[NO_ONE, "No crew"], ...crew.map(({ member, name }) => [member, name])];
  const vehicles = [[NO_ONE, "No truck"], ...trucks.map(({ truck, name }) => [truck, name])];
  const choice = (label, any, options) => field(label, { options: [["", any], ...options] });
  return {
    first: field("From", { type: "date" }),
    last: field("To", { type: "date" }),
    status: choice("Status", "Any status", statusesOf(flows)),
    paid: field("Payment", { options: PAID }),
    flow: choice("Kind of job", "Any kind", kinds),
    crew: choice("Crew", "Anyone", people),
    truck: choice("Truck", "Any truck", vehicles),
    price_from: field("Price from", { inputmode: "decimal", placeholder: "$", autocomplete: "off" }),
    price_to: field("Price to", { inputmode: "decimal", placeholder: "$", autocomplete: "off" }),
    method: choice("Paid by", "Anything", Object.entries(METHODS)),
    address: field("Address", { autocomplete: "off" }),
    load: field("What was hauled", { autocomplete: "off" }),
    load_size: choice("Load", "Any load", Object.entries(LOADS)),
    left: choice("Was in status", "Any status", statusesOf(flows)),
    on_time: choice("On time", "On time or not", [["true", "On time"], ["false", "Late"]]),
    failed: choice("Failed attempt", "With or without", [["true", "With"], ["false", "Without"]]),
    cancelled_for: field("Cancelled because", { autocomplete: "off", hint: "The whole reason." }),
    failed_for: field("Failed because", { autocomplete: "off", hint: "The whole reason." }),
  };
}
