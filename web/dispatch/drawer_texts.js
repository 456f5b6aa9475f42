// What the drawer says about texts: whether the customer agreed, and a text that waits for a person.

import { unsentText } from "/dispatch/state/unsent_text.js";
import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { momentText } from "/shared/ui/time.js";

/** `save(changes)` saves and says what went wrong; null for people who may not. */
export function textsPart(detail, { save, zone }) {
  const parts = [consent(detail, save, zone), unsent(detail, save)].filter(Boolean);
  if (parts.length === 0) return null;
  return el("section.part.stack", { "aria-label": "Texts", "data-testid": "texts" }, el("h3", {}, "Texts"), parts);
}

function consent({ texts_consent, customer }, save, zone) {
  if (!texts_consent || !customer.phone) return null;
  const at = momentText(texts_consent.at, "en", zone);
  if (texts_consent.agreed) return el("p.quiet.small", {}, `The customer agreed to texts, ${at}.`);
  const agree = () => save({ agreed_to_texts: true });
  return el(
    "div.row",
    {},
    el("p", { "data-testid": "no-consent" }, "The customer has not agreed to texts. Call instead."),
    save && el("button.button.compact", { type: "button", "data-focus": "agreed", onclick: agree }, "The customer agrees now"),
  );
}

function unsent({ unsent_text }, save) {
  const told = unsentText(unsent_text);
  if (told === null) return null;
  const decide = (state) => () => save({ unsent_text: { mark: unsent_text.mark, state } });
  const held = unsent_text.state === "held" && save !== null;
  return [
    el("p.notice.warn", { "data-testid": "unsent" }, icon("alert"), told.long),
    held &&
      el(
        "div.row",
        {},
        el("button.button.compact.main", { type: "button", "data-focus": "send-text", onclick: decide("send") }, "Send text"),
        el("button.button.compact", { type: "button", "data-focus": "drop-text", onclick: decide("drop") }, "Drop text"),
      ),
  ];
}
