// Phone numbers as people type them. Digits are never dropped or reinterpreted: an unclear number is
// an error at its field. The server has the final say (422).

const WRITTEN = /^\+?[\d\s().\-\u2010-\u2015/]+$/;
const US = /^[2-9]\d{2}[2-9]\d{6}$/;
const INTERNATIONAL = /^[2-9]\d{7,14}$/; // ITU-T E.164: at most 15 digits

/** `+15555550123` for ten US digits, eleven that begin with 1, or + and a country code; otherwise null. */
export function phoneNumber(text) {
  const typed = visible(text);
  if (!WRITTEN.test(typed)) return null;
  const digits = typed.replace(/\D/g, "");
  if (typed.startsWith("+") && !digits.startsWith("1")) {
    return INTERNATIONAL.test(digits) ? `+${digits}` : null;
  }
  if (digits.length === 10 && !typed.startsWith("+")) return US.test(digits) ? `+1${digits}` : null;
  return digits.length === 11 && US.test(digits.slice(1)) ? `+${digits}` : null;
}

/** `(555) 555-0123` for `+15555550123`, for display; any other number unchanged. */
export function shownPhone(number) {
  const national = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return national ? `(${national[1]}) ${national[2]}-${national[3]}` : number;
}

/** A typed number for display in its field: grouped if it can be a US number. */
export function typedPhone(text) {
  const typed = visible(text);
  if (!WRITTEN.test(typed)) return text;
  const digits = typed.replace(/\D/g, "");
  const [, plus, one, rest] = /^(\+?)(1?)(\d*)$/.exec((typed.startsWith("+") ? "+" : "") + digits);
  const international = plus !== "" && one === "" && digits !== "";
  if (international || /^0/.test(digits)) return text;
  if (rest.length > 10) return plus + digits;
  if (rest === "") return text;
  return [plus + one, grouped(rest)].filter(Boolean).join(" ");
}

function grouped(digits) {
  const [area, exchange, line] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)];
  if (exchange === "") return `(${area}`;
  return `(${area}) ${exchange}${line && `-${line}`}`;
}

/** Without the invisible direction marks of numbers pasted from a contact list. */
function visible(text) {
  return text.replace(/\p{Cf}/gu, "").trim();
}
