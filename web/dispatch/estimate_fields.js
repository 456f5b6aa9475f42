// How much a new job will probably be, by the price guide of the business, and what that costs.

import { wantedIn } from "/shared/jobs/booking.js";
import { estimateOf } from "/shared/jobs/price_guide.js";
import { LOADS } from "/shared/jobs/proof_of_service.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { moneyText, rangeText } from "/shared/ui/money.js";

const MOST_OF_AN_ITEM = 50;

export class EstimateFields {
  /** Empty for a business without a price guide. */
  node = el("div.stack");
  #guide = null;
  #currency;
  #load;
  #counts;
  #chosen;
  #range = el("strong.numbers", { "data-testid": "estimate" });

  /** `like`: the estimate of a job that is booked again; of it counts what is still in the guide. */
  show({ price_guide = null, currency }, like = null) {
    this.#guide = price_guide;
    this.#currency = currency;
    if (price_guide === null) return;
    const { load_size, items = [], surcharges = [] } = like ?? {};
    const counts = Object.fromEntries(items.map(({ name, count }) => [name, count]));
    this.#load = field("Load", { options: [["", "Not sure"], ...Object.entries(LOADS)], value: load_size });
    this.#counts = (price_guide.items ?? []).map((item) => this.#countField(item, counts[item.name]));
    const taken = new Set(surcharges.map(({ name }) => name));
    this.#chosen = (price_guide.surcharges ?? []).map((rate) => this.#check(rate, taken.has(rate.name)));
    const more = [...this.#counts, ...this.#chosen];
    const open = items.length + taken.size > 0;
    fill(
      this.node,
      this.#load.node,
      more.length > 0 &&
        el("details", { open }, el("summary", {}, "Single items and surcharges"), more.map(({ node }) => node)),
      el("p.small", { "aria-live": "polite" }, "Estimate: ", this.#range),
    );
    this.node.addEventListener("input", () => this.#draw());
    this.#draw();
  }

  /** What a request says of it; null without a price guide. */
  get wanted() {
    if (this.#guide === null) return null;
    const counts = this.#counts.map(({ name, input }) => [name, countIn(input)]);
    const form = {
      load: this.#load.input.value,
      items: Object.fromEntries(counts.filter(([, count]) => count > 0)),
      surcharges: this.#chosen.filter(({ input }) => input.checked).map(({ name }) => name),
    };
    return wantedIn(form, this.#guide);
  }

  #draw() {
    fill(this.#range, rangeText(estimateOf(this.#guide, this.wanted), this.#currency));
  }

  #countField({ name, price_cents }, count = 0) {
    const limits = { type: "number", min: 0, max: MOST_OF_AN_ITEM, inputmode: "numeric" };
    const { node, input } = field(`${name}, ${moneyText(price_cents, this.#currency)} each`, {
      ...limits,
      value: String(count),
    });
    return { name, node, input };
  }

  #check({ name }, checked) {
    const input = el("input", { type: "checkbox", checked });
    return { name, input, node: el("label.row", {}, input, name) };
  }
}

function countIn(input) {
  return Math.min(Math.max(Math.trunc(input.valueAsNumber || 0), 0), MOST_OF_AN_ITEM);
}
