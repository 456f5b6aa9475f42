// The price guide: loads, single items, and surcharges, as one setting.

import { LOAD_SIZES } from "/shared/jobs/price_guide.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { guideValue, typedGuide } from "/settings/state/price_values.js";
import { LOAD_NAMES } from "/settings/state/setting_values.js";
import { groupEditor } from "./editors.js";

export function priceEditor(key, label, { hint }) {
  const loads = LOAD_SIZES.map((size) => {
    const { node, input } = field(LOAD_NAMES[size], { inputmode: "decimal", autocomplete: "off" });
    return { size, node, input };
  });
  const items = new PricedRows("Single items", "Add an item", "Price");
  const surcharges = new PricedRows("Surcharges", "Add a surcharge", "Amount or %");
  const typed = () => ({
    loads: Object.fromEntries(loads.map(({ size, input }) => [size, input.value])),
    items: items.values,
    surcharges: surcharges.values,
  });
  return groupEditor(key, label, {
    hint,
    parts: [
      el("div.load-prices", {}, loads.map(({ node }) => node)),
      items.node,
      surcharges.node,
    ],
    read: () => guideValue(typed()),
    show: (value) => {
      const shown = typedGuide(value);
      for (const { size, input } of loads) input.value = shown.loads[size];
      items.show(shown.items);
      surcharges.show(shown.surcharges);
    },
    focus: () => loads[0].input.focus(),
  });
}

/** Rows of a name, its Spanish name, and a price, that can be added and taken away. */
class PricedRows {
  #list = el("div.priced-rows", {});
  #rows = [];
  #of;
  #price;

  constructor(of, addText, price) {
    this.#of = of;
    this.#price = price;
    const add = el(
      "button.button.compact",
      { type: "button", onclick: () => this.#add() },
      icon("plus"),
      addText,
    );
    this.node = el("div.stack", {}, el("h3", {}, of), this.#list, el("div", {}, add));
  }

  get values() {
    return this.#rows.map(({ inputs }) =>
      Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value])),
    );
  }

  show(values) {
    this.#rows = values.map((value) => this.#row(value));
    this.#draw();
  }

  #add() {
    this.#rows.push(this.#row({ name: "", name_es: "", price: "" }));
    this.#draw();
    this.#rows.at(-1).inputs.name.focus();
    this.#changed();
  }

  #row(value) {
    const input = (name, text, more = {}) =>
      el("input.input", {
        value: value[name],
        "aria-label": `${this.#of}: ${text}`,
        placeholder: text,
        ...more,
      });
    const inputs = {
      name: input("name", "Name", { maxlength: 60 }),
      name_es: input("name_es", "Name in Spanish", { maxlength: 60, lang: "es" }),
      price: input("price", this.#price, { autocomplete: "off" }),
    };
    const row = { inputs };
    const remove = () => {
      this.#rows = this.#rows.filter((other) => other !== row);
      this.#draw();
      this.#changed();
    };
    const label = () => `Remove ${inputs.name.value || "this row"}`;
    const button = el(
      "button.button.plain.round",
      { type: "button", onclick: remove, "aria-label": label() },
      icon("cross"),
    );
    inputs.name.addEventListener("input", () => button.setAttribute("aria-label", label()));
    row.node = el("div.priced-row", {}, inputs.name, inputs.name_es, inputs.price, button);
    return row;
  }

  #draw() {
    fill(this.#list, this.#rows.map(({ node }) => node));
  }

  #changed() {
    this.#list.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
