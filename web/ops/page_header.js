// The page header: who is signed in, how old the data is, and whether the service answers.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { agoText } from "/shared/ui/time.js";

const OLD_MS = 45_000;
const TROUBLES = {
  offline: ["offline", "You are offline."],
  trouble: ["alert", "The service cannot be reached right now. Trying again…"],
};

export class PageHeader {
  #root;
  #banner;
  #signOut;
  #account = null;
  #fresh = el("span", {});

  constructor(root, banner, { signOut }) {
    this.#root = root;
    this.#banner = banner;
    this.#signOut = signOut;
  }

  showBrandOnly() {
    this.#account = null;
    fill(this.#root, brand());
    fill(this.#banner);
  }

  show(user) {
    if (this.#account === user.account) return;
    this.#account = user.account;
    fill(
      this.#root,
      brand(),
      user.roles.some((role) => role !== "ops") &&
        el("a.button.plain.compact", { href: "/dispatch/" }, "Board"),
      el("p.fresh.small.numbers", { "data-testid": "freshness" }, el("span.dot"), this.#fresh),
      el(
        "div.account",
        {},
        el("span.small", { title: user.account }, user.name || user.account),
        el(
          "button.button.plain.round",
          {
            type: "button",
            "aria-label": "Sign out",
            title: "Sign out",
            onclick: this.#signOut,
            "data-testid": "sign-out",
          },
          icon("leave"),
        ),
      ),
    );
  }

  /** Called every second. */
  drawFreshness({ kind, age_ms }) {
    if (this.#account === null) return;
    const ago = age_ms === null ? null : agoText(age_ms);
    const old = kind !== "current" || age_ms > OLD_MS;
    this.#fresh.parentElement.dataset.tone = ago === null ? "unknown" : old ? "old" : "live";
    say(this.#fresh, ago === null ? "Loading…" : `As of ${ago}`);
    this.#drawBanner(kind, ago === null ? "" : ` This page shows data from ${ago}.`);
  }

  /** Without the role ops nothing is read, so there is no age to show. */
  hideFreshness() {
    this.#fresh.parentElement.hidden = true;
    fill(this.#banner);
  }

  #drawBanner(kind, since) {
    if (!TROUBLES[kind]) return this.#banner.firstChild && fill(this.#banner);
    const [sign, title] = TROUBLES[kind];
    if (this.#banner.dataset.kind !== kind || this.#banner.firstChild === null) {
      this.#banner.dataset.kind = kind;
      const words = el("p", {}, el("strong", {}, title), el("span", { "aria-live": "off" }));
      const props = { "data-testid": "banner", "data-kind": kind };
      fill(this.#banner, el("div.notice.warn.banner", props, icon(sign), words));
    }
    say(this.#banner.querySelector("span"), since);
  }
}

function say(node, text) {
  if (node.textContent !== text) fill(node, text);
}

function brand() {
  return el(
    "span.brand",
    {},
    el("img", { src: "/favicon.svg", alt: "", width: "28", height: "28" }),
    el("span.brand-name", {}, "Haulway"),
  );
}
