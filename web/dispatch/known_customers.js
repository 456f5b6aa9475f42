// Who has that phone number: shown under the number while a dispatcher types a new job.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { shownPhone } from "/shared/ui/phone_number.js";
import { dateText } from "/shared/ui/time.js";

const TYPING_MS = 300;
const FEWEST_DIGITS = 4; // the API's limit
const LATEST = 3;

export class KnownCustomers {
  node = el("div.known-customers", { "aria-live": "polite" });
  #find;
  #use;
  #zone;
  #timer = null;
  #asked = "";

  /** `find(phone)` is the customers; `use(customer)` takes one into the form. */
  constructor({ find, use, zone }) {
    this.#find = find;
    this.#use = use;
    this.#zone = zone;
  }

  /** Looks for the number that is typed into `input`. */
  follow(input) {
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(input.value), TYPING_MS);
    });
  }

  async #look(text) {
    const digits = text.replace(/\D/g, "");
    if (digits === this.#asked) return;
    this.#asked = digits;
    if (digits.length < FEWEST_DIGITS) return fill(this.node);
    let customers = [];
    try {
      customers = await this.#find(text);
    } catch {
      // the form works without it
    }
    if (this.#asked === digits) this.#show(customers);
  }

  #show(customers) {
    fill(this.node, customers.map((customer) => this.#customerNode(customer)));
  }

  /** Their last jobs; each opens in the history, beside the form. */
  #latestList({ latest }) {
    const line = (card) => {
      const said = [dateText(card.schedule?.window_start ?? card.created_at, "en", this.#zone), card.load];
      const link = { href: `/history/?job=${card.job_id}`, target: "_blank" };
      return el("li", {}, icon("clock"), el("a", link, el("bdi", {}, said.filter(Boolean).join(": "))));
    };
    return el("ul.facts.small", { "data-testid": "latest-jobs" }, latest.slice(0, LATEST).map(line));
  }

  #customerNode(customer) {
    const take = () => {
      this.#use(customer);
      this.#asked = customer.phone.replace(/\D/g, "");
      fill(
        this.node,
        el("p.quiet.small", {}, aboutText(customer, this.#zone)),
        this.#latestList(customer),
        notesList(customer),
      );
    };
    return el(
      "button.known-customer",
      { type: "button", onclick: take, "data-testid": "known-customer" },
      el("strong", {}, el("bdi", {}, customer.name)),
      el("span.numbers", {}, shownPhone(customer.phone)),
      el("bdi.small", {}, customer.addresses[0]),
      el("span.quiet.small", {}, aboutText(customer, this.#zone)),
    );
  }
}

/** How often they were here and when last, and what to mind. */
export function aboutText({ jobs, no_shows, texts_stopped, last_job_at }, zone) {
  return [
    `${jobs} ${jobs === 1 ? "job" : "jobs"}, last on ${dateText(last_job_at, "en", zone)}`,
    no_shows > 0 && `${no_shows} not possible when the crew was there`,
    texts_stopped && "wants no texts",
  ]
    .filter(Boolean)
    .join(" · ");
}

function notesList({ notes }) {
  return (
    notes.length > 0 &&
    el("ul.facts.small", {}, notes.map(({ text }) => el("li", {}, icon("note"), el("bdi", {}, text))))
  );
}
