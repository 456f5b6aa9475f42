// Price and payments in the drawer: what is owed, what was paid, and the form that changes both.

import { el } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { amountText, moneyText, rangeText } from "/shared/ui/money.js";
import { METHODS, owedIn } from "/shared/jobs/payment.js";
import { facts, part } from "./drawer_parts.js";
import { editForm } from "./edit_forms.js";
import { priceField, readAll } from "./job_fields.js";

const PLACES = { price_cents: "price", "payment.amount_cents": "amount", reason: "reason" };

export function moneyPart(detail, { edit, currency }) {
  const { price_cents, proposed_price_cents, estimate, payments = [] } = detail;
  const differs = proposed_price_cents !== undefined && proposed_price_cents !== price_cents;
  return part(
    "Money",
    edit,
    facts([
      ["price", price_cents === undefined ? "No price yet" : moneyText(price_cents, currency)],
      estimate && ["note", `Estimated ${rangeText(estimate, currency)}`],
      differs && ["scale", `${moneyText(proposed_price_cents, currency)} by the reported load`],
      ...payments.map((payment) => ["check", el("span", { "data-testid": "paid" }, paidText(payment, currency))]),
      (owedIn(detail) !== 0 || payments.length === 0) && ["clock", el("span", { "data-testid": "owed" }, owedText(detail, currency))],
    ]),
  );
}

export function paidText({ amount_cents, method }, currency) {
  return `${moneyText(amount_cents, currency)} paid, ${METHODS[method].toLowerCase()}`;
}

function owedText(detail, currency) {
  const { payments = [] } = detail;
  return payments.length === 0 ? "Not paid" : `${moneyText(owedIn(detail), currency)} owed`;
}

/** Only what differs from the job is sent: a price that stays as it is needs no reason. */
export function moneyForm(detail, options) {
  const { price_cents = null, payments = [] } = detail;
  const takeBack = payments.length > 0 ? [["none", "Take back what was paid"]] : [];
  const fields = {
    price: priceField("Price", { value: amountText(price_cents) }),
    method: field("Paid", {
      options: [["", payments.length > 0 ? "Nothing more" : "Nothing"], ...Object.entries(METHODS), ...takeBack],
    }),
    amount: priceField("Amount paid", { hint: "Empty means all that is owed." }),
    reason: field("Reason", {
      maxlength: 2000,
      autocomplete: "off",
      hint: "Needed to change a price, to take payments back, and for more than is owed.",
    }),
  };
  const changes = () => {
    const read = readAll(fields);
    if (read === null) return null;
    const wanted = moneyChanges(price_cents, read);
    if (Object.keys(wanted).length === 0) return void fields.price.complain("Nothing is changed.");
    return { ...wanted, ...(read.reason && { reason: read.reason }) };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  return editForm("Money", nodes, () => changes() ?? null, { ...options, fields, places: PLACES });
}

function moneyChanges(price_cents, { price, method, amount }) {
  const named = amount !== null && method !== "none";
  return {
    ...(price !== null && price !== price_cents && { price_cents: price }),
    ...(method !== "" && { payment: { method, ...(named && { amount_cents: amount }) } }),
  };
}
