// The dispatch page: wires the desk (state) to toolbar, columns, drawer and dialogs.

import { makeDesk } from "/dispatch/state/dispatch_api.js";
import { byId } from "/shared/ui/elements.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { SECOND_MS } from "/shared/ui/time.js";
import { queryFor, viewIn } from "/dispatch/state/page_address.js";
import { overdueMs } from "/dispatch/state/board.js";
import { loading, noJobs, noMatch, unreachable } from "./empty_board.js";
import { BoardView } from "./board_view.js";
import { Dragging } from "./drag_and_drop.js";
import { Keyboard } from "./keyboard.js";
import { openMoveMenu } from "./move_menu.js";
import { Moving } from "./make_move.js";
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
  #desk = makeDesk(() => this.#draw());
  #toolbar = new Toolbar(byId("toolbar"), byId("banner"), {
    filter: () => this.#draw(),
    flow: (name) => this.#chooseFlow(name),
    view: (view) => this.#goTo({ view, date: null, job: null }),
    newJob: () => this.#newJob(),
    signOut: () => this.#signOut(),
  });
  #moving = new Moving({
    desk: this.#desk,
    notices: this.#notices,
    openJob: (job_id) => this.#openJob(job_id),
  });
  #dragging;
  #drawer = null;
  #day = null;
  #business = null;
  /** By which clock times are, where that is another than the device's. */
  #clockOf = () => "";
  #later = null;
  #place = viewIn(location.search);
  #signedInAs = "";

  async start() {
    const cardOf = (job_id) => this.#desk.board.card(job_id);
    const holding = { view: this.#view, cardOf, moving: this.#moving };
    this.#dragging = new Dragging(this.#root, { ...holding, onEnd: () => this.#draw() });
    new Keyboard(this.#root, {
      ...holding,
      flowOf: (card) => this.#desk.flowOf(card),
      notices: this.#notices,
      openMenu: (job_id) => this.#openMenu(job_id),
    });
    this.#root.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("visibilitychange", () =>
      this.#desk.signal(document.hidden ? "hidden" : "visible"),
    );
    window.addEventListener("popstate", () => this.#turnTo(viewIn(location.search)));
    window.addEventListener("online", () => this.#desk.signal("online"));
    window.addEventListener("offline", () => this.#desk.signal("offline"));
    setInterval(() => this.#drawFreshness(), SECOND_MS);
    setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    if (document.hidden) this.#desk.signal("hidden");
    if (navigator.onLine === false) this.#desk.signal("offline");
    await this.#resume();
  }

  async #resume() {
    try {
      await this.#desk.resume();
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
    if (this.#dragging?.busy) return; // a card in the hand stays where it is; onEnd draws
    const { session, fresh } = this.#desk;
    if (session === null || fresh.kind === "signed_out") return this.#drawSignIn();
    const flowName = this.#flowName();
    this.#toolbar.show({
      session,
      flows: this.#desk.flows,
      flowNames: this.#desk.flowNames,
      flowName,
      view: this.#desk.seesRoster ? this.#place.view : null,
      mayCreate: this.#desk.isDispatcher,
    });
    this.#business?.show(session);
    this.#drawFreshness();
    if (this.#isDay) this.#drawDay();
    else this.#drawBoard(flowName);
    this.#drawer?.follow();
    this.#openLinked();
    this.#load();
    this.#drawTitle();
  }

  #drawFreshness() {
    const { fresh, age_ms, zone } = this.#desk;
    this.#toolbar.drawFreshness({ ...fresh, age_ms, clock: this.#clockOf(zone) });
  }

  get #isDay() {
    return this.#place.view === "day" && this.#desk.seesRoster;
  }

  #drawDay() {
    if (this.#day === null) return this.#view.showInstead("loading", loading());
    this.#view.showInstead("day", this.#day.node);
    this.#day.draw(this.#place.date);
  }

  #drawBoard(flowName) {
    const { board, now_ms, zone, fresh } = this.#desk;
    const columns = this.#desk.columns(flowName, this.#toolbar.filter);
    const any = board.shown().length > 0;
    const matching = columns.some(({ cards }) => cards.length > 0);
    const filtered = Object.values(this.#toolbar.filter).some(Boolean);
    if (!any && fresh.checked_at_ms === null) this.#view.showInstead("loading", loading());
    else if (!any) this.#view.showInstead("empty", noJobs(this.#newJobOrNull));
    else if (!matching && filtered)
      this.#view.showInstead(
        "no-match",
        noMatch(() => this.#toolbar.clearFilter()),
      );
    else this.#view.show(flowName, columns, now_ms, zone);
  }

  #drawSignIn() {
    if (this.#root.dataset.scene === "sign-in") return;
    this.#drawer?.close();
    const expired = this.#desk.session !== null;
    if (!expired) {
      this.#notices.clear();
      this.#day?.clear();
    }
    this.#business?.clear();
    this.#toolbar.showBare();
    document.title = "Sign in · Haulway";
    const form = signInForm({
      account: this.#signedInAs,
      reason: expired ? "Your session has ended. Sign in to carry on." : null,
      signIn: async (account, password) => {
        await this.#desk.signIn(account, password);
        this.#signedInAs = account;
        this.#draw();
      },
    });
    this.#view.showInstead("sign-in", form);
    form.querySelector("input").focus();
  }

  #drawTitle() {
    const late = this.#desk.board
      .shown()
      .filter((card) => overdueMs(card, this.#desk.now_ms) !== null).length;
    const title = `${late > 0 ? `(${late} overdue) ` : ""}${this.#isDay ? "Day" : "Board"} · ${this.#business?.name ?? "Haulway"}`;
    if (document.title !== title) document.title = title;
  }

  // What is done

  #flowName() {
    const names = this.#desk.flowNames;
    const kept = this.#memory.get(FLOW);
    return names.includes(kept) ? kept : names[0];
  }

  #chooseFlow(name) {
    this.#memory.set(FLOW, name);
    this.#draw();
  }

  /** Another view, day or job, with an address of its own, so that Back and a reload find it. */
  #goTo(place) {
    history.pushState({ ours: true }, "", `${location.pathname}${queryFor(place)}`);
    this.#turnTo(place);
  }

  #turnTo(place) {
    this.#place = place;
    if (place.job === null) this.#drawer?.close();
    this.#draw();
  }

  /** The job of the address is open, once someone is signed in and the drawer is there. */
  #openLinked() {
    const { job } = this.#place;
    if (job !== null && this.#drawer && this.#drawer.job_id !== job) this.#drawer.open(job);
  }

  /** Its address goes with it: back to where it was opened from, unless the visit began here. */
  #jobClosed(job_id) {
    const signedOut = this.#desk.session === null || this.#desk.fresh.kind === "signed_out";
    if (signedOut) return; // the address stays for after the sign-in
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

  /** The card that was opened may have been drawn again meanwhile. */
  #focusCard(job_id) {
    if (this.#isDay) return this.#day?.focusOpener();
    this.#view.cardNode(job_id)?.querySelector(".card-open").focus({ preventScroll: true });
  }

  #openMenu(job_id) {
    const card = this.#desk.board.card(job_id);
    const anchor = this.#view.cardNode(job_id)?.querySelector(".card-menu");
    if (!card || !anchor || this.#desk.board.isMoving(job_id)) return;
    openMoveMenu({
      anchor,
      card,
      flow: this.#desk.flowOf(card),
      kind: this.#desk.kind,
      make: (move) => this.#moving.make(this.#desk.board.card(job_id) ?? card, move),
      openJob: () => this.#openJob(job_id),
    });
  }

  async #openJob(job_id) {
    if ((await this.#loaded()) === null || this.#drawer.job_id === job_id) return;
    this.#goTo({ ...this.#place, job: job_id });
  }

  /** What a button for a new job does; null for those who may not make one. */
  get #newJobOrNull() {
    return this.#desk.isDispatcher ? () => this.#newJob() : null;
  }

  async #newJob() {
    (await this.#loaded())?.newJob();
  }

  /** What the first view does without is fetched as soon as the board stands; null: it could not. */
  #load() {
    this.#later ??= this.#loadLater().catch(() => (this.#later = null));
    return this.#later;
  }

  async #loaded() {
    const later = await this.#load();
    if (later === null)
      this.#notices.bad("This could not be opened: no connection. Please try again.");
    return later;
  }

  async #loadLater() {
    const { dressed } = await import("./deferred_views.js");
    const { drawer, day, business, newJob, clockOf } = await dressed({
      desk: this.#desk,
      moving: this.#moving,
      notices: this.#notices,
      openJob: (job_id) => this.#openJob(job_id),
      goTo: (date) => this.#goTo({ view: "day", date, job: null }),
      redraw: () => this.#draw(),
      onClosed: (job_id) => this.#jobClosed(job_id),
    });
    this.#drawer = drawer;
    this.#day = day;
    this.#business = business;
    this.#clockOf = clockOf;
    this.#draw();
    return { drawer, newJob };
  }

  async #signOut() {
    try {
      await this.#desk.signOut();
    } catch {
      this.#notices.bad("You are still signed in: no connection. Please try again.");
    }
  }
}

new DispatchPage().start();
