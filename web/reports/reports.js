// The page of reports: which days, by what, and the report of them.

import { Api, NoAnswer, Problem, isSignedOut } from "/shared/api/api.js";
import { StaffBusiness } from "/shared/jobs/staff_business.js";
import { applyAccent, pageTitle } from "/shared/ui/business_brand.js";
import { dayAt, zoneText } from "/shared/ui/business_time.js";
import { byId, el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { Notices } from "/shared/ui/notices.js";
import { signInForm } from "/shared/ui/sign_in_form.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { dateText } from "/shared/ui/time.js";
import { bareHeader, pageHeader } from "/shared/ui/page_header.js";
import { GROUPINGS, PERIODS, addressOf, queryIn } from "/reports/state/report_query.js";
import { ReportsApi, csvAddress } from "/reports/state/reports_api.js";
import { revenueChart } from "./report_chart.js";
import { figuresTable, smallTables, totals, unpaidList } from "./report_parts.js";

const WELCOME = "Reports are for the owner and dispatchers.";

class ReportsPage {
  #root = byId("reports");
  #api = new ReportsApi();
  #notices = new Notices();
  #staff = new StaffBusiness({
    api: new Api(),
    memory: deviceMemory(),
    onLearned: () => this.#drawTop(),
  });
  #session = null;
  #known = null;
  #result = el("div.stack", { "data-testid": "report", "aria-live": "polite" });
  /** Counts the questions, so that an answer to an earlier one is not shown. */
  #asked = 0;

  async start() {
    window.addEventListener("hashchange", () => this.#known && this.#draw());
    await this.#begin(() => this.#api.session());
  }

  async #begin(open) {
    try {
      this.#session = await open();
      this.#known = await this.#api.flows();
    } catch (error) {
      if (isSignedOut(error)) return this.#drawSignIn();
      throw error;
    }
    this.#staff.follow(this.#session);
    this.#draw();
  }

  get #today() {
    return dayAt(Date.now(), this.#known.time_zone);
  }

  get #query() {
    return queryIn(location.hash, this.#today);
  }

  #drawTop() {
    const business = this.#staff.business;
    applyAccent(business?.accent_color ?? null);
    document.title = pageTitle("Reports", business);
    fill(byId("toolbar"), pageHeader(this.#session, business, () => this.#signOut()));
  }

  #draw() {
    this.#drawTop();
    this.#root.dataset.scene = "shown";
    const query = this.#query;
    fill(
      this.#root,
      el("h1", {}, "Reports"),
      this.#form(query),
      zoneText(this.#known.time_zone) && el("p.small.quiet", {}, zoneText(this.#known.time_zone)),
      this.#result,
    );
    this.#read(query);
  }

  #form(query) {
    const period = field("Days", { options: Object.entries(PERIODS), value: query.period });
    const by = field("By", { options: Object.entries(GROUPINGS), value: query.by });
    const first = field("From", { type: "date", value: query.first });
    const last = field("To", { type: "date", value: query.last });
    const go = (changes) => {
      location.hash = addressOf({ ...query, ...changes });
    };
    const other = () => {
      if (first.input.value && last.input.value)
        go({ period: "other", first: first.input.value, last: last.input.value });
    };
    period.input.addEventListener("change", () => go({ period: period.input.value }));
    by.input.addEventListener("change", () => go({ by: by.input.value }));
    for (const { input } of [first, last]) input.addEventListener("change", other);
    return el(
      "form.report-form",
      { onsubmit: (event) => event.preventDefault(), "data-testid": "report-form" },
      [period, first, last, by].map(({ node }) => node),
      el(
        "div.row",
        {},
        el("a.button.compact", { href: csvAddress(query), download: "", "data-testid": "csv" }, "Download CSV"),
        el("button.button.compact", { type: "button", onclick: () => print() }, "Print"),
      ),
    );
  }

  async #read(query) {
    const asked = (this.#asked += 1);
    this.#result.setAttribute("aria-busy", "true");
    try {
      const report = await this.#api.report(query);
      if (asked === this.#asked) this.#show(report);
    } catch (error) {
      if (isSignedOut(error)) return this.#drawSignIn();
      if (asked === this.#asked) fill(this.#result, failure(error, () => this.#read(query)));
    } finally {
      this.#result.removeAttribute("aria-busy");
    }
  }

  #show(report) {
    const { flows } = this.#known;
    const nameOf = (key) => rowName(key, report);
    const dayOf = (at) => dateText(at, "en", report.time_zone);
    fill(
      this.#result,
      totals(report, flows),
      report.rows.length === 0
        ? el("p.panel.quiet", { "data-testid": "no-jobs" }, "No jobs on these days.")
        : el(
            "section.panel",
            { "aria-label": "Revenue" },
            el("h2", {}, `Revenue by ${GROUPINGS[report.by].toLowerCase()}`),
            revenueChart(report.rows, (key) => shortName(key, report), report.currency),
            figuresTable(report, flows, nameOf),
          ),
      unpaidList(report, dayOf),
      smallTables(report, flows),
    );
  }

  #drawSignIn() {
    fill(byId("toolbar"), bareHeader());
    this.#root.dataset.scene = "sign-in";
    const signIn = (account, password) => this.#begin(() => this.#api.signIn(account, password));
    fill(this.#root, signInForm({ welcome: WELCOME, signIn }));
    this.#root.querySelector("input").focus();
  }

  async #signOut() {
    try {
      await this.#api.signOut();
      applyAccent(null);
      this.#drawSignIn();
    } catch {
      this.#notices.bad("You are still signed in: no connection. Please try again.");
    }
  }
}

function rowName(key, { by, names = {} }) {
  if (key === "") return by === "crew" ? "No crew" : "No truck";
  if (by === "day") return dayName(key, { weekday: "short" });
  if (by === "week") return `from ${dayName(key)}`;
  if (by === "month") return monthName(key);
  return names[key] ?? key;
}

/** For the foot of a chart. */
function shortName(key, report) {
  return ["day", "week"].includes(report.by) ? dayName(key) : rowName(key, report);
}

function dayName(day, more = {}) {
  const parts = { ...more, month: "short", day: "numeric", timeZone: "UTC" };
  return new Date(`${day}T12:00:00Z`).toLocaleDateString("en-US", parts);
}

function monthName(month) {
  const parts = { month: "short", year: "numeric", timeZone: "UTC" };
  return new Date(`${month}-15T12:00:00Z`).toLocaleDateString("en-US", parts);
}

function failure(error, again) {
  const refused = error instanceof Problem && error.status < 500;
  const text = refused
    ? error.detail || error.title
    : error instanceof NoAnswer
      ? "No answer came. Check your connection."
      : "The service has trouble. Try again in a moment.";
  return el(
    "div.notice.bad",
    { role: "alert", "data-testid": "failed" },
    icon("alert"),
    el("p", {}, text),
    !refused && el("button.button.compact", { type: "button", onclick: again }, icon("reload"), "Try again"),
  );
}

new ReportsPage().start();
