// How much there is, and what it will probably cost: from the price guide of the business.

import { estimateIn } from "/shared/jobs/booking.js";
import { LOAD_SIZES } from "/shared/jobs/price_guide.js";
import { el, fill } from "/shared/ui/elements.js";
import { moneyText, rangeText } from "/shared/ui/money.js";
import { radioChip } from "./window_picker.js";

const MOST_OF_AN_ITEM = 50;

/** The section for a business with a price guide; `onChange(name, value)` for each choice. */
export function estimateSection(form, { t, language, business, onChange }) {
  const { price_guide: guide, currency } = business;
  const chosen = { load: form.load, items: { ...form.items }, surcharges: [...form.surcharges] };
  const range = el("strong.numbers", { "data-testid": "estimate" });
  const draw = () => fill(range, rangeText(estimateIn(chosen, business), currency, language));
  const set = (name, value) => {
    chosen[name] = value;
    onChange(name, value);
    draw();
  };
  const nameOf = ({ name, name_es }) => (language === "es" && name_es) || name;
  const told = { t, nameOf, price: (cents) => moneyText(cents, currency, language) };
  draw();
  return el(
    "fieldset.field.estimate",
    { "data-testid": "estimate-section" },
    el("legend", {}, t("load")),
    el("p.hint", {}, t("load_hint")),
    el(
      "div.chips",
      {},
      ["", ...LOAD_SIZES].map((size) =>
        radioChip("load", size, t(`load_${size || "unsure"}`), chosen.load === size, () =>
          set("load", size),
        ),
      ),
    ),
    itemFields(guide.items ?? [], chosen, told, set),
    surchargeChips(guide.surcharges ?? [], chosen, told, set),
    el("p.estimate-line", { "aria-live": "polite" }, t("estimate"), " ", range),
    el("p.hint", {}, t("estimate_hint")),
  );
}

function itemFields(items, chosen, { t, nameOf, price }, set) {
  if (items.length === 0) return null;
  const row = (item) => {
    const input = el("input.input.count", {
      type: "number",
      min: 0,
      max: MOST_OF_AN_ITEM,
      inputmode: "numeric",
      value: chosen.items[item.name] ?? 0,
      oninput: () => {
        const count = Math.min(Math.max(Math.trunc(input.valueAsNumber || 0), 0), MOST_OF_AN_ITEM);
        const { [item.name]: _, ...others } = chosen.items;
        set("items", count === 0 ? others : { ...others, [item.name]: count });
      },
    });
    const text = el("span", {}, nameOf(item), " ", el("span.quiet", {}, price(item.price_cents)));
    return el("li", {}, el("label", {}, text, input));
  };
  return [el("p.subhead", {}, t("items")), el("ul.item-counts", {}, items.map(row))];
}

function surchargeChips(surcharges, chosen, { t, nameOf, price }, set) {
  if (surcharges.length === 0) return null;
  const chip = (rate) => {
    const { name, amount_cents, basis_points } = rate;
    const toggle = ({ target }) => {
      const others = chosen.surcharges.filter((other) => other !== name);
      set("surcharges", target.checked ? [...others, name] : others);
    };
    const checked = chosen.surcharges.includes(name);
    const more = amount_cents === undefined ? `${basis_points / 100} %` : price(amount_cents);
    const input = el("input", { type: "checkbox", value: name, checked, onchange: toggle });
    return el("label.chip", {}, input, `${nameOf(rate)} +${more}`);
  };
  return [
    el("p.subhead", {}, t("surcharges")),
    el("div.chips", { role: "group", "aria-label": t("surcharges") }, surcharges.map(chip)),
  ];
}
