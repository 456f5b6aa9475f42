// Tells the office at once what a customer has done: a notice on the page and, if wanted, a sound and the
// browser's own notification. What is wanted is kept in this browser.

import { newsText } from "/dispatch/state/board_news.js";
import { el } from "/shared/ui/elements.js";
import { openDialog } from "/shared/ui/fields.js";
import { MINUTE_MS } from "/shared/ui/time.js";

const SOUND = "haulway.dispatch.sound";
const NOTIFY = "haulway.dispatch.notify";
const TONES_HZ = [660, 880];
const TONE_S = 0.16;
const LOUDNESS = 0.15;
const SHOWN_FOR_MS = 2 * MINUTE_MS;
const MOST_NOTICES = 3; // of one reading; more are told as a number

export class BoardAlerts {
  #memory;
  #notices;
  #openJob;
  #openConversation;
  #audio = null;

  constructor({ memory, notices, openJob, openConversation }) {
    this.#memory = memory;
    this.#notices = notices;
    this.#openJob = openJob;
    this.#openConversation = openConversation;
  }

  /** Tells each of `news`; see board_news.js. */
  tell(news) {
    if (news.length === 0) return;
    for (const each of news.slice(0, MOST_NOTICES)) this.#notices.good(newsText(each), this.#open(each));
    const rest = news.length - MOST_NOTICES;
    if (rest > 0) this.#notices.good(`And ${rest} more customers, on the board.`);
    if (this.#wants(SOUND)) this.#play();
    if (this.#wants(NOTIFY)) news.slice(0, MOST_NOTICES).forEach((each) => this.#notify(each));
  }

  #open(news) {
    return { label: "Open", run: () => this.#show(news), for_ms: SHOWN_FOR_MS };
  }

  #show({ job_id, conversation }) {
    if (job_id) this.#openJob(job_id);
    else this.#openConversation(conversation);
  }

  #wants(what) {
    return this.#memory.get(what) === "yes";
  }

  /** Only for a page that no one looks at: otherwise the notice on it says the same. */
  #notify(news) {
    if (!document.hidden || globalThis.Notification?.permission !== "granted") return;
    const shown = new Notification(newsText(news), { tag: news.job_id ?? news.conversation });
    shown.onclick = () => {
      window.focus();
      this.#show(news);
      shown.close();
    };
  }

  /** Two short tones. Before the first click on the page, the browser plays nothing. */
  #play() {
    this.#audio ??= new AudioContext();
    TONES_HZ.forEach((frequency, index) => {
      const tone = new OscillatorNode(this.#audio, { frequency });
      tone.connect(new GainNode(this.#audio, { gain: LOUDNESS })).connect(this.#audio.destination);
      const begin = this.#audio.currentTime + index * TONE_S;
      tone.start(begin);
      tone.stop(begin + TONE_S);
    });
  }

  /** Asks how this browser should tell. */
  async choose() {
    const mayNotify = "Notification" in globalThis;
    const error = el("p.field-error", { role: "alert" });
    const dialog = el(
      "dialog",
      { "aria-labelledby": "alerts-title", "data-testid": "alerts-dialog" },
      el(
        "form.stack",
        { method: "dialog" },
        el("h2", { id: "alerts-title" }, "When a customer books, cancels, or writes"),
        el("p.quiet.small", {}, "A notice is always shown on this page. For this browser:"),
        this.#switch("Play a sound", SOUND, () => this.#play()),
        mayNotify && this.#switch("Show the browser’s notification", NOTIFY, (box) => this.#askLeave(box, error)),
        error,
        el("div.row.end", {}, el("button.button.main", { value: "" }, "Done")),
      ),
    );
    await openDialog(dialog);
  }

  #switch(label, what, onWanted) {
    const changed = async ({ currentTarget: box }) => {
      this.#memory.set(what, box.checked ? "yes" : "no");
      if (box.checked) await onWanted(box);
    };
    const attributes = { type: "checkbox", role: "switch", checked: this.#wants(what), onchange: changed };
    return el("label.row", {}, el("input", attributes), label);
  }

  async #askLeave(box, error) {
    if ((await Notification.requestPermission()) === "granted") return;
    box.checked = false;
    this.#memory.set(NOTIFY, "no");
    error.textContent = "This browser does not allow it. Allow notifications for this page in its settings.";
  }
}
