// Price and payment in the drawer: what is owed, what was paid, and the form that changes both.

import { el } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { amountText, moneyText, rangeText } from "/shared/ui/money.js";
import { METHODS } from "/shared/jobs/payment.js";
import { facts, part } from "./drawer_parts.js";
import { editForm } from "./edit_forms.js";
import { priceField, readAll } from "./job_fields.js";

const PLACES = { price_cents: "price", "payment.amount_cents": "amount", reason: "reason" };

export function moneyPart(detail, { edit, currency }) {
  const { price_cents, proposed_price_cents, estimate, payment } = detail;
  const differs = proposed_price_cents !== undefined && proposed_price_cents !== price_cents;
  return part(
    "Money",
    edit,
    facts([
      ["price", price_cents === undefined ? "No price yet" : moneyText(price_cents, currency)],
      estimate && ["note", `Estimated ${rangeText(estimate, currency)}`],
      differs && ["scale", `${moneyText(proposed_price_cents, currency)} by the reported load`],
      payment
        ? ["check", el("span", { "data-testid": "paid" }, paidText(payment, currency))]
        : ["clock", el("span", { "data-testid": "paid" }, "Not paid")],
    ]),
  );
}

export function paidText({ amount_cents, method }, currency) {
  return `${moneyText(amount_cents, currency)} paid, ${METHODS[method].toLowerCase()}`;
}

/** Only what differs from the job is sent: a price that stays as it is needs no reason. */
export function moneyForm(detail, options) {
  const { price_cents = null, payment = null } = detail;
  const fields = {
    price: priceField("Price", { value: amountText(price_cents) }),
    method: field("Paid", {
      options: [["none", "Not paid"], ...Object.entries(METHODS)],
      value: payment?.method ?? "none",
    }),
    amount: priceField("Amount paid", {
      value: amountText(payment?.amount_cents),
      hint: "Empty means the whole price.",
    }),
    reason: field("Reason", {
      maxlength: 2000,
      autocomplete: "off",
      hint: "Needed to change a price or a payment that is there already.",
    }),
  };
  const changes = () => {
    const read = readAll(fields);
    if (read === null) return null;
    const wanted = moneyChanges({ price_cents, payment }, read);
    if (Object.keys(wanted).length === 0) return void fields.price.complain("Nothing is changed.");
    return { ...wanted, ...(read.reason && { reason: read.reason }) };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  return editForm("Money", nodes, () => changes() ?? null, { ...options, fields, places: PLACES });
}

function moneyChanges({ price_cents, payment }, { price, method, amount }) {
  const paid = payment?.method ?? "none";
  const amountBefore = payment?.amount_cents ?? null;
  const payOther = method !== paid || (method !== "none" && amount !== amountBefore);
  return {
    ...(price !== null && price !== price_cents && { price_cents: price }),
    ...(payOther && { payment: { method, ...(amount !== null && method !== "none" && { amount_cents: amount }) } }),
  };
}
