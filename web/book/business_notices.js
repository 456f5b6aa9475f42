// What the business says beside the form: that it takes no bookings, and under which terms it does.

import { callLink } from "/shared/ui/business_brand.js";
import { el } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";

/** In the place of the form while the business takes no bookings online. */
export function suspendedPanel(business, t, language) {
  const call = callLink(business, language);
  return el(
    "section.panel.scene",
    { "data-testid": "suspended" },
    el("div.sign", {}, icon("pause")),
    el("h1", {}, t("suspended_title")),
    el("p.quiet", {}, t(call ? "suspended_call" : "suspended_later")),
    call,
  );
}

/** The cancellation policy in that language; null where the business has none. */
export function cancellationPolicy(business, t, language) {
  const policy = business?.cancellation_policy;
  const text = localized(policy, language) || policy?.es;
  if (!text) return null;
  return el(
    "section.policy",
    { "data-testid": "policy" },
    el("h2", {}, t("policy")),
    el("p.small", {}, text),
  );
}

/** What is sent to the number and how to end it, with the links to terms and privacy policy. */
export function textsConsent(business, t) {
  return el(
    "p.small.quiet.texts-consent",
    { "data-testid": "texts-consent" },
    t("texts_consent"),
    legalLinks(business, t).map((link) => [" ", link]),
  );
}

/** "By booking you agree to our terms and privacy policy", with links; null where there are none. */
export function consent(business, t) {
  const links = legalLinks(business, t);
  if (links.length === 0) return null;
  const [first, second] = links;
  return el(
    "p.small.quiet.center.consent",
    { "data-testid": "consent" },
    t("agree"),
    " ",
    first,
    second && [` ${t("agree_and")} `, second],
    ".",
  );
}

function legalLinks(business, t) {
  const { terms_url, privacy_url } = business ?? {};
  return [
    terms_url && outside(terms_url, t("agree_terms")),
    privacy_url && outside(privacy_url, t("agree_privacy")),
  ].filter(Boolean);
}

function outside(href, text) {
  return el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text);
}
