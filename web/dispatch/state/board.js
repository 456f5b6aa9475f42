// The dispatcher's board: cards merged by the highest rev, and moves shown before they are confirmed.
// Times are epoch milliseconds.

import { daysApart, msOf } from "../../shared/ui/time.js";

const OWN_FOR_MS = 120_000; // how long a card from a job's own response may be missing on the board

/**
 * All known jobs. A card never goes back to a lower rev, whether it comes from the board's document,
 * the response to a move, or another tab.
 */
export class Board {
  #cards = new Map();
  #floors = new Map();
  #own = new Map();
  #moving = new Map();

  /** Takes the board's document {job_id: Card}. A card that it does not have is removed. */
  takeAll(jobs, now_ms) {
    for (const [job_id, card] of Object.entries(jobs)) {
      this.#own.delete(job_id);
      this.take({ ...card, job_id });
    }
    for (const job_id of this.#cards.keys()) {
      if (!Object.hasOwn(jobs, job_id) && !this.#isOwn(job_id, now_ms)) this.#cards.delete(job_id);
    }
  }

  /** Takes a card from a job's own response; the board's document will have it soon. */
  takeOwn(card, now_ms) {
    if (!this.#cards.has(card.job_id)) this.#own.set(card.job_id, now_ms);
    return this.take(card);
  }

  /** Takes the card if its rev is higher than all known ones. True if it was taken. */
  take(card) {
    const floor = this.#floors.get(card.job_id) ?? 0;
    const known = this.#cards.has(card.job_id);
    if (card.rev < floor || (known && card.rev === floor)) return false;
    this.#floors.set(card.job_id, card.rev);
    this.#cards.set(card.job_id, card);
    return true;
  }

  /** Shows the job in the status `to` until `settle` is called, while the move is being sent. */
  begin(job_id, to) {
    this.#moving.set(job_id, to);
  }

  settle(job_id) {
    this.#moving.delete(job_id);
  }

  isMoving(job_id) {
    return this.#moving.has(job_id);
  }

  /** The card as the server has it. */
  card(job_id) {
    return this.#cards.get(job_id) ?? null;
  }

  /** All cards as they are shown: `moving` ones are already in their new status. */
  shown() {
    return [...this.#cards.values()].map((card) => {
      const to = this.#moving.get(card.job_id);
      return to === undefined ? card : { ...card, status: to, moving: true };
    });
  }

  clear() {
    for (const known of [this.#cards, this.#floors, this.#own, this.#moving]) known.clear();
  }

  #isOwn(job_id, now_ms) {
    const since_ms = this.#own.get(job_id);
    if (since_ms === undefined) return false;
    if (now_ms - since_ms <= OWN_FOR_MS) return true;
    this.#own.delete(job_id);
    return false;
  }
}

/** A column for each status of the flow, in its order: [{status, cards}]. */
export function columnsOf(flow, cards) {
  return flow.statuses.map((status) => {
    const here = cards.filter((card) => card.status === status.name);
    return { status, cards: here.sort(status.end ? newestFirst : byArrival) };
  });
}

/** The names of the default flow and of the flows that have cards, the default one first. */
export function flowsInUse(flows, cards, defaultFlow) {
  const used = new Set([defaultFlow, ...cards.map((card) => card.flow)]);
  const names = Object.keys(flows).filter((name) => used.has(name));
  return names.sort((one, other) => Number(other === defaultFlow) - Number(one === defaultFlow));
}

const PHONE_END = 4;
const LOAD_ON_CARD = 160; // as in statemachine/views/views.py
const NUMBER = /^[\d\s().+-]+$/;

/**
 * Whether a card passes the filter {text, overdue, unassigned, today}. Each word of `text` must be in
 * the name, address, reference, crew, or load, or match the end of the phone number. Today is in the
 * business's `zone`. functions/api/board_search.py finds the same.
 */
export function passes(card, filter, now_ms, zone) {
  if (filter.overdue && overdueMs(card, now_ms) === null) return false;
  if (filter.unassigned && ((card.crew ?? []).length > 0 || card.terminal)) return false;
  if (filter.today && !isToday(card, now_ms, zone)) return false;
  const wanted = plain(filter.text ?? "");
  if (isPhone(wanted, card)) return true;
  const text = searchable(card);
  return words(wanted).every((word) => text.includes(word) || isPhone(word, card));
}

function searchable(card) {
  const crew = (card.crew ?? []).map((member) => member.first_name);
  return plain([card.customer, card.address, card.job_id, card.load, ...crew].join("\n"));
}

function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** A phone number or the end of one; the card has only its last four digits. */
function isPhone(text, { phone_end }) {
  return Boolean(phone_end) && NUMBER.test(text) && text.replace(/\D/g, "").endsWith(phone_end);
}

/** Without accents and in lower case: `Pérez` is found as `perez`. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** A window that overlaps today counts, even if it began the evening before. */
function isToday({ schedule }, now_ms, zone) {
  const { window_start, window_end } = schedule ?? {};
  const [first, last] = [window_start ?? window_end, window_end ?? window_start];
  if (!first) return false;
  const days = (moment) => daysApart(msOf(moment), now_ms, zone);
  return days(first) <= 0 && days(last) >= 0;
}

/** How long the job has been in its status. */
export function ageMs(card, now_ms) {
  return Math.max(0, now_ms - msOf(card.entered_at));
}

/** How long the job is overdue, or null. */
export function overdueMs(card, now_ms) {
  if (!card.due_at || card.terminal) return null;
  const late_ms = now_ms - msOf(card.due_at);
  return late_ms > 0 ? late_ms : null;
}

/** Jobs by the start of their arrival window, then those without one in the order of booking. */
function byArrival(one, other) {
  return compare(arrival(one), arrival(other)) || compare(one.created_at, other.created_at);
}

function newestFirst(one, other) {
  return compare(other.entered_at, one.entered_at);
}

function arrival(card) {
  return card.schedule?.window_start ?? "9";
}

function compare(one, other) {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** The load: the note that was made at the booking. */
export function loadIn({ notes = [], created_at }) {
  return notes.find(({ recorded_at }) => recorded_at === created_at)?.text ?? null;
}

/** The card of a job with these details, as `statemachine/views/views.py` makes it. */
export function cardOf(detail, flow) {
  const terminal = Boolean(flow.statuses.find(({ name }) => name === detail.status)?.end);
  return {
    rev: detail.rev,
    job_id: detail.job_id,
    flow: detail.flow,
    status: detail.status,
    terminal,
    customer: detail.customer?.name ?? "",
    address: detail.place?.address ?? "",
    phone_end: detail.customer?.phone?.slice(-PHONE_END) ?? null,
    load: loadIn(detail)?.slice(0, LOAD_ON_CARD) ?? null,
    price_cents: detail.price_cents ?? null,
    schedule: detail.schedule ?? {},
    duration_minutes: detail.duration_minutes,
    crew: detail.crew ?? [],
    truck: detail.truck ?? null,
    notes: (detail.notes ?? []).length,
    entered_at: detail.entered_at,
    due_at: detail.due_at ?? null,
    created_at: detail.created_at,
  };
}
