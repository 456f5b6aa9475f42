// One job with all details, at the side of the board. When its card changes, the details are read
// again. A form that is open stays as it is.

import { Problem } from "/shared/api/api.js";
import { daysFor } from "/dispatch/state/crew_choices.js";
import { hasEnded } from "/dispatch/state/day.js";
import { copyText, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { crewForm } from "./crew_form.js";
import { errorText } from "./edit_errors.js";
import { noteForm, detailsForm, scheduleForm } from "./edit_forms.js";
import { conversationFor } from "./conversation_view.js";
import { historyPart, notesPart } from "./drawer_history.js";
import {
  actionsPart,
  againPart,
  crewPart,
  headPart,
  detailsPart,
  schedulePart,
} from "./drawer_parts.js";
import { linkForm, linkPart } from "./drawer_link.js";
import { moneyForm, moneyPart } from "./drawer_money.js";
import { proofForm, proofPart } from "./drawer_proof.js";
import { textsPart } from "./drawer_texts.js";

const FORMS = {
  Customer: detailsForm,
  Schedule: scheduleForm,
  Crew: crewForm,
  Money: moneyForm,
  Proof: proofForm,
  "Tracking link": linkForm,
};

export class Drawer {
  #session;
  #moveMaker;
  #notices;
  #onClosed;
  #bookAgain;
  #dialog = null;
  #job_id = null;
  #detail = null;
  #reading = false;
  #editing = null;
  #body;
  #notes;
  #noteList;
  #conversation;

  /**
   * `onClosed(job_id)` is called after the drawer was closed, to give the focus back;
   * `bookAgain(detail)` opens the form for a new job like this one.
   */
  constructor({ session, moveMaker, notices, onClosed, bookAgain }) {
    this.#session = session;
    this.#bookAgain = bookAgain;
    this.#onClosed = onClosed;
    this.#moveMaker = moveMaker;
    this.#notices = notices;
  }

  get job_id() {
    return this.#job_id;
  }

  open(job_id) {
    if (this.#dialog) this.close();
    const closed = () => this.#closed(dialog, job_id);
    this.#job_id = job_id;
    this.#detail = null;
    this.#editing = null;
    this.#conversation = null;
    this.#body = el("div.drawer-body", {});
    this.#notes = el("section.part", { "aria-label": "Notes" });
    const dialog = el(
      "dialog.drawer",
      {
        "aria-label": "Job",
        "data-testid": "drawer",
        onclose: closed,
        onclick: (event) => event.target === dialog && this.close(),
      },
      el(
        "button.button.plain.round.drawer-close",
        { type: "button", "aria-label": "Close", onclick: () => this.close() },
        icon("cross"),
      ),
      this.#body,
    );
    this.#dialog = dialog;
    fill(
      this.#body,
      el(
        "div.empty-state",
        {},
        el("span.spinner", { "aria-hidden": "true" }),
        el("p.quiet", {}, "Loading the job…"),
      ),
    );
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#read();
  }

  close() {
    this.#dialog?.close();
  }

  /** The board has changed: reads the job again if its card is newer. */
  follow() {
    if (this.#dialog === null || this.#detail === null) return;
    this.#conversation?.follow();
    const card = this.#session.board.card(this.#job_id);
    if (card && card.rev > this.#detail.rev) this.#read();
  }

  /** The close event is late: another job may have been opened meanwhile. */
  #closed(dialog, job_id) {
    dialog.remove();
    if (this.#dialog !== dialog) return;
    this.#dialog = null;
    this.#job_id = null;
    this.#onClosed(job_id);
  }

  async #read() {
    if (this.#reading) return;
    this.#reading = true;
    const job_id = this.#job_id;
    try {
      const detail = await this.#session.detail(job_id);
      if (job_id === this.#job_id) this.#show(detail);
    } catch (error) {
      if (job_id === this.#job_id && this.#detail === null) this.#showError(error);
    } finally {
      this.#reading = false;
    }
    if (this.#job_id !== null && this.#job_id !== job_id) this.#read();
  }

  #showError(error) {
    const text =
      error instanceof Problem && error.status === 404
        ? "This job no longer exists."
        : "The job could not be loaded.";
    fill(
      this.#body,
      el(
        "div.empty-state",
        {},
        el("h2", {}, text),
        el(
          "button.button",
          { type: "button", onclick: () => this.#read() },
          icon("reload"),
          "Try again",
        ),
      ),
    );
  }

  #show(detail) {
    const first = this.#detail === null;
    if (!first && detail.rev < this.#detail.rev) return;
    this.#detail = detail;
    if (first) this.#build();
    this.#conversation = conversationFor(this.#conversation, detail, this.#session, this.#notices);
    this.#draw();
    this.#readTruckNames();
    if (first) this.#body.querySelector("#drawer-title").focus();
  }

  #build() {
    this.#noteList = el("div");
    const form = noteForm({
      save: (changes) => this.#save(changes),
      explain: (error) => errorText(error),
    });
    fill(this.#notes, el("div.part-head", {}, el("h3", {}, "Notes")), this.#noteList, form);
    this.#dialog.removeAttribute("aria-label");
    this.#dialog.setAttribute("aria-labelledby", "drawer-title");
  }

  #draw() {
    if (this.#dialog === null) return;
    const detail = this.#detail;
    const { now_ms, user, isDispatcher, trucks, zone, currency } = this.#session;
    const flow = this.#session.flows[detail.flow];
    const copy = () => this.#copyLink();
    const told = { flow, now_ms, zone, currency, trucks, account: user?.account, copy };
    const edit = (title) => (isDispatcher || title === "Schedule" ? () => this.#edit(title) : null);
    const editing = (title, show) =>
      this.#editing?.title === title ? this.#editing.node : show(detail, { ...told, edit: edit(title) });
    const saveNow = (changes) =>
      this.#save(changes).catch((error) => this.#notices.bad(errorText(error)));
    keepingFocus(this.#body, () => {
      fill(this.#noteList, notesPart(detail, told));
      fill(
        this.#body,
        headPart(detail, told),
        actionsPart(detail, {
          flow,
          make: (move) => this.#make(move),
          busy: this.#session.board.isMoving(detail.job_id),
        }),
        editing("Schedule", schedulePart),
        editing("Crew", crewPart),
        editing("Customer", detailsPart),
        this.#conversation?.node,
        textsPart(detail, { save: isDispatcher ? saveNow : null, zone }),
        editing("Proof", proofPart),
        editing("Money", moneyPart),
        this.#notes,
        isDispatcher && againPart(detail, { bookAgain: () => this.#bookAgain(detail) }),
        editing("Tracking link", linkPart),
        historyPart(detail, told),
      );
    });
    this.#conversation?.scrollToEnd();
  }

  #edit(title) {
    const node = FORMS[title](this.#detail, {
      save: (changes) => this.#save(changes, true),
      leave: () => this.#endEdit(),
      explain: (error) => errorText(error),
      onlyEta: !this.#session.isDispatcher,
      zone: this.#session.zone,
      now_ms: () => this.#session.now_ms,
      roster: () => this.#roster(this.#detail),
    });
    this.#editing = { title, node };
    this.#draw();
    (node.querySelector(".input") ?? node).focus();
  }

  /** The people and trucks to choose from, and what the form needs about their other jobs. */
  async #roster({ job_id, schedule, duration_minutes }) {
    const { board, flows, now_ms } = this.#session;
    const crew = await this.#session.crew(daysFor(schedule, now_ms));
    const customerOf = (other) => board.card(other)?.customer ?? other;
    const isEnded = (engagement) => hasEnded(engagement, board.card(engagement.job_id), flows);
    return { crew, told: { job_id, schedule, duration_minutes, customerOf, isEnded } };
  }

  /** Reads the truck's name from the roster. Until then the drawer shows the truck's id. */
  async #readTruckNames() {
    const { seesRoster, trucks } = this.#session;
    const { truck } = this.#detail;
    if (!truck || !seesRoster || trucks.has(truck)) return;
    try {
      await this.#session.crew({});
    } catch {
      return; // the id stays
    }
    if (this.#detail) this.#draw();
  }

  #endEdit() {
    const title = this.#editing?.title;
    this.#editing = null;
    this.#draw();
    this.#body.querySelector(`[data-focus="edit-${title}"]`)?.focus();
  }

  /** If the job has changed meanwhile, it is read again and the form stays open. */
  async #save(changes, ends = false) {
    try {
      const detail = await this.#session.edit(this.#detail, changes);
      if (this.#job_id !== detail.job_id) return;
      if (ends) this.#editing = null;
      this.#show(detail);
      this.#notices.announce("Saved.");
    } catch (error) {
      if (error instanceof Problem && error.slug === "job-changed") await this.#read();
      throw error;
    }
  }

  async #make(move) {
    const { job_id } = this.#detail;
    const card = this.#session.board.card(job_id);
    if (card === null) return;
    await this.#moveMaker.make(
      card,
      this.#session.flowOf(card).moves.find(({ name }) => name === move.name),
    );
    if (this.#job_id === job_id) this.#read();
  }

  async #copyLink() {
    const { tracking_url } = this.#detail;
    if (await copyText(tracking_url)) this.#notices.good("Tracking link copied.");
    else this.#notices.warn(`Please copy the link yourself: ${tracking_url}`);
  }
}
