// The price guide as it is typed: amounts as `99` or `99.50`, and surcharges also as `10%`.

import { LOAD_SIZES } from "../../shared/jobs/price_guide.js";
import { amountText, centsIn } from "../../shared/ui/money.js";

const PERCENT = /^(\d{1,3}(?:\.\d{1,2})?)\s*%$/;
const MOST_BASIS_POINTS = 10_000;
const AMOUNT = "Write an amount like 99 or 99.50.";

/** {loads: {minimum: "99", …}, items: [{name, name_es, price}], surcharges: […]} of a guide. */
export function typedGuide(guide) {
  const entry = (each, price) => ({ name: each.name, name_es: each.name_es ?? "", price });
  return {
    loads: Object.fromEntries(LOAD_SIZES.map((size) => [size, amountText(guide?.[`${size}_cents`])])),
    items: (guide?.items ?? []).map((item) => entry(item, amountText(item.price_cents))),
    surcharges: (guide?.surcharges ?? []).map((rate) => entry(rate, rateText(rate))),
  };
}

/** {value: guide}, or {fault}; null where nothing is typed: then there is no price guide. */
export function guideValue({ loads, items, surcharges }) {
  const rows = [...items, ...surcharges];
  if (Object.values(loads).every((text) => text.trim() === "") && rows.length === 0) return { value: null };
  const amounts = LOAD_SIZES.map((size) => [size, centsIn(loads[size])]);
  if (amounts.some(([, cents]) => cents === undefined)) return { fault: AMOUNT };
  const cents = Object.fromEntries(amounts);
  if (cents.minimum === null || cents.full === null) {
    return { fault: "Give the minimum and the price of a full load. The rest may stay empty." };
  }
  const given = amounts.filter(([, amount]) => amount !== null);
  if (given.some(([, amount], at) => at > 0 && amount < given[at - 1][1])) {
    return { fault: "A larger load costs at least as much as a smaller one." };
  }
  if (rows.some(({ name }) => name.trim() === "")) return { fault: "Give each row a name." };
  const named = [items.map(itemValue), surcharges.map(surchargeValue)];
  if (named.flat().includes(null)) return { fault: `${AMOUNT} For surcharges also 10%.` };
  return {
    value: {
      ...Object.fromEntries(given.map(([size, amount]) => [`${size}_cents`, amount])),
      items: named[0],
      surcharges: named[1],
    },
  };
}

function itemValue({ price, ...names }) {
  const price_cents = centsIn(price);
  return Number.isInteger(price_cents) ? { ...namesOf(names), price_cents } : null;
}

function surchargeValue({ price, ...names }) {
  const percent = PERCENT.exec(price.trim());
  if (percent) {
    const basis_points = Math.round(Number(percent[1]) * 100);
    const fits = basis_points > 0 && basis_points <= MOST_BASIS_POINTS;
    return fits ? { ...namesOf(names), basis_points } : null;
  }
  const amount_cents = centsIn(price);
  return Number.isInteger(amount_cents) ? { ...namesOf(names), amount_cents } : null;
}

function namesOf({ name, name_es }) {
  return { name: name.trim(), ...(name_es.trim() && { name_es: name_es.trim() }) };
}

function rateText({ amount_cents, basis_points }) {
  return basis_points === undefined || basis_points === null
    ? amountText(amount_cents)
    : `${basis_points / 100}%`;
}
