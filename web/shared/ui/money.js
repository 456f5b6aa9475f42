// Amounts of money as people type them. An ambiguous amount is refused.

export const MOST_CENTS = 100_000_000; // the API's limit
const PLAIN = /^\d{1,7}(\.\d{1,2})?$/;
const GROUPED = /^\d{1,3}(,\d{3})+(\.\d{1,2})?$/;
export const AMOUNT_ERROR = "Enter an amount like 240 or 240.50, at most 1,000,000.";

/** `24050` for `240.50`, `$240.50`, `1,200`; null if empty, undefined if not an amount. */
export function centsIn(text) {
  const typed = text.trim().replace(/^\$\s*/, "");
  if (text.trim() === "") return null;
  if (!PLAIN.test(typed) && !GROUPED.test(typed)) return undefined;
  const cents = Math.round(Number(typed.replaceAll(",", "")) * 100);
  return cents <= MOST_CENTS ? cents : undefined;
}

/** `$240`, `$240.50`, `240,50 €`: without cents where there are none; empty where it is not known. */
export function moneyText(cents, currency = "USD", language = "en") {
  if (cents === null || cents === undefined) return "";
  return (cents / 100).toLocaleString(`${language}-US`, {
    style: "currency",
    currency,
    minimumFractionDigits: cents % 100 ? 2 : 0,
  });
}

/** `$150–$300`; one amount where both ends are the same. */
export function rangeText({ low_cents, high_cents }, currency, language) {
  const [low, high] = [low_cents, high_cents].map((cents) => moneyText(cents, currency, language));
  return low === high ? low : `${low}–${high}`;
}

/** What a field shows for an amount: `240` or `240.50`. */
export function amountText(cents) {
  if (cents === null || cents === undefined) return "";
  return cents % 100 ? (cents / 100).toFixed(2) : String(cents / 100);
}
