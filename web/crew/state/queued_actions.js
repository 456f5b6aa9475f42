// What a crew member does, put into the queue; and the last of it, which can be taken back for a minute.

import { UNDO_FOR_MS } from "../../shared/jobs/moves.js";
import { takingBack, undoOf } from "./crew_day.js";

export class QueuedActions {
  #options;
  #last = null;

  /**
   * `account()` and `occurredAt()` are of now. `queued()` tells the other tabs, `changed()` draws the
   * page.
   */
  constructor(options) {
    this.#options = options;
  }

  move(job, move, details = {}) {
    const action = { move: { move: move.name, ...details }, label: move.label };
    return this.#add(job, "move", action, undoOf(job, move));
  }

  /** Tells the customer that the crew is `on_my_way`, expected at `eta`, or `arriving`. */
  approach(job, approach, eta = null) {
    const edit = { approach, ...(eta && { schedule: { eta } }) };
    return this.#add(job, "edit", { edit }, takingBack(job, edit));
  }

  edit(job, edit) {
    return this.#add(job, "edit", { edit });
  }

  photo(job, photo_kind, blob) {
    const media_type = blob.type || "image/jpeg";
    return this.#add(job, "photo", { photo: { photo_kind, media_type, blob } });
  }

  /** `back` is what undoes the action; null if nothing does. */
  async #add({ job_id, customer }, kind, action, back = null) {
    const { account, occurredAt, queue, queued } = this.#options;
    const owner = { account: account(), job_id, customer: customer.name };
    const item = await queue.add({ ...owner, kind, ...action, occurred_at: occurredAt() });
    if (back) this.#offer(item, { ...owner, ...back });
    queued();
  }

  #offer(item, back) {
    const { setTimer, changed } = this.#options;
    this.forget();
    const timer = setTimer(() => {
      this.forget();
      changed();
    }, UNDO_FOR_MS);
    this.#last = { item, back, timer };
    changed();
  }

  forget() {
    this.#options.clearTimer(this.#last?.timer);
    this.#last = null;
  }

  /** The last action, as long as it can be taken back: not after a minute, nor if it was refused. */
  get undoable() {
    const { queue, account } = this.#options;
    const item = this.#last?.item ?? null;
    return queue.refused(account()).some(({ seq }) => seq === item?.seq) ? null : item;
  }

  async undo() {
    if (this.undoable === null) return;
    const { item, back } = this.#last;
    const { occurredAt, queue, queued } = this.#options;
    this.forget();
    await queue.takeBack(item, { ...back, occurred_at: occurredAt() });
    queued();
  }
}
