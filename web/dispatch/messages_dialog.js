// The list of conversations with customers. One that is about a job opens the job; any other opens
// here.

import { ConversationView } from "./conversation_view.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { momentText } from "/shared/ui/time.js";

export class MessagesDialog {
  #session;
  #notices;
  #openJob;
  #dialog = null;
  #body;
  #view = null;

  constructor(session, notices, openJob) {
    this.#session = session;
    this.#notices = notices;
    this.#openJob = openJob;
  }

  /** The list, or at once the conversation with that id. */
  open(conversation = null) {
    this.close();
    this.#view = null;
    this.#body = el("div.stack");
    const dialog = el(
      "dialog.messages",
      {
        "aria-labelledby": "messages-title",
        "data-testid": "messages-dialog",
        onclose: () => this.#closed(dialog),
        onclick: (event) => event.target === dialog && this.close(),
      },
      el(
        "div.part-head",
        {},
        el("h2", { id: "messages-title" }, "Messages"),
        el(
          "button.button.plain.round",
          { type: "button", "aria-label": "Close", onclick: () => this.close() },
          icon("cross"),
        ),
      ),
      this.#body,
    );
    this.#dialog = dialog;
    document.body.append(dialog);
    dialog.showModal();
    if (conversation) this.#show({ conversation });
    else this.#draw();
  }

  close() {
    this.#dialog?.close();
  }

  follow() {
    if (this.#dialog === null) return;
    if (this.#view) this.#view.follow();
    else this.#draw();
  }

  #closed(dialog) {
    dialog.remove();
    if (this.#dialog === dialog) this.#dialog = null;
  }

  #draw() {
    const { conversations } = this.#session;
    const shown = conversations.map(({ conversation, version }) => `${conversation} ${version}`).join();
    if (this.#body.dataset.shown === shown) return;
    this.#body.dataset.shown = shown;
    fill(
      this.#body,
      conversations.length > 0
        ? el("ul.conversations", {}, conversations.map((each) => this.#item(each)))
        : el("p.quiet", {}, "No customer has written yet."),
    );
  }

  #item({ conversation, job_id, unread, phone_end, sender, excerpt, at }) {
    const who = this.#session.board.card(job_id)?.customer ?? `A number ending in ${phone_end}`;
    const said = excerpt || "1 picture";
    return el(
      "li",
      {},
      el(
        "button.conversation",
        {
          type: "button",
          "data-unread": unread > 0,
          onclick: () => this.#show({ conversation, job_id }),
        },
        el("strong", {}, el("bdi", {}, who)),
        unread > 0 && el("span.unread-mark", {}, `${unread} new`),
        el("span.quiet", {}, sender === "office" ? `Office: ${said}` : said),
        el("span.small.quiet.numbers", {}, momentText(at, "en", this.#session.zone)),
      ),
    );
  }

  #show({ conversation, job_id }) {
    if (job_id) {
      this.close();
      return this.#openJob(job_id);
    }
    this.#view = new ConversationView({
      session: this.#session,
      notices: this.#notices,
      place: { conversation },
    });
    fill(this.#body, this.#view.node);
  }
}
