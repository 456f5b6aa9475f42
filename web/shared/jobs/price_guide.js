// What a job costs by the price guide of the business, in whole cents. The same arithmetic as
// statemachine/money/price_guide.py, which has the rules and the last word; both pass the same examples.

export const LOAD_SIZES = Object.freeze(["minimum", "quarter", "half", "three_quarters", "full"]);
const PARTS = { quarter: 25, half: 50, three_quarters: 75 };
const MOST_CENTS = 100_000_000;

/** {low_cents, high_cents} and the prices they come from; `load_size` is null for "not sure". */
export function estimateOf(guide, { load_size = null, items = [], surcharges = [] }) {
  const named = (list, name) => list.find((entry) => entry.name === name);
  const prices = {
    load_size,
    loads: loadsOf(guide),
    items: items.map(({ name, count }) => {
      return { name, count, each_cents: named(guide.items ?? [], name).price_cents };
    }),
    surcharges: surcharges.map((name) => named(guide.surcharges ?? [], name)),
  };
  const at = LOAD_SIZES.indexOf(load_size);
  const [least, most] = load_size === null ? ["minimum", "full"] : LOAD_SIZES.slice(at, at + 2);
  return {
    ...prices,
    low_cents: priceOf(prices, least),
    high_cents: priceOf(prices, most ?? least),
  };
}

/** The price of that load at the prices of an estimate. */
export function priceOf({ loads, items = [], surcharges = [] }, load) {
  const own = load === "minimum" ? 0 : loads[load];
  const single = items.reduce((sum, { count, each_cents }) => sum + count * each_cents, 0);
  const subtotal = Math.max(loads.minimum, own + single);
  const extra = surcharges.map((rate) => rate.amount_cents ?? share(subtotal, rate.basis_points));
  return Math.min(extra.reduce((sum, cents) => sum + cents, subtotal), MOST_CENTS);
}

/** The price after the crew reports `load`: it follows, unless a person has set another one. */
export function priceAfterLoad({ price_cents = null, estimate = null, load_size = null }, load) {
  if (estimate === null) return price_cents;
  const follows =
    price_cents === null || (load_size !== null && price_cents === priceOf(estimate, load_size));
  return follows ? priceOf(estimate, load) : price_cents;
}

function loadsOf(guide) {
  const { minimum_cents: minimum, full_cents: full } = guide;
  const loads = { minimum, full };
  for (const [size, percent] of Object.entries(PARTS)) {
    const part = Math.max(minimum, Math.floor((full * percent + 50) / 100));
    loads[size] = guide[`${size}_cents`] ?? part;
  }
  return loads;
}

/** Half a cent is rounded up. */
function share(cents, basis_points) {
  return Math.floor((cents * basis_points + 5_000) / 10_000);
}
