// The API's validation errors, by field.

/** [{field, text}] of a Problem; `field` is the name in the request, as in `schedule.window_end`. */
export function errorsIn(problem) {
  const { faults, field, detail } = problem?.document ?? {};
  const listed = Array.isArray(faults) ? faults : [];
  const found = listed.map(faultOf).filter(Boolean);
  if (found.length > 0) return found;
  if (typeof field === "string") return [{ field, text: String(detail ?? problem.title ?? "") }];
  return [faultOf(detail)].filter(Boolean);
}

/** A fault is a text, as in `customer.phone: not a phone number`, or an object with its field. */
function faultOf(fault) {
  if (typeof fault === "string") {
    const [, field, text] = /^([a-z_][\w.:-]*?): (.+)$/s.exec(fault) ?? [];
    return field === undefined ? null : { field, text };
  }
  const field = fault?.field ?? fault?.loc;
  const text = fault?.message ?? fault?.detail ?? fault?.msg ?? "";
  return field === undefined ? null : { field: [field].flat().join("."), text: String(text) };
}

/**
 * Shows each error at its field, and returns the texts of those that have no field here.
 *
 * `places` maps the parts of the request to fields, as in {"customer.phone": "phone"}. A part within a
 * part belongs to the same field. `complain(name, text)` shows an error.
 */
export function placeErrors(problem, places, complain) {
  const placed = errorsIn(problem).map((fault) => ({
    ...fault,
    name: placeOf(fault.field, places),
  }));
  for (const { name, text } of placed) if (name !== null) complain(name, sentence(text));
  return placed.filter(({ name }) => name === null).map(({ field, text }) => `${field}: ${text}`);
}

function placeOf(field, places) {
  const parts = field.split(".");
  for (let end = parts.length; end > 0; end -= 1) {
    const name = places[parts.slice(0, end).join(".")];
    if (name !== undefined) return name;
  }
  return null;
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
