// The dead letters of one queue: what each is about, why it was given up, and what can be done.

import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { failureText } from "/ops/state/ops_session.js";
import { counted } from "/ops/state/ops_labels.js";
import { addressOf } from "/ops/state/timeline.js";
import { agoText, msOf } from "/shared/ui/time.js";
import { aboutDiscard, aboutReplay, confirmed } from "./confirm_dialog.js";

const MOST_AT_ONCE = 100;
const LEFT = "left in the queue: go on with the rest.";
const NOT_FOUND = "could not be found: read again in a minute.";
const NONE = "None can be read now. Letters that someone is looking at come back in a minute.";

export class LettersView {
  #ops;
  #notices;
  #onClose;
  #queue = null;
  #letters = [];
  root = el("section.letters", {
    hidden: true,
    "aria-labelledby": "letters-title",
    "data-testid": "letters",
  });

  constructor({ ops, notices, onClose }) {
    this.#ops = ops;
    this.#notices = notices;
    this.#onClose = onClose;
  }

  get queue() {
    return this.#queue;
  }

  async open(queue) {
    this.#queue = queue;
    this.#letters = [];
    this.root.hidden = queue === null;
    if (queue === null) return fill(this.root);
    fill(this.root, this.#title(), el("p.quiet", {}, "Reading…"));
    this.root.querySelector("h3").focus();
    await this.#read();
  }

  async #read() {
    const queue = this.#queue;
    try {
      const letters = await this.#ops.letters(queue);
      if (queue !== this.#queue) return;
      this.#letters = letters;
      this.#draw();
    } catch (error) {
      if (queue !== this.#queue) return;
      const text = failureText(error, "The letters could not be read", { changes: false });
      const said = el("div.notice.bad", { role: "alert" }, icon("alert"), el("p", {}, text));
      fill(this.root, this.#title(), said, this.#again());
    }
  }

  #draw() {
    const items = this.#letters.map((letter) => this.#letter(letter));
    const close = button("Close", () => this.#close());
    fill(
      this.root,
      this.#title(),
      items.length === 0 ? el("p.quiet", {}, NONE) : el("ul", {}, items),
      el("div.row", {}, this.#wholesale(), this.#again(), close),
    );
  }

  #title() {
    const name = (this.#queue ?? "").replaceAll("_", " ");
    return el("h3", { id: "letters-title", tabindex: "-1" }, `Dead letters of “${name}”`);
  }

  #again() {
    return button("Read again", () => this.#read());
  }

  #letter(letter) {
    const { message_id, sent_at, event, job_id, reason, detail } = letter;
    const about = job_id ? ` about job ${job_id}` : "";
    const name = `${event ?? "the letter"}${about}`;
    const ago = agoText(this.#ops.now_ms - msOf(sent_at));
    return el(
      "li.letter",
      { "data-testid": "letter", "data-message": message_id },
      el(
        "div",
        {},
        el(
          "p",
          {},
          el("strong", {}, event ?? "Unknown message"),
          job_id && [" for ", el("a.job-id", { href: addressOf(job_id) }, job_id)],
        ),
        el("p.late", {}, reason ?? "No reason was noted."),
        detail && el("p.small.detail", {}, detail),
        el("p.small.quiet.numbers", {}, `Sent ${ago} · ${message_id}`),
      ),
      el(
        "div.row",
        {},
        button("Send again", () => this.#redrive([message_id]), { label: `Send again: ${name}` }),
        button("Throw away", () => this.#discard([message_id]), {
          bad: true,
          label: `Throw away: ${name}`,
        }),
      ),
    );
  }

  /** For those that are shown; and where the queue has more than can be shown, for all of them. */
  #wholesale() {
    const shown = this.#letters.slice(0, MOST_AT_ONCE).map(({ message_id }) => message_id);
    const dead = this.#ops.overview?.queues.find(({ queue }) => queue === this.#queue)?.dead ?? 0;
    const choices = [];
    if (shown.length > 1) choices.push([`these ${shown.length}`, shown]);
    if (dead > shown.length) choices.push(["all in the queue", null]);
    return choices.flatMap(([which, ids]) => [
      button(`Send ${which} again`, () => this.#redrive(ids)),
      button(`Throw ${which} away`, () => this.#discard(ids), { bad: true }),
    ]);
  }

  async #redrive(ids) {
    if (!(await confirmed(aboutReplay(this.#queue, ids?.length ?? null)))) return;
    await this.#done("sent again", ids, () => this.#ops.redrive(this.#queue, ids));
  }

  async #discard(ids) {
    if (!(await confirmed(aboutDiscard(this.#queue, ids?.length ?? null)))) return;
    await this.#done("thrown away", ids, () => this.#ops.discard(this.#queue, ids));
  }

  async #done(what, ids, act) {
    try {
      const { done, remaining } = await act();
      const text = `${counted(done, "letter")} ${what}.`;
      if (remaining === 0) this.#notices.good(text);
      else this.#notices.warn(`${text} ${remaining} ${ids === null ? LEFT : NOT_FOUND}`);
    } catch (error) {
      this.#notices.bad(failureText(error, `The letters were not ${what}`));
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
