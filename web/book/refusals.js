// Which field of the form a refusal is about.

/** As if the service had refused the day: what was chosen is not among what the business offers. */
export const NOT_OFFERED = { document: { faults: ["window_start: not offered"] } };
/** The window was taken by someone else meanwhile. */
export const FULL = { document: { faults: ["slot: full"] } };
export const FIELD_OF = {
  slot: "day",
  name: "name",
  phone: "phone",
  address: "address",
  what: "what",
  window_start: "day",
  window_end: "day",
};
