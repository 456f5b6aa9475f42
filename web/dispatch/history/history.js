// The history page: connects the session (state) with the question, the results, and the drawer.

import { browserTiming, followBrowser } from "/shared/api/browser_session.js";
import { Drawer } from "/dispatch/drawer.js";
import { MoveMaker } from "/dispatch/make_move.js";
import { NewJobDialog } from "/dispatch/new_job.js";
import { byId, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { Notices } from "/shared/ui/notices.js";
import { signInForm } from "/shared/ui/sign_in_form.js";
import { HistoryApi } from "/dispatch/history/state/history_api.js";
import { HistorySession } from "/dispatch/history/state/history_session.js";
import { addressOf, historyIn } from "/dispatch/history/state/history_address.js";
import { bareHeader, pageHeader } from "/shared/ui/page_header.js";
import { announce, customerPanel, emptyResults, resultsList } from "./results.js";
import { SearchForm } from "./search_form.js";

const POLL_MS = 60_000;
const NO_ROSTER = { members: [], trucks: [] };

class HistoryPage {
  #root = byId("history");
  #notices = new Notices();
  #service = new HistoryApi();
  #session = new HistorySession({
    ...browserTiming("haulway.dispatch"),
    interval_ms: POLL_MS,
    service: this.#service,
    onChange: () => this.#draw(),
  });
  #drawer = new Drawer({
    session: this.#session,
    moveMaker: new MoveMaker({
      session: this.#session,
      notices: this.#notices,
      openJob: (job_id) => this.#openJob(job_id),
    }),
    notices: this.#notices,
    onClosed: (job_id) => this.#jobClosed(job_id),
    bookAgain: (detail) => this.#bookAgain(detail),
  });
  #place = historyIn(location);
  #customer = null;
  #form = null;
  #top = el("div");
  #list = el("div", { "data-testid": "results" });
  #signedInAs = "";

  async start() {
    window.addEventListener("popstate", () => this.#turnTo(historyIn(location)));
    followBrowser(this.#session);
    try {
      if (await this.#session.resume()) await this.#begin();
      else this.#draw();
    } catch {
      this.#show("trouble", () =>
        emptyResults(
          "The history cannot be reached",
          el("button.button", { type: "button", onclick: () => location.reload() }, "Try again"),
        ),
      );
    }
  }

  /** Someone is signed in: builds the page and asks what the address asks. */
  async #begin() {
    const { flows, seesRoster } = this.#session;
    const { members, trucks } = seesRoster ? await this.#roster() : NO_ROSTER;
    const onAsked = (question) => this.#asked(question);
    this.#form = new SearchForm({ flows, crew: members, trucks, onAsked });
    this.#form.show(this.#place.question);
    fill(byId("toolbar"), pageHeader(this.#session.user, null, () => this.#signOut()));
    this.#show("shown", () => [this.#top, this.#list]);
    await this.#turnTo(this.#place);
    if (this.#place.job === null) this.#form.focus();
  }

  async #roster() {
    try {
      return await this.#session.crew({});
    } catch {
      return NO_ROSTER; // the other filters work without it
    }
  }

  // What is shown

  #show(scene, build) {
    if (this.#root.dataset.scene === scene) return;
    this.#root.dataset.scene = scene;
    fill(this.#root, build());
  }

  #draw() {
    const { user, freshness } = this.#session;
    if (user === null || freshness.kind === "signed_out") return this.#drawSignIn();
    if (this.#form === null) return;
    this.#drawResults();
    this.#drawer.follow();
  }

  #drawResults() {
    const { flows, zone, currency, found, hasMore, isAnswered } = this.#session;
    const cards = this.#customer?.latest.map((card) => this.#session.board.card(card.job_id) ?? card) ?? found;
    const openJob = (job_id) => this.#openJob(job_id);
    this.#list.setAttribute("aria-busy", String(!isAnswered));
    if (cards.length === 0 && !isAnswered && this.#customer === null) return;
    announce(byId("said"), said(cards.length, hasMore));
    keepingFocus(this.#list, () =>
      fill(
        this.#list,
        cards.length === 0 && !hasMore && emptyResults("No job fits"),
        resultsList(cards, { flows, zone, currency, openJob }),
        hasMore && this.#customer === null && this.#moreButton(),
      ),
    );
  }

  #moreButton() {
    const more = () => this.#try(() => this.#session.more());
    const attributes = { type: "button", onclick: more, "data-focus": "more", "data-testid": "more" };
    return el("div.more-results", {}, el("button.button", attributes, "Show earlier jobs"));
  }

  #drawSignIn() {
    if (this.#root.dataset.scene === "sign-in") return;
    this.#drawer.close();
    this.#form = null;
    fill(byId("toolbar"), bareHeader());
    this.#show("sign-in", () =>
      signInForm({
        account: this.#signedInAs,
        signIn: async (account, password) => {
          await this.#session.signIn(account, password);
          this.#signedInAs = account;
          await this.#begin();
        },
      }),
    );
    this.#root.querySelector("input").focus();
  }

  // Actions

  /** A question was typed: it replaces the one in the address. */
  #asked(question) {
    this.#place = { ...this.#place, question };
    history.replaceState(history.state, "", `${location.pathname}${addressOf(this.#place)}`);
    return this.#try(() => this.#session.ask(question));
  }

  #goTo(place) {
    history.pushState({ ours: true }, "", `${location.pathname}${addressOf(place)}`);
    return this.#turnTo(place);
  }

  async #turnTo(place) {
    this.#place = place;
    if (this.#form === null) return;
    if (place.job === null) this.#drawer.close();
    else if (this.#drawer.job_id !== place.job) this.#drawer.open(place.job);
    if (place.customer !== null) return this.#showCustomer(place.customer);
    this.#customer = null;
    if (this.#top.firstChild !== this.#form.node) {
      fill(this.#top, this.#form.node);
      await this.#try(() => this.#session.ask(place.question));
    }
    this.#draw();
  }

  async #showCustomer(job_id) {
    if (this.#customer?.shownFor === job_id) return this.#draw();
    await this.#try(async () => {
      const customer = await this.#service.customer(job_id);
      if (this.#place.customer !== job_id) return;
      this.#customer = { ...customer, shownFor: job_id };
      const leave = () => this.#goTo({ ...this.#place, customer: null });
      fill(this.#top, customerPanel(customer, { leave, zone: this.#session.zone }));
      this.#draw();
    });
  }

  #openJob(job_id) {
    if (this.#drawer.job_id !== job_id) this.#goTo({ ...this.#place, job: job_id });
  }

  /** Removes the job from the address: one step back, unless the visit began with this job. */
  #jobClosed(job_id) {
    if (this.#place.job === job_id) {
      this.#place = { ...this.#place, job: null };
      if (history.state?.ours) history.back();
      else history.replaceState(null, "", `${location.pathname}${addressOf(this.#place)}`);
    }
    this.#list.querySelector(`[data-job="${job_id}"]`)?.focus();
  }

  #bookAgain(detail) {
    const { flows, defaultFlow, zone } = this.#session;
    const now_ms = () => this.#session.now_ms;
    new NewJobDialog({ flows, defaultFlow, zone, now_ms, service: this.#session, like: detail }).open();
  }

  async #try(act) {
    try {
      await act();
    } catch {
      if (this.#session.user !== null) this.#notices.bad("No answer came. Please try again.");
    }
  }

  async #signOut() {
    try {
      await this.#session.signOut();
    } catch {
      this.#notices.bad("You are still signed in because there is no connection. Please try again.");
    }
  }
}

function said(number, more) {
  return `${number}${more ? " or more" : ""} ${number === 1 ? "job" : "jobs"}`;
}

new HistoryPage().start();
