// The dispatcher's day view: who works where, who is free, and which jobs still need someone.

import { Problem } from "/shared/api/api.js";
import { axisOf, dayOf, openJobs, placeOn, rowsOf, unplannedJobs } from "/dispatch/state/day.js";
import { el, fill, keepingFocus } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { Roster } from "/dispatch/state/roster.js";
import { MINUTE_MS, agoText, msOf } from "/shared/ui/time.js";
import { dayAfter, dayAt, longDayText, zoneText } from "/shared/ui/business_time.js";
import { DayAssign } from "./day_assign.js";
import { DayDialog } from "./day_dialog.js";
import { sheetsOf, weekOf } from "/dispatch/state/week.js";
import { jobLists } from "./day_lists.js";
import { scrollWeek, sheetNodes, weekNode } from "./day_sheets.js";
import { axisNode, rowNode } from "./day_rows.js";

export class DayPage {
  node = el("div.day", { "data-testid": "day" });
  #session;
  #openJob;
  #goTo;
  #assign;
  #roster;
  #date = null;
  #zone = null;
  #says = "";
  #opener = null;
  #scrolledTo = null;

  /** `goTo(date)` changes the address (null: today); `redraw()` makes the page call `draw` again. */
  constructor({ session, notices, openJob, goTo, redraw }) {
    this.#session = session;
    this.#assign = new DayAssign(this.node, { session, notices });
    this.#openJob = openJob;
    this.#goTo = goTo;
    const ask = (date) => session.crew(this.#daysFor(date));
    this.#roster = new Roster({ ask, clock: () => Date.now(), onChange: redraw });
  }

  /** Draws the day; null is today in the business's time zone. */
  draw(date) {
    this.#date = date;
    const cards = this.#session.board.shown();
    this.#roster.show(date, cards.map(({ job_id, rev }) => `${job_id} ${rev}`).join());
    const { crew, error } = this.#roster;
    const now_ms = Math.floor(this.#session.now_ms / MINUTE_MS) * MINUTE_MS;
    const says = JSON.stringify([date, now_ms, crew, cards, error?.message]);
    if (says === this.#says || this.#assign.busy) return;
    this.#says = says;
    const weekAt = this.#scrolledTo === date ? this.node.querySelector(".week")?.scrollLeft : null;
    keepingFocus(this.node, () =>
      fill(this.node, crew ? this.#dayNodes(crew, cards, now_ms) : this.#waiting(error, now_ms)),
    );
    this.#scrolledTo = scrollWeek(this.node, weekAt) ? date : null;
  }

  /** Removes the roster after a sign-out. */
  clear() {
    this.#roster.clear();
    this.#says = "";
    fill(this.node);
  }

  /** Gives the focus back to the button that opened a job or a dialog. */
  focusOpener() {
    const opener = `[data-focus="${CSS.escape(this.#opener ?? "")}"]`;
    this.node.querySelector(opener)?.focus({ preventScroll: true });
  }

  #dayNodes(crew, cards, now_ms) {
    const { board, flows, isDispatcher } = this.#session;
    this.#zone = crew.time_zone;
    const day = this.#day(now_ms);
    const rows = rowsOf(crew, day, { cardOf: (job_id) => board.card(job_id), flows });
    this.#assign.show(rows);
    const axis = axisOf(rows, day);
    const told = {
      axis,
      day,
      open: (job_id, opener) => this.#open(job_id, opener),
      edit: isDispatcher ? (row, opener) => this.#edit(crew, row, day, opener) : null,
    };
    const lists = {
      open: openJobs(cards, day, crew.trucks.length > 0),
      unplanned: unplannedJobs(cards),
    };
    return [
      this.#head(day, sumText(rows, day)),
      this.#stale(crew, now_ms),
      weekNode(weekOf(cards, day, crew.trucks.length > 0), day, (date) => this.#turnTo(date, day)),
      el(
        "div.day-parts",
        {},
        el(
          "div.rows",
          { "data-testid": "rows" },
          axisNode(axis, day),
          nowNode(axis, day),
          group("People", rows.people, told),
          group("Trucks", rows.trucks, told),
        ),
        jobLists(lists, told),
      ),
      el(
        "div.sheets",
        {},
        sheetNodes(sheetsOf(rows.people), day, {
          cardOf: (job_id) => board.card(job_id),
          trucks: this.#session.trucks,
        }),
      ),
    ];
  }

  /** Today has no date in the address. */
  #turnTo(date, { now_ms, zone }) {
    this.#goTo(date === dayAt(now_ms, zone) ? null : date);
  }

  /** Includes the day before, because its night may reach into this one. {}: the server's today. */
  #daysFor(date) {
    const day = date ?? (this.#zone && dayAt(this.#session.now_ms, this.#zone));
    return day ? { first: dayAfter(day, -1), last: day } : {};
  }

  #day(now_ms) {
    return dayOf(this.#date ?? dayAt(now_ms, this.#zone), this.#zone, now_ms);
  }

  #head({ date, isToday, zone, now_ms }, sum) {
    const today = dayAt(now_ms, zone);
    const to = (wanted) => () => this.#goTo(wanted === today ? null : wanted);
    const turn = (label, sign, wanted) =>
      el(
        "button.button.round.compact",
        { type: "button", "aria-label": label, "data-focus": label, onclick: to(wanted) },
        icon(sign),
      );
    return el(
      "header.day-head",
      {},
      turn("Previous day", "back", dayAfter(date, -1)),
      turn("Next day", "on", dayAfter(date, 1)),
      el("h1", { "data-testid": "day-title" }, isToday && "Today, ", longDayText(date)),
      !isToday &&
        el("button.button.compact", { type: "button", onclick: to(today) }, "Back to today"),
      el("p.quiet.small.day-sum", { "data-testid": "day-sum" }, sum),
      el("p.quiet.small.day-zone", {}, zoneText(zone)),
    );
  }

  /** An old roster is still shown, with its age. */
  #stale(crew, now_ms) {
    if (this.#roster.error === null) return null;
    const age = agoText(now_ms - msOf(crew.as_of));
    const text = `The roster could not be updated. This one is from ${age}. Trying again…`;
    return el("div.notice.warn", { role: "status" }, icon("alert"), el("p", {}, text));
  }

  /** The buttons for other days stay while the roster is read. */
  #waiting(error, now_ms) {
    const head = this.#zone && this.#head(this.#day(now_ms), "");
    return [head, error === null ? loadingNode() : errorNode(error)];
  }

  #open(job_id, opener) {
    this.#opener = opener;
    this.#openJob(job_id);
  }

  async #edit(crew, row, day, opener) {
    this.#opener = opener;
    const member = crew.members.find((each) => each.member === row.id);
    const save = (wanted) => this.#session.setDay(row.id, day.date, wanted);
    const jobs = row.blocks.filter(({ ended }) => !ended).length;
    const saved = await new DayDialog({ member, date: day.date, save }).open(jobs);
    if (saved) this.#reload();
    this.focusOpener();
  }

  #reload() {
    this.#roster.invalidate();
    this.draw(this.#date);
  }
}

function loadingNode() {
  return el(
    "div.empty-state",
    { role: "status" },
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Loading the day…"),
  );
}

function errorNode(error) {
  const refused = error instanceof Problem && error.status < 500;
  const why = refused ? error.detail || error.title : "Trying again soon.";
  return el(
    "div.empty-state",
    { role: "alert" },
    el("h2", {}, "The day cannot be loaded"),
    el("p.quiet", {}, why),
  );
}

function group(title, rows, told) {
  if (rows.length === 0 && title === "Trucks") return null;
  const id = `day-${title.toLowerCase()}`;
  const none = el("p.quiet.small.no-members", {}, "The roster has no one to assign yet.");
  return el(
    "section",
    { "aria-labelledby": id },
    el("h2.day-group", { id }, title),
    rows.length === 0 ? none : el("ul", {}, rows.map((row) => rowNode(row, told))),
  );
}

/** The line through all rows at the current time. */
function nowNode(axis, { isToday, now_ms }) {
  const { from } = placeOn(axis, { begin_ms: now_ms, end_ms: now_ms });
  if (!isToday || from <= 0 || from >= 1) return null;
  return el("div.now", { "aria-hidden": "true", vars: { "--from": String(from) } });
}

/** `3 free now, 2 busy, 1 off`. */
function sumText({ people }, { isToday }) {
  const count = (tone) => people.filter(({ state }) => state.tone === tone).length;
  const there = isToday
    ? `${count("free")} free now, ${count("busy")} busy`
    : `${count("plan")} available`;
  return `${there}, ${count("off")} off`;
}
