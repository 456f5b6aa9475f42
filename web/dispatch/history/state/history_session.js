// The jobs that a question has found, page by page, and what a dispatcher may do with them: the same
// as on the board.

import { DispatchSession } from "../../state/dispatch_session.js";

const PAGES_AT_ONCE = 4; // an answer may be empty although there are more jobs

export class HistorySession extends DispatchSession {
  #service;
  #question = {};
  #asked = 0;
  #found = [];
  #next = null;
  #answered = false;

  constructor(options) {
    super(options);
    this.#service = options.service;
  }

  /** The cards that were found, the latest first, as they are now. */
  get found() {
    return this.#found.map((job_id) => this.board.card(job_id)).filter(Boolean);
  }

  /** Whether there may be more jobs than were loaded. */
  get hasMore() {
    return this.#next !== null;
  }

  /** Whether the question has been answered. */
  get isAnswered() {
    return this.#answered;
  }

  clear() {
    super.clear();
    this.#asked += 1;
    this.#found = [];
    this.#next = null;
    this.#answered = false;
  }

  /** Asks another question. An answer to an earlier one is not shown. */
  async ask(question) {
    this.#question = question;
    this.#asked += 1;
    this.#answered = false;
    await this.watch(() => this.#load(null));
  }

  /** Loads the next page. */
  async more() {
    if (this.#next !== null) await this.watch(() => this.#load(this.#next));
  }

  /** What is polled: the first page. The pages that were loaded after it stay. */
  async read(isCurrent) {
    const asked = this.#asked;
    const answer = await this.#service.search(this.#question);
    if (!isCurrent() || asked !== this.#asked) return;
    this.setServerTime(answer.date);
    const first = this.#take(answer.body);
    const later = this.#found.filter((job_id) => !first.includes(job_id));
    if (later.length === 0 || !this.#answered) this.#next = answer.body.next ?? null;
    this.#found = this.#answered ? [...first, ...later] : first;
    this.#answered = true;
  }

  async #load(after) {
    const asked = this.#asked;
    let [found, next] = [[], after];
    for (let page = 0; page < PAGES_AT_ONCE && (page === 0 || (next && found.length === 0)); page += 1) {
      const answer = await this.#service.search(this.#question, next);
      if (asked !== this.#asked) return;
      this.setServerTime(answer.date);
      found = this.#take(answer.body);
      next = answer.body.next ?? null;
    }
    const before = after === null ? [] : this.#found;
    this.#found = [...before, ...found.filter((job_id) => !before.includes(job_id))];
    this.#next = next;
    this.#answered = true;
    this.changed();
  }

  #take({ jobs }) {
    for (const [job_id, card] of Object.entries(jobs)) this.board.take({ ...card, job_id });
    return Object.keys(jobs);
  }
}
