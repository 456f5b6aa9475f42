// What is asked: a search field that answers while one types, and filters.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { centsIn } from "/shared/ui/money.js";
import { field } from "/shared/ui/fields.js";
import { statusesOf } from "/dispatch/history/state/status_choices.js";

const TYPING_MS = 250;
const PAID = [["", "Paid or not"], ["true", "Paid"], ["false", "Not paid"]];

export class SearchForm {
  #fields;
  #search;
  #timer = null;
  #onAsked;
  node;

  /** `onAsked(question)` is called a moment after the last change. */
  constructor({ flows, crew, onAsked }) {
    this.#onAsked = onAsked;
    this.#search = el("input.input", {
      type: "search",
      placeholder: "Name, phone, address, load, crew",
      "aria-label": "Search all jobs",
      autocomplete: "off",
      "data-testid": "search",
    });
    this.#fields = fieldsFor(flows, crew);
    const { first, last, status, paid, ...more } = this.#fields;
    this.node = el(
      "form.asked",
      {
        role: "search",
        onsubmit: (event) => event.preventDefault(),
        oninput: () => this.#soon(),
        onchange: () => this.#soon(),
      },
      el("div.search", {}, icon("search"), this.#search),
      el("div.filters", {}, [first, last, status, paid].map(({ node }) => node)),
      el(
        "details.more-filters",
        {},
        el("summary", {}, "More filters"),
        el("div.filters", {}, Object.values(more).map(({ node }) => node)),
      ),
    );
  }

  /** Shows a question that comes from the address. */
  show(question) {
    this.#search.value = question.q ?? "";
    for (const [name, { input }] of Object.entries(this.#fields)) {
      const value = question[name] ?? "";
      input.value = name.startsWith("price_") && value !== "" ? String(Number(value) / 100) : value;
    }
    const hidden = ["flow", "crew", "price_from", "price_to", "address", "load"];
    if (hidden.some((name) => question[name])) this.node.querySelector("details").open = true;
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

function fieldsFor(flows, crew) {
  const kinds = Object.values(flows).map(({ name, label }) => [name, label.en]);
  const people = crew.map(({ member, name }) => [member, name]);
  return {
    first: field("From", { type: "date" }),
    last: field("To", { type: "date" }),
    status: field("Status", { options: [["", "Any status"], ...statusesOf(flows)] }),
    paid: field("Payment", { options: PAID }),
    flow: field("Kind of job", { options: [["", "Any kind"], ...kinds] }),
    ...(people.length > 0 && { crew: field("Crew", { options: [["", "Anyone"], ...people] }) }),
    price_from: field("Price from", { inputmode: "decimal", placeholder: "$", autocomplete: "off" }),
    price_to: field("Price to", { inputmode: "decimal", placeholder: "$", autocomplete: "off" }),
    address: field("Address", { autocomplete: "off" }),
    load: field("What was hauled", { autocomplete: "off" }),
  };
}
