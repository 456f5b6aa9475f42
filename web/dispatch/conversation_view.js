// A conversation with a customer: the messages, and the form to answer. It is read again when the
// board's document says that it has changed; what is being typed stays.

import { NoAnswer, Problem, newId } from "/shared/api/api.js";
import { READY_REPLIES, entriesOf } from "/dispatch/state/conversation.js";
import { labelOf } from "/shared/jobs/moves.js";
import { textLength } from "/shared/jobs/text_length.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { momentText } from "/shared/ui/time.js";

export class ConversationView {
  /** The number that it is with, if it is that of a job. */
  phone;
  node = el("section.part", { "aria-label": "Messages", "data-testid": "conversation" });
  #session;
  #place;
  #notices;
  #flow;
  #known = null;
  #earlier = [];
  #reading = false;
  #list = el("ol.talk", { "data-testid": "messages" });
  #status = el("div", { role: "status" });
  #form = null;
  #more = el("button.button.plain.compact", { type: "button", onclick: () => this.#readEarlier() }, "Earlier messages");

  /**
   * `place`: {job_id} for the conversation with a job's customer, or {conversation}. `language` is
   * that of the ready replies, `flow` names the statuses of system texts. Another `phone` is another
   * conversation.
   */
  constructor({ session, notices, place, phone = null, language = "en", flow = null }) {
    this.phone = phone;
    this.#session = session;
    this.#notices = notices;
    this.#place = place;
    this.#flow = flow;
    fill(this.node, el("div.part-head", {}, el("h3", {}, "Messages")), el("p.quiet", {}, "Loading…"));
    this.#read(language);
  }

  /** The board has changed: reads the conversation again if it has. */
  follow() {
    if (this.#known === null) return;
    const listed = this.#session.conversation(this.#known.conversation);
    if (listed && listed.version > this.#known.version) this.#read();
  }

  async #read(language = null) {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const known = await this.#session.readConversation(this.#place);
      const fresh = this.#known !== null && known.unread > this.#known.unread;
      this.#known = known;
      if (language) this.#build(language);
      this.#draw();
      if (fresh) this.#notices.announce("New message from the customer.");
      await this.#markRead();
    } catch (error) {
      if (this.#known === null) this.#showError(error);
    } finally {
      this.#reading = false;
    }
  }

  async #readEarlier() {
    const before = this.#earlier[0]?.before ?? this.#known.before;
    const part = await this.#session.readConversation(this.#place, before);
    this.#earlier.unshift(part);
    this.#draw();
  }

  async #markRead() {
    const last = this.#known.messages.at(-1);
    if (this.#known.unread === 0 || !last || document.hidden) return;
    await this.#session.markRead(this.#known.conversation, last.seq);
  }

  #showError(error) {
    const text =
      error instanceof Problem && error.slug === "no-phone"
        ? "The job has no phone number."
        : "The messages could not be loaded.";
    fill(this.node, el("div.part-head", {}, el("h3", {}, "Messages")), el("p.quiet", {}, text));
  }

  #build(language) {
    this.#form = this.#known.texts_stopped
      ? el("p.notice.warn", {}, "The customer replied STOP and gets no texts. Call instead.")
      : this.#replyForm(language);
    fill(
      this.node,
      el("div.part-head", {}, el("h3", {}, "Messages"), this.#more),
      this.#list,
      this.#form,
      this.#status,
    );
  }

  #draw() {
    const parts = [...this.#earlier, this.#known];
    this.#more.hidden = parts[0].before === null || parts[0].before === undefined;
    const whole = {
      messages: parts.flatMap(({ messages }) => messages),
      system_texts: parts.flatMap(({ system_texts }) => system_texts),
    };
    const entries = entriesOf(whole, (status) => (this.#flow ? labelOf(this.#flow, status) : status));
    fill(
      this.#list,
      entries.length > 0
        ? entries.map((entry) => this.#item(entry))
        : el("li.quiet", {}, "No one has texted yet."),
    );
    if (this.#earlier.length === 0) this.scrollToEnd();
  }

  /** An element that was put in its place again shows its beginning. */
  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  #item({ from, text, about, at, failed }) {
    const who = { customer: "Customer", office: "Office", system: "" }[from];
    return el(
      `li.talk-item.${from}${failed ? ".failed" : ""}`,
      { "data-from": from },
      who && el("span.unseen", {}, `${who}: `),
      el("p", {}, text),
      el(
        "p.small.quiet.numbers",
        {},
        [about, momentText(at, "en", this.#session.zone)].filter(Boolean).join(" · "),
      ),
    );
  }

  #replyForm(language) {
    const begins = this.#known.begins_with;
    const input = field("Text the customer", { tag: "textarea", rows: 3, maxlength: 900 });
    const length = el("p.small.quiet.numbers", { "data-testid": "length" });
    const send = el("button.button.main.compact", { "data-testid": "send-text" }, "Send text");
    let sending = { text: null, key: null };
    const measure = () => {
      const { characters, parts } = textLength(`${begins}${input.input.value}`);
      fill(length, `${characters} characters with “${begins.trim()}” before it · ${parts} ${parts === 1 ? "part" : "parts"}`);
    };
    const ready = field("Ready-made reply", {
      options: [["", "Choose…"], ...READY_REPLIES[language].map((text) => [text, text])],
    });
    ready.input.addEventListener("change", () => {
      if (ready.input.value === "") return;
      input.input.value = [input.input.value.trim(), ready.input.value].filter(Boolean).join(" ");
      ready.input.value = "";
      measure();
      input.input.focus();
    });
    input.input.addEventListener("input", measure);
    const submit = async (event) => {
      event.preventDefault();
      const text = input.input.value.trim();
      if (text === "") return input.complain("Write the text first.");
      if (text !== sending.text) sending = { text, key: newId() };
      send.disabled = true;
      try {
        await this.#session.sendText(this.#known.conversation, { text, job_id: this.#place.job_id }, sending.key);
        sending = { text: null, key: null };
        input.input.value = "";
        measure();
        this.#notices.announce("Text sent.");
        await this.#read();
      } catch (error) {
        input.complain(whyNotSent(error));
      } finally {
        send.disabled = false;
      }
    };
    measure();
    return el("form.stack.reply-form", { onsubmit: submit, novalidate: true }, input.node, ready.node, el("div.row", {}, send, length));
  }
}

/**
 * The conversation with the number that a job has now: `known` if that is still it; null for those
 * who may not read it.
 */
export function conversationFor(known, { job_id, customer, flow }, session, notices) {
  const { phone, language } = customer;
  if (!session.isDispatcher || !phone) return null;
  if (known?.phone === phone) return known;
  const place = { job_id };
  return new ConversationView({ session, notices, place, phone, language, flow: session.flows[flow] });
}

/** A text of that key is sent once, so pressing the button again is safe. */
function whyNotSent(error) {
  if (error instanceof NoAnswer) return "No answer came. Press “Send text” again: it is sent only once.";
  if (!(error instanceof Problem)) return "Something went wrong.";
  if (error.slug === "unavailable") return "The text service is busy. Press “Send text” again in a moment.";
  return `Not sent: ${error.detail || error.title}`;
}
