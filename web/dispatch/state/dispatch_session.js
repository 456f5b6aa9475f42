// What a dispatcher sees and does: the board, which is polled, and the requests to the API.

import { isSignedOut } from "../../shared/api/api.js";
import { PollingSession } from "../../shared/api/polling_session.js";
import { isLostRace } from "../../shared/jobs/moves.js";
import { newsIn, textsIn } from "./board_news.js";
import { Board, cardOf, columnsOf, flowsInUse, passes } from "./board.js";
import { unreadIn } from "./conversation.js";

const ROSTER_READERS = ["owner", "dispatcher", "supervisor", "ops"];

export class DispatchSession extends PollingSession {
  board = new Board();
  /** The names of the trucks; empty until the roster has been read. */
  trucks = new Map();
  /** The conversations with customers, unread ones first; empty for those who may not read them. */
  conversations = [];
  #service;
  #etag = null;
  #news = [];

  constructor(options) {
    super(options);
    this.#service = options.service;
  }

  get isDispatcher() {
    return this.kind === "dispatcher";
  }

  /** Whether this person may read the roster. */
  get seesRoster() {
    return (this.user?.roles ?? []).some((role) => ROSTER_READERS.includes(role));
  }

  /** The flows that have cards now, the default one first. */
  get flowNames() {
    return flowsInUse(this.flows, this.board.shown(), this.defaultFlow);
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

  async begin(user) {
    this.#etag = null;
    return super.begin(user);
  }

  clear() {
    this.board.clear();
    this.trucks = new Map();
    this.conversations = [];
    this.#etag = null;
    this.#news = [];
  }

  async read(isCurrent) {
    const answer = await this.#service.board(this.#etag);
    if (!isCurrent()) return;
    this.setServerTime(answer.date);
    if (answer.status === 304) return;
    const [known, talks] = [this.board.shown(), this.conversations];
    this.heedHints(answer.body.hint_channel);
    this.board.takeAll(answer.body.jobs, this.device_ms);
    this.conversations = answer.body.conversations ?? [];
    const cards = this.board.shown();
    if (this.#etag !== null) this.#news.push(...newsIn(known, cards), ...textsIn(talks, this.conversations, cards));
    this.#etag = answer.etag;
  }

  /** What customers have done since it was asked last. */
  takeNews() {
    return this.#news.splice(0);
  }

  /**
   * Makes a move: {kept, detail}. The card is shown in its new column at once. If the move is
   * refused, the card goes back, the job is read again, and the error is raised.
   */
  async move(card, move, { reason } = {}) {
    this.board.begin(card.job_id, move.to);
    this.changed();
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
      this.nudge();
    }
  }

  /**
   * The job after `changes`. Raises Problem `job-changed` if it is no longer at `detail.rev`. A
   * note alone needs no rev: it can be added at any time.
   */
  async edit(detail, changes) {
    const rev = Object.keys(changes).join() === "note" ? null : detail.rev;
    try {
      return this.#take(await this.#service.edit(detail.job_id, changes, rev));
    } finally {
      this.nudge();
    }
  }

  /** The newest version of the job, with all details. */
  async detail(job_id) {
    return this.#take(await this.#service.job(job_id));
  }

  /** The customers whose number this is, or begins or ends so: at least four digits. */
  async customers(phone) {
    return this.watch(() => this.#service.customers(phone));
  }

  /** What customers see of the business, with its price guide. */
  async business() {
    return this.watch(() => this.#service.business(this.user.tenant));
  }

  /** {byJob, all}: how many messages of customers no one has read. */
  get unread() {
    return unreadIn(this.conversations);
  }

  /** What the list says about a conversation; null if it is not listed. */
  conversation(id) {
    return this.conversations.find(({ conversation }) => conversation === id) ?? null;
  }

  /** `place` is {conversation} or {job_id}. */
  async readConversation(place, before = null) {
    return this.watch(() => this.#service.conversation(place, before));
  }

  async sendText(conversation, body, key) {
    return this.watch(() => this.#service.sendText(conversation, body, key));
  }

  /** Marks messages up to `seq` as read, for everyone of the office. */
  async markRead(conversation, seq) {
    await this.watch(() => this.#service.markRead(conversation, seq));
    this.nudge();
  }

  /** The roster from the first to the last of `days`; without days, today and tomorrow. */
  async crew(days) {
    const crew = await this.watch(() => this.#service.crew(days));
    this.trucks = new Map(crew.trucks.map(({ truck, name }) => [truck, name]));
    return crew;
  }

  /** Sets the hours and roles of a member on one day; null: the usual ones. */
  async setDay(member, date, day) {
    return this.watch(() => this.#service.setDay(member, date, day));
  }

  /** {job_id, tracking_url} of a new job; its card is shown at once. */
  async create(request, key) {
    const created = await this.#service.create(request, key);
    try {
      await this.detail(created.job_id);
    } catch {
      // The job is booked; the board will bring its card.
    }
    this.nudge();
    return created;
  }

  #take(detail) {
    const flow = this.flows[detail.flow];
    if (flow) this.board.takeOwn(cardOf(detail, flow), this.device_ms);
    this.changed();
    return detail;
  }

  /** After a lost race the job is newer than the board, so the job is read. */
  async #catchUp(card, error) {
    if (isSignedOut(error)) return this.expire();
    if (!isLostRace(error)) return;
    try {
      await this.detail(card.job_id);
    } catch {
      // The caller reports the refusal; the board will bring the card.
    }
  }
}
