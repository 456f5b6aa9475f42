// The top of a page beside the board: the business, the way back, and who is signed in.

import { brandParts } from "/shared/ui/business_brand.js";
import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";

/** For when no one is signed in. */
export function bareHeader() {
  return el(
    "span.brand",
    {},
    el("img", { src: "/favicon.svg", alt: "", width: "28", height: "28" }),
    el("span.brand-name", {}, "Haulway"),
  );
}

export function pageHeader(session, business, signOut) {
  return [
    business?.name ? el("span.brand", {}, brandParts(business)) : bareHeader(),
    el("a.button.plain.compact", { href: "/dispatch/" }, icon("back"), "Board"),
    el(
      "div.account",
      {},
      el("span.small", { title: session.account }, session.name || session.account),
      el(
        "button.button.plain.round",
        {
          type: "button",
          "aria-label": "Sign out",
          title: "Sign out",
          onclick: signOut,
          "data-testid": "sign-out",
        },
        icon("leave"),
      ),
    ),
  ];
}
