// Below the jobs: location sharing, the office, and who is signed in.

import { officeLink } from "/shared/ui/business_brand.js";
import { el } from "/shared/ui/elements.js";

/** `sharing` is {state, wanted}; `does` has `share(wanted)` and `signOut()`. */
export function foot({ sharing, user, business, spoken, does }) {
  const { t, language } = spoken;
  return [
    el(
      "section.panel.share",
      {},
      el(
        "label",
        {},
        el("input", {
          type: "checkbox",
          role: "switch",
          checked: sharing.wanted,
          "data-focus": "share",
          "data-testid": "share",
          onchange: (event) => does.share(event.currentTarget.checked),
        }),
        el("strong", {}, t("share")),
      ),
      el("p.small.quiet", { "data-testid": "share-state" }, t(`share_${sharing.state}`)),
    ),
    el(
      "div.row",
      {},
      officeLink(business, language),
      el("span.small.quiet", {}, t("signed_in_as", { name: user.name })),
      el(
        "button.button.plain.compact",
        { type: "button", onclick: does.signOut, "data-testid": "sign-out" },
        t("sign_out"),
      ),
    ),
  ];
}
