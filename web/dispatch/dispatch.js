// The dispatch page: connects the session (state) with the toolbar, the board, and the dialogs.

import { browserTiming, followBrowser } from "/shared/api/browser_session.js";
import { Api } from "/shared/api/api.js";
import { DispatchApi } from "/dispatch/state/dispatch_api.js";
import { DispatchSession } from "/dispatch/state/dispatch_session.js";
import { byId } from "/shared/ui/elements.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { SECOND_MS } from "/shared/ui/time.js";
import { queryFor, viewIn } from "/dispatch/state/page_address.js";
import { overdueMs } from "/dispatch/state/board.js";
import { zoneText } from "/shared/ui/business_time.js";
import { loading, noJobs, noMatch, unreachable } from "./empty_board.js";
import { BoardAlerts } from "./board_alerts.js";
import { BoardView } from "./board_view.js";
import { BusinessBar } from "./business_bar.js";
import { DayPage } from "./day_page.js";
import { DragAndDrop } from "./drag_and_drop.js";
import { Drawer } from "./drawer.js";
import { KeyboardMoves } from "./keyboard.js";
import { MessagesDialog } from "./messages_dialog.js";
import { openMoveMenu } from "./move_menu.js";
import { MoveMaker } from "./make_move.js";
import { NewJobDialog } from "./new_job.js";
import { Notices } from "../shared/ui/notices.js";
import { signInForm } from "../shared/ui/sign_in_form.js";
import { Toolbar } from "./toolbar.js";

const FLOW = "haulway.dispatch.flow";
const REDRAW_EVERY_MS = 15_000;

class DispatchPage {
  #root = byId("board");
  #memory = deviceMemory();
  #notices = new Notices();
  #view = new BoardView(this.#root);
  #session = new DispatchSession({
    ...browserTiming("haulway.dispatch"),
    service: new DispatchApi(new Api()),
    onChange: () => this.#draw(),
  });
  #toolbar = new Toolbar(byId("toolbar"), byId("banner"), {
    filter: () => this.#draw(),
    flow: (name) => this.#chooseFlow(name),
    view: (view) => this.#goTo({ view, date: null, job: null }),
    newJob: () => this.#newJob(),
    alerts: () => this.#alerts.choose(),
    messages: () => this.#messages.open(),
    signOut: () => this.#signOut(),
  });
  #alerts = new BoardAlerts({
    memory: this.#memory,
    notices: this.#notices,
    openJob: (job_id) => this.#openJob(job_id),
    openConversation: (conversation) => this.#messages.open(conversation),
  });
  #moveMaker = new MoveMaker({
    session: this.#session,
    notices: this.#notices,
    openJob: (job_id) => this.#openJob(job_id),
  });
  #dragging;
  #drawer = new Drawer({
    session: this.#session,
    moveMaker: this.#moveMaker,
    notices: this.#notices,
    onClosed: (job_id) => this.#jobClosed(job_id),
    bookAgain: (detail) => this.#newJob(detail),
  });
  #day = new DayPage({
    session: this.#session,
    notices: this.#notices,
    openJob: (job_id) => this.#openJob(job_id),
    goTo: (date) => this.#goTo({ view: "day", date, job: null }),
    redraw: () => this.#draw(),
  });
  #messages = new MessagesDialog(this.#session, this.#notices, (job_id) => this.#openJob(job_id));
  #business = new BusinessBar({ redraw: () => this.#draw() });
  #place = viewIn(location.search);
  #signedInAs = "";

  async start() {
    const cardOf = (job_id) => this.#session.board.card(job_id);
    const holding = { view: this.#view, cardOf, moveMaker: this.#moveMaker };
    this.#dragging = new DragAndDrop(this.#root, { ...holding, onEnd: () => this.#draw() });
    new KeyboardMoves(this.#root, {
      ...holding,
      flowOf: (card) => this.#session.flowOf(card),
      notices: this.#notices,
      openMenu: (job_id) => this.#openMenu(job_id),
    });
    this.#root.addEventListener("click", (event) => this.#click(event));
    window.addEventListener("popstate", () => this.#turnTo(viewIn(location.search)));
    setInterval(() => this.#drawFreshness(), SECOND_MS);
    setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    followBrowser(this.#session);
    await this.#resume();
  }

  async #resume() {
    try {
      await this.#session.resume();
      this.#draw();
    } catch {
      this.#view.showInstead(
        "trouble",
        unreachable(() => location.reload()),
      );
    }
  }

  // What is shown

  #draw() {
    if (this.#dragging?.busy) return; // a card that is being dragged stays where it is; onEnd draws
    const { user, freshness } = this.#session;
    if (user === null || freshness.kind === "signed_out") return this.#drawSignIn();
    this.#alerts.tell(this.#session.takeNews());
    const flowName = this.#flowName();
    this.#toolbar.show({
      user,
      flows: this.#session.flows,
      flowNames: this.#session.flowNames,
      flowName,
      view: this.#session.seesRoster ? this.#place.view : null,
      mayCreate: this.#session.isDispatcher,
      unread: this.#session.unread.all,
    });
    this.#business.show(user);
    this.#drawFreshness();
    if (this.#isDay) this.#drawDay();
    else this.#drawBoard(flowName);
    this.#drawer.follow();
    this.#messages.follow();
    this.#openLinked();
    this.#drawTitle();
  }

  #drawFreshness() {
    const { freshness, age_ms, zone } = this.#session;
    this.#toolbar.drawFreshness({ ...freshness, age_ms, clock: zoneText(zone) });
  }

  get #isDay() {
    return this.#place.view === "day" && this.#session.seesRoster;
  }

  #drawDay() {
    this.#view.showInstead("day", this.#day.node);
    this.#day.draw(this.#place.date);
  }

  #drawBoard(flowName) {
    const { board, now_ms, zone, currency, trucks, freshness, unread } = this.#session;
    const columns = this.#session.columns(flowName, this.#toolbar.filter);
    const any = board.shown().length > 0;
    const matching = columns.some(({ cards }) => cards.length > 0);
    const filtered = Object.values(this.#toolbar.filter).some(Boolean);
    if (!any && freshness.checked_at_ms === null) this.#view.showInstead("loading", loading());
    else if (!any) this.#view.showInstead("empty", noJobs(this.#newJobOrNull));
    else if (!matching && filtered)
      this.#view.showInstead(
        "no-match",
        noMatch(() => this.#toolbar.clearFilter()),
      );
    else this.#view.show(flowName, columns, { now_ms, zone, currency, trucks, unread: unread.byJob });
  }

  #drawSignIn() {
    if (this.#root.dataset.scene === "sign-in") return;
    this.#drawer.close();
    this.#messages.close();
    const expired = this.#session.user !== null;
    if (!expired) {
      this.#notices.clear();
      this.#day.clear();
    }
    this.#business.clear();
    this.#toolbar.showBrandOnly();
    document.title = "Sign in · Haulway";
    const form = signInForm({
      account: this.#signedInAs,
      reason: expired ? "Your session has ended. Sign in to continue." : null,
      signIn: async (account, password) => {
        await this.#session.signIn(account, password);
        this.#signedInAs = account;
        this.#draw();
      },
    });
    this.#view.showInstead("sign-in", form);
    form.querySelector("input").focus();
  }

  #drawTitle() {
    const late = this.#session.board
      .shown()
      .filter((card) => overdueMs(card, this.#session.now_ms) !== null).length;
    const title = `${late > 0 ? `(${late} overdue) ` : ""}${this.#isDay ? "Day" : "Board"} · ${this.#business.name ?? "Haulway"}`;
    if (document.title !== title) document.title = title;
  }

  // Actions

  #flowName() {
    const names = this.#session.flowNames;
    const kept = this.#memory.get(FLOW);
    return names.includes(kept) ? kept : names[0];
  }

  #chooseFlow(name) {
    this.#memory.set(FLOW, name);
    this.#draw();
  }

  /** Shows another view, day, or job. Each has its own address, so Back and a reload find it. */
  #goTo(place) {
    history.pushState({ ours: true }, "", `${location.pathname}${queryFor(place)}`);
    this.#turnTo(place);
  }

  #turnTo(place) {
    this.#place = place;
    if (place.job === null) this.#drawer.close();
    this.#draw();
  }

  /** Opens the job that the address names. */
  #openLinked() {
    const { job } = this.#place;
    if (job !== null && this.#drawer.job_id !== job) this.#drawer.open(job);
  }

  /** Removes the job from the address: one step back, unless the visit began with this job. */
  #jobClosed(job_id) {
    const signedOut = this.#session.user === null || this.#session.freshness.kind === "signed_out";
    if (signedOut) return; // after the sign-in, the address opens it again
    if (this.#place.job === job_id) {
      this.#place = { ...this.#place, job: null };
      if (history.state?.ours) history.back();
      else history.replaceState(null, "", `${location.pathname}${queryFor(this.#place)}`);
    }
    this.#focusCard(job_id);
  }

  #click(event) {
    const job_id = event.target.closest(".card")?.dataset.job;
    if (!job_id) return;
    if (event.target.closest(".card-menu")) this.#openMenu(job_id);
    else if (event.target.closest(".card-open")) this.#openJob(job_id);
  }

  /** The card may have been drawn again since the job was opened. */
  #focusCard(job_id) {
    if (this.#isDay) return this.#day.focusOpener();
    this.#view.cardNode(job_id)?.querySelector(".card-open").focus({ preventScroll: true });
  }

  #openMenu(job_id) {
    const card = this.#session.board.card(job_id);
    const anchor = this.#view.cardNode(job_id)?.querySelector(".card-menu");
    if (!card || !anchor || this.#session.board.isMoving(job_id)) return;
    openMoveMenu({
      anchor,
      card,
      flow: this.#session.flowOf(card),
      kind: this.#session.kind,
      make: (move) => this.#moveMaker.make(this.#session.board.card(job_id) ?? card, move),
      openJob: () => this.#openJob(job_id),
    });
  }

  #openJob(job_id) {
    if (this.#drawer.job_id === job_id) return;
    this.#goTo({ ...this.#place, job: job_id });
  }

  /** What the button for a new job does; null if this person may not create one. */
  get #newJobOrNull() {
    return this.#session.isDispatcher ? () => this.#newJob() : null;
  }

  /** With `like`, a job's details, the form is filled in with what that job had. */
  #newJob(like = null) {
    const { flows, defaultFlow, zone } = this.#session;
    const now_ms = () => this.#session.now_ms;
    new NewJobDialog({ flows, defaultFlow, zone, now_ms, service: this.#session, like }).open();
  }

  async #signOut() {
    try {
      await this.#session.signOut();
    } catch {
      this.#notices.bad("You are still signed in because there is no connection. Please try again.");
    }
  }
}

new DispatchPage().start();
