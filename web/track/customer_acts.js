// The customer's own acts: confirm, cancel, another time, a note, a photo. Only these requests send the
// token, and only to the API, which checks it. One act at a time; the page shows how it went.

import { newId } from "/shared/api/api.js";
import { sendPhoto } from "/shared/api/photo_upload.js";
import { Slots } from "/shared/jobs/slots.js";
import { digestOf } from "/shared/reader/browser_reader.js";
import { el } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { resizePhoto } from "/shared/ui/resize_photo.js";
import { errorKey } from "./act_errors.js";
import { askNote, askReason, askWindow } from "./customer_dialogs.js";

export class CustomerActs {
  #api;
  #token;
  #told;
  #on;
  /** The name of the act that is being sent, or null. */
  busy = null;
  /** {tone, key} of the last act's result, or null. */
  outcome = null;

  /**
   * `told()` is {t, language, zone, business}. `onChange()` draws the page, `onDone(view)` shows the
   * view after the act, `onFailed()` looks for the newest one, `announce(text)` tells a screen reader.
   */
  constructor({ api, token, told, ...on }) {
    this.#api = api;
    this.#token = token;
    this.#told = told;
    this.#on = on;
  }

  async choose(choice) {
    const { t, language, business } = this.#told();
    const policy = localized(business?.cancellation_policy, language);
    const reason_required = business?.cancel_reason_required ?? true;
    const asked = { policy, reason_required };
    const reason = choice.move === "cancel" ? await askReason(choice, t, asked) : "";
    if (reason === null) return;
    await this.#act(choice.move, choice.move, { ...(reason && { reason }) });
  }

  /** Another window for the job of `view`. */
  async reschedule(view) {
    const free = await this.#freeWindows();
    if (free === null) return;
    const told = this.#told();
    const about = windowsText(view, told.business);
    const has = Boolean(view.schedule?.window_start);
    const wanted = await askWindow(free, { ...told, about, has });
    if (wanted !== null) await this.#act("reschedule", "reschedule", wanted);
  }

  async addNote() {
    const note = await askNote(this.#told());
    if (note !== null) await this.#act("note", "notes", { note }, { "idempotency-key": newId() });
  }

  /** Wants all optional texts but the `unwanted` ones. */
  async chooseTexts(unwanted) {
    await this.#act("texts", "texts", { unwanted });
  }

  /** A photo of what to haul, or of the way to it, for the crew. */
  async addPhoto() {
    const file = await chosenFile();
    if (file === null) return;
    await this.#during("photo", async () => {
      const blob = await resizePhoto(file);
      const media_type = blob.type || file.type;
      const body = { token: this.#token, event_id: newId(), media_type };
      const path = `/track/${await digestOf(this.#token)}/photos`;
      const ask = async (to, sent) =>
        (await this.#api.ask("POST", to, { body: sent, repeatable: true })).body;
      return sendPhoto({ ask, fetch: (...sent) => fetch(...sent), path, body, blob });
    });
  }

  /** Null if they cannot be read, which is not as if none were free; the page says so. */
  async #freeWindows() {
    if (this.busy !== null) return null;
    this.busy = "reschedule";
    this.outcome = null;
    this.#on.onChange();
    let free = null;
    try {
      const { body } = await this.#api.get(`/track/${await digestOf(this.#token)}/slots`);
      free = new Slots(body.slots).free;
    } catch {
      this.outcome = { tone: "bad", key: "slots_unread" };
      this.#on.announce(this.#told().t(this.outcome.key));
    }
    this.busy = null;
    this.#on.onChange();
    return free;
  }

  #act(name, path, body, headers = {}) {
    return this.#during(name, async () => {
      const target = `/track/${await digestOf(this.#token)}/${path}`;
      const options = { body: { token: this.#token, ...body }, headers, repeatable: true };
      return (await this.#api.ask("POST", target, options)).body;
    });
  }

  /** One act at a time; `send()` resolves with the view after it. */
  async #during(name, send) {
    if (this.busy !== null) return;
    this.busy = name;
    this.outcome = null;
    this.#on.onChange();
    this.outcome = await this.#sent(name, send);
    this.busy = null;
    this.#on.announce(this.#told().t(this.outcome.key));
    this.#on.onChange();
  }

  /** A repeated request is done only once. */
  async #sent(name, send) {
    try {
      const view = await send();
      await this.#on.onDone(view);
      const asks = name === "reschedule" && view?.requested;
      return { tone: "good", key: asks ? "said_asked" : `said_${name}` };
    } catch (error) {
      this.#on.onFailed();
      return { tone: "bad", key: errorKey(error) };
    }
  }
}

/** The key of what is said above the free windows; see only_asks in statemachine/rules/reschedule.py. */
function windowsText({ reschedule_asks, schedule }, business) {
  if (reschedule_asks || business?.accepts_bookings === "by_dispatcher") return "reschedule_asks";
  return schedule?.window_start ? "reschedule_text" : "reschedule_free";
}

/** A picture that the customer takes or has; null if they choose none. */
function chosenFile() {
  const input = el("input", { type: "file", accept: "image/*", hidden: true });
  document.body.append(input);
  return new Promise((done) => {
    const end = () => {
      input.remove();
      done(input.files[0] ?? null);
    };
    input.addEventListener("change", end, { once: true });
    input.addEventListener("cancel", end, { once: true });
    input.click();
  });
}
