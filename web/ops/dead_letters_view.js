// The dead-letter queue of one consumer: what each message is about, why it failed, and what to do.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { failureText } from "/ops/state/ops_session.js";
import { counted, queueName } from "/ops/state/ops_labels.js";
import { addressOf } from "/ops/state/timeline.js";
import { agoText, msOf } from "/shared/ui/time.js";
import { aboutDiscard, aboutRedrive, confirmed } from "./confirm_dialog.js";

const MOST_AT_ONCE = 100;
const LEFT = "are left in the queue. Do the same again for them.";
const NOT_FOUND = "could not be found. Refresh in a minute.";
const NONE = "No message can be read now. Messages that someone else is reading come back in a minute.";

export class DeadLettersView {
  #session;
  #notices;
  #onClose;
  #queue = null;
  #messages = [];
  root = el("section.dead-letters", {
    hidden: true,
    "aria-labelledby": "dead-letters-title",
    "data-testid": "dead-letters",
  });

  constructor({ session, notices, onClose }) {
    this.#session = session;
    this.#notices = notices;
    this.#onClose = onClose;
  }

  get queue() {
    return this.#queue;
  }

  async open(queue) {
    this.#queue = queue;
    this.#messages = [];
    this.root.hidden = queue === null;
    if (queue === null) return fill(this.root);
    fill(this.root, this.#title(), el("p.quiet", {}, "Loading…"));
    this.root.querySelector("h3").focus();
    await this.#read();
  }

  async #read() {
    const queue = this.#queue;
    try {
      const messages = await this.#session.deadLetters(queue);
      if (queue !== this.#queue) return;
      this.#messages = messages;
      this.#draw();
    } catch (error) {
      if (queue !== this.#queue) return;
      const text = failureText(error, "The messages could not be read", { changes: false });
      const said = el("div.notice.bad", { role: "alert" }, icon("alert"), el("p", {}, text));
      fill(this.root, this.#title(), said, this.#refreshButton());
    }
  }

  #draw() {
    const items = this.#messages.map((message) => this.#message(message));
    const close = button("Close", () => this.#close());
    fill(
      this.root,
      this.#title(),
      items.length === 0 ? el("p.quiet", {}, NONE) : el("ul", {}, items),
      el("div.row", {}, this.#bulkButtons(), this.#refreshButton(), close),
    );
  }

  #title() {
    const title = `Failed messages of “${queueName(this.#queue ?? "")}”`;
    return el("h3", { id: "dead-letters-title", tabindex: "-1" }, title);
  }

  #refreshButton() {
    return button("Refresh", () => this.#read());
  }

  #message(message) {
    const { message_id, sent_at, event, job_id, reason, detail } = message;
    const about = job_id ? ` about job ${job_id}` : "";
    const name = `${event ?? "the message"}${about}`;
    const ago = agoText(this.#session.now_ms - msOf(sent_at));
    return el(
      "li.dead-letter",
      { "data-testid": "dead-letter", "data-message": message_id },
      el(
        "div",
        {},
        el(
          "p",
          {},
          el("strong", {}, event ?? "Unknown message"),
          job_id && [" for ", el("a.job-id", { href: addressOf(job_id) }, job_id)],
        ),
        el("p.late", {}, reason ?? "No reason was recorded."),
        detail && el("p.small.detail", {}, detail),
        el("p.small.quiet.numbers", {}, `Sent ${ago} · ${message_id}`),
      ),
      el(
        "div.row",
        {},
        button("Redrive", () => this.#redrive([message_id]), { label: `Redrive ${name}` }),
        button("Delete", () => this.#discard([message_id]), {
          bad: true,
          label: `Delete ${name}`,
        }),
      ),
    );
  }

  /** Buttons for the messages that are shown and, if the queue has more, for all of them. */
  #bulkButtons() {
    const shown = this.#messages.slice(0, MOST_AT_ONCE).map(({ message_id }) => message_id);
    const dead = this.#session.overview?.queues.find(({ queue }) => queue === this.#queue)?.dead ?? 0;
    const choices = [];
    if (shown.length > 1) choices.push([`these ${shown.length}`, shown]);
    if (dead > shown.length) choices.push(["all in the queue", null]);
    return choices.flatMap(([which, ids]) => [
      button(`Redrive ${which}`, () => this.#redrive(ids)),
      button(`Delete ${which}`, () => this.#discard(ids), { bad: true }),
    ]);
  }

  async #redrive(ids) {
    if (!(await confirmed(aboutRedrive(this.#queue, ids?.length ?? null)))) return;
    await this.#run("redriven", ids, () => this.#session.redrive(this.#queue, ids));
  }

  async #discard(ids) {
    if (!(await confirmed(aboutDiscard(this.#queue, ids?.length ?? null)))) return;
    await this.#run("deleted", ids, () => this.#session.discard(this.#queue, ids));
  }

  async #run(what, ids, act) {
    try {
      const { done, remaining } = await act();
      const text = `${counted(done, "message")} ${what}.`;
      if (remaining === 0) this.#notices.good(text);
      else this.#notices.warn(`${text} ${remaining} ${ids === null ? LEFT : NOT_FOUND}`);
    } catch (error) {
      this.#notices.bad(failureText(error, `The messages were not ${what}`));
    }
    await this.#read();
    this.root.querySelector("h3")?.focus();
  }

  #close() {
    this.open(null);
    this.#onClose();
  }
}

function button(text, onclick, { label = null, bad = false } = {}) {
  const kind = bad ? "button.button.compact.bad" : "button.button.compact";
  return el(kind, { type: "button", onclick, "aria-label": label }, text);
}
