// One dispatcher at work: session, flows, the board and its feed, and what is asked of the API.
// The browser's things (clock, timers, a channel to the other tabs) come in as arguments.

import { isSignedOut } from "../../shared/api/api.js";
import { Board, cardOf, columnsOf, flowsInUse, passes } from "./board.js";
import { Feed, clockAheadMs } from "../../shared/api/refresh_timer.js";
import { actorKind, isLostRace } from "../../shared/jobs/moves.js";

const ROSTER_READERS = ["owner", "dispatcher", "supervisor", "ops"];

export class Desk {
  board = new Board();
  flows = {};
  fallback = null;
  /** The business's clock, which every time on the desk goes by; unknown, it is this device's. */
  zone = undefined;
  session = null;
  /** The names of trucks, as far as the roster was read. */
  trucks = new Map();
  #service;
  #clock;
  #setTimer;
  #clearTimer;
  #onChange;
  #channel;
  #feed;
  #etag = null;
  #timer = null;
  #aheadMs = 0;
  #visit = 0;

  /** `onChange()` is called whenever something may have to be shown again. */
  constructor({ service, clock, setTimer, clearTimer, onChange, channel = null, random }) {
    this.#service = service;
    this.#clock = clock;
    this.#setTimer = setTimer;
    this.#clearTimer = clearTimer;
    this.#onChange = onChange;
    this.#channel = channel;
    this.#feed = new Feed(clock(), { random });
    channel?.addEventListener("message", ({ data }) => this.#heard(data));
  }

  /** {kind, checked_at_ms, failures} of the board's data. */
  get fresh() {
    return this.#feed.state;
  }

  /** The age of what is shown, by this device's clock; null before the first answer. */
  get age_ms() {
    const { checked_at_ms } = this.#feed.state;
    return checked_at_ms === null ? null : Math.max(0, this.#clock() - checked_at_ms);
  }

  /** Now, as the server has it: ages and overdue marks must not depend on this device's clock. */
  get now_ms() {
    return this.#clock() + this.#aheadMs;
  }

  get kind() {
    return actorKind(this.session?.roles);
  }

  get isDispatcher() {
    return this.kind === "dispatcher";
  }

  /** Whether the roster may be read: whose day it is, and who is free. */
  get seesRoster() {
    return (this.session?.roles ?? []).some((role) => ROSTER_READERS.includes(role));
  }

  /** The flows that have cards now, the default one first. */
  get flowNames() {
    return flowsInUse(this.flows, this.board.shown(), this.fallback);
  }

  flowOf(card) {
    return this.flows[card.flow];
  }

  /** The columns of one flow with the cards that pass the filter. */
  columns(flowName, filter) {
    const cards = this.board.shown().filter((card) => card.flow === flowName);
    return columnsOf(
      this.flows[flowName],
      cards.filter((card) => passes(card, filter, this.now_ms, this.zone)),
    );
  }

  /** Something about the cards has changed from outside, as a move that is being thought over. */
  show() {
    this.#onChange();
  }

  // Signing in and out

  /** Carry on the session the browser has. False where there is none; raises NoAnswer, Problem. */
  async resume() {
    try {
      return await this.#begin(await this.#service.session());
    } catch (error) {
      if (isSignedOut(error)) return false;
      throw error;
    }
  }

  /** Raises Problem `wrong-credentials`, NoAnswer and others. */
  async signIn(account, password) {
    return this.#begin(await this.#service.signIn(account, password));
  }

  /** Raises NoAnswer or Problem where we are still signed in. */
  async signOut() {
    await this.#service.signOut();
    this.#channel?.postMessage("signed_out");
    this.#end();
  }

  async #begin(session) {
    const { flows, default: fallback, time_zone } = await this.#service.flows();
    if (this.session?.account !== session.account) this.board.clear();
    Object.assign(this, { session, flows, fallback, zone: time_zone });
    this.#visit += 1;
    this.#etag = null;
    this.#feed.signal("signed_in", this.#clock());
    this.#plan();
    return true;
  }

  /** Nothing of a job stays behind on a device that someone has left. */
  #end() {
    this.session = null;
    this.trucks = new Map();
    this.#visit += 1;
    this.board.clear();
    this.#etag = null;
    this.#expire();
  }

  // The feed

  /** "hidden", "visible", "offline", "online", "nudge": see Feed. */
  signal(name) {
    this.#feed.signal(name, this.#clock());
    this.#plan();
    this.#onChange();
  }

  #plan() {
    this.#clearTimer(this.#timer);
    const due_ms = this.session === null ? null : this.#feed.due_ms(this.#clock());
    if (due_ms !== null) this.#timer = this.#setTimer(() => this.#look(), due_ms);
  }

  async #look() {
    const visit = this.#visit;
    this.#feed.asked(this.#clock());
    const outcome = await this.#read(visit);
    this.#feed.answered(visit === this.#visit ? outcome : "void", this.#clock());
    this.#plan();
    this.#onChange();
  }

  async #read(visit) {
    try {
      const answer = await this.#service.board(this.#etag);
      this.#aheadMs = clockAheadMs(answer.date, this.#clock());
      if (answer.status === 304) return "unchanged";
      if (visit !== this.#visit) return "unchanged";
      this.board.takeAll(answer.body.jobs, this.#clock());
      this.#etag = answer.etag;
      return "fresh";
    } catch (error) {
      return isSignedOut(error) ? "signed_out" : { retry_after_ms: error.retry_after_ms ?? 0 };
    }
  }

  #heard(message) {
    if (message === "signed_out") this.#end();
    else if (message === "nudge") this.signal("nudge");
  }

  /** Something changed by our doing: look soon, and let the other tabs look. */
  #spread() {
    this.#channel?.postMessage("nudge");
    this.signal("nudge");
  }

  // Work

  /**
   * Make a move: {kept, detail}. The card is shown in its new column at once and goes back where
   * the move is refused; then the newest state is fetched, and the error raised.
   */
  async move(card, move, { reason } = {}) {
    this.board.begin(card.job_id, move.to);
    this.#onChange();
    try {
      const request = { move: move.name, expected_rev: card.rev, reason };
      const { kept, detail } = await this.#service.move(card.job_id, request);
      if (!kept) this.#take(detail);
      return { kept, detail };
    } catch (error) {
      await this.#catchUp(card, error);
      throw error;
    } finally {
      this.board.settle(card.job_id);
      this.#spread();
    }
  }

  /**
   * The job after `changes`. Raises Problem `job-changed` where it is no longer at `detail.rev`;
   * a note alone can be added at any time.
   */
  async edit(detail, changes) {
    const rev = Object.keys(changes).join() === "note" ? null : detail.rev;
    try {
      return this.#take(await this.#service.edit(detail.job_id, changes, rev));
    } finally {
      this.#spread();
    }
  }

  /** The job with all details, newest. */
  async detail(job_id) {
    return this.#take(await this.#service.job(job_id));
  }

  /** The roster between two days, both included; without days, of today and tomorrow. */
  async crew(days) {
    const crew = await this.#signedIn(() => this.#service.crew(days));
    this.trucks = new Map(crew.trucks.map(({ truck, name }) => [truck, name]));
    return crew;
  }

  /** Set when someone is there on a day; null: as on any other day. */
  async setDay(member, date, day) {
    return this.#signedIn(() => this.#service.setDay(member, date, day));
  }

  async #signedIn(ask) {
    try {
      return await ask();
    } catch (error) {
      if (isSignedOut(error)) this.#expire();
      throw error;
    }
  }

  /** {job_id, tracking_url} of a new job; its card is there at once. */
  async create(request, key) {
    const created = await this.#service.create(request, key);
    try {
      await this.detail(created.job_id);
    } catch {
      // the job is booked all the same: the board will bring its card
    }
    this.#spread();
    return created;
  }

  #take(detail) {
    const flow = this.flows[detail.flow];
    if (flow) this.board.takeOwn(cardOf(detail, flow), this.#clock());
    this.#onChange();
    return detail;
  }

  /** After a lost race the board may not know yet what happened; the job itself does. */
  async #catchUp(card, error) {
    if (isSignedOut(error)) return this.#expire();
    if (!isLostRace(error)) return;
    try {
      await this.detail(card.job_id);
    } catch {
      // the refusal is what matters; the feed will bring the card
    }
  }

  /** The session ran out: the board stays, so that signing in again goes on where it was. */
  #expire() {
    this.#feed.signal("signed_out", this.#clock());
    this.#plan();
    this.#onChange();
  }
}
