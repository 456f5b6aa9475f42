// A text that was not sent, in words: for the card and for the drawer.

const BAD_NUMBER = {
  costly_number: "It is a number with premium rates.",
  country_not_served: "It is a number of a country that you do not text. Settings has the list.",
  not_a_number: "It is not a phone number.",
};

/** {short, long}; null where there is nothing to say. `unsent` is {mark, state, why}. */
export function unsentText(unsent) {
  if (unsent?.state === "held") {
    const long = "A text is held: the day’s budget for unconfirmed bookings is used up. Send it or drop it.";
    return { short: "text held", long };
  }
  if (unsent?.state !== "refused") return null;
  const why = BAD_NUMBER[unsent.why] ?? "The number cannot get texts.";
  return { short: "call", long: `No text was sent. ${why} Call instead.` };
}
