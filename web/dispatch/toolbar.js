// The top of the page: flow, search, filters, the age of the data, and who is signed in.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { agoText } from "/shared/ui/time.js";

const FILTERS = { overdue: "Overdue", unassigned: "No crew", today: "Today" };
const VIEWS = { board: "Board", day: "Day" };
const OLD_MS = 20_000;

export const NO_FILTER = Object.freeze({
  text: "",
  overdue: false,
  unassigned: false,
  today: false,
});

export class Toolbar {
  #root;
  #banner;
  #act;
  #filter = { ...NO_FILTER };
  #parts = null;
  #chips = {};
  #search;

  /** `act`: {filter(filter), flow(name), view(name), newJob(), alerts(), messages(), signOut()}. */
  constructor(root, banner, act) {
    this.#root = root;
    this.#banner = banner;
    this.#act = act;
  }

  get filter() {
    return this.#filter;
  }

  clearFilter() {
    this.#search.value = "";
    this.#set({ ...NO_FILTER });
  }

  /** Shows only the brand, while no one is signed in. */
  showBrandOnly() {
    this.#parts = null;
    this.#filter = { ...NO_FILTER };
    fill(this.#root, brand());
    fill(this.#banner);
  }

  /** `view` is `board`, `day`, or null for people who have only the board. */
  show({ user, flows, flowNames, flowName, view, mayCreate, unread = 0 }) {
    if (this.#parts === null) this.#build(user, mayCreate);
    this.#drawUnread(unread);
    this.#drawViews(view);
    this.#drawFlows(flows, view === "day" ? [] : flowNames, flowName);
  }

  #build(user, mayCreate) {
    const { newJob, alerts, messages, signOut } = this.#act;
    this.#search = el("input.input", {
      type: "search",
      placeholder: "Name, address, phone, load, crew",
      "aria-label": "Search jobs",
      autocomplete: "off",
      oninput: (event) => this.#set({ ...this.#filter, text: event.target.value }),
    });
    for (const [name, label] of Object.entries(FILTERS)) {
      this.#chips[name] = el(
        "button.chip",
        {
          type: "button",
          "aria-pressed": "false",
          onclick: () => this.#set({ ...this.#filter, [name]: !this.#filter[name] }),
        },
        label,
      );
    }
    const fresh = el("span", {});
    const searching = el(
      "div.searching",
      {},
      el("div.search", {}, icon("search"), this.#search),
      el("div.chips", { role: "group", "aria-label": "Filters" }, Object.values(this.#chips)),
    );
    const flows = el("div.flows", { role: "group", "aria-label": "Kind of job" });
    const views = el("div.flows.views", { role: "group", "aria-label": "View" }, this.#viewNodes());
    const unread = el("span.count.numbers", { "data-testid": "unread-count", hidden: true });
    this.#parts = { views, flows, searching, fresh, unread };
    fill(
      this.#root,
      brand(),
      views,
      flows,
      searching,
      el("p.fresh.small.numbers", { "data-testid": "freshness" }, el("span.dot"), fresh),
      mayCreate &&
        el(
          "button.button.main.compact.new-job",
          { type: "button", onclick: newJob, "data-testid": "new-job-button" },
          icon("plus"),
          el("span", {}, "New job"),
        ),
      mayCreate &&
        el(
          "button.button.plain.compact",
          { type: "button", onclick: messages, "data-testid": "messages-button" },
          icon("message"),
          "Messages",
          unread,
        ),
      el(
        "div.account",
        {},
        el("a.button.plain.compact", { href: "/history/" }, "History"),
        mayCreate && el("a.button.plain.compact", { href: "/reports/" }, "Reports"),
        mayCreate &&
          el(
            "button.button.plain.round",
            {
              type: "button",
              "aria-label": "Alerts",
              title: "Alerts",
              onclick: alerts,
              "data-testid": "alerts",
            },
            icon("alerts"),
          ),
        (user.roles ?? []).includes("owner") &&
          el("a.button.plain.compact", { href: "/settings/" }, "Settings"),
        ["owner", "ops"].some((role) => (user.roles ?? []).includes(role)) &&
          el("a.button.plain.compact", { href: "/ops/" }, "Ops"),
        el("span.small", { title: user.account }, user.name || user.account),
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
    );
  }

  #drawUnread(number) {
    const { unread } = this.#parts;
    unread.hidden = number === 0;
    say(unread, number === 0 ? "" : `${number} new`);
  }

  #viewNodes() {
    return Object.entries(VIEWS).map(([name, label]) =>
      el(
        "button.flow",
        { type: "button", "data-view": name, onclick: () => this.#act.view(name) },
        label,
      ),
    );
  }

  /** Search and filters are only for the board. */
  #drawViews(view) {
    const { views, searching } = this.#parts;
    views.hidden = view === null;
    searching.hidden = view === "day";
    for (const button of views.children)
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  #drawFlows(flows, names, chosen) {
    const { flows: group } = this.#parts;
    group.hidden = names.length < 2;
    const says = `${names.join()} ${chosen}`;
    if (group.dataset.says === says) return;
    group.dataset.says = says;
    fill(
      group,
      names.map((name) =>
        el(
          "button.flow",
          {
            type: "button",
            "aria-pressed": String(name === chosen),
            "data-flow": name,
            onclick: () => this.#act.flow(name),
          },
          flows[name].label.en,
        ),
      ),
    );
  }

  #set(filter) {
    this.#filter = filter;
    for (const [name, chip] of Object.entries(this.#chips))
      chip.setAttribute("aria-pressed", String(filter[name]));
    this.#act.filter(filter);
  }

  /** Shows the age of the data, and a banner if something is wrong. Called every second. */
  drawFreshness({ kind, age_ms, clock }) {
    if (this.#parts === null) return;
    const ago = age_ms === null ? null : agoText(age_ms);
    const old = kind !== "current" || age_ms > OLD_MS;
    const line = this.#parts.fresh;
    line.parentElement.dataset.tone = age_ms === null ? "unknown" : old ? "old" : "live";
    const says = [`Updated ${ago}`, clock].filter(Boolean).join(" · ");
    say(line, ago === null ? "Loading…" : says);
    this.#drawBanner(kind, ago);
  }

  #drawBanner(kind, ago) {
    const since = ago === null ? "" : ` Last updated ${ago}.`;
    const says = {
      offline: [
        "offline",
        "You are offline.",
        `${since} You can move jobs again once you are online.`,
      ],
      trouble: ["alert", "The board cannot be reached right now. Trying again…", since],
    }[kind];
    if (!says) return this.#banner.firstChild && fill(this.#banner);
    const [sign, title, rest] = says;
    if (this.#banner.dataset.kind !== kind || this.#banner.firstChild === null) {
      this.#banner.dataset.kind = kind;
      fill(
        this.#banner,
        el(
          "div.notice.warn.banner",
          { "data-testid": "banner", "data-kind": kind },
          icon(sign),
          el("p", {}, el("strong", {}, title), el("span", { "aria-live": "off" })),
        ),
      );
    }
    say(this.#banner.querySelector("span"), rest);
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
