// The customer's own acts: confirm, cancel, another time, a note. Only these requests send the token, and
// only to the API, which checks it. One act at a time; the page shows how it went.

import { Problem, newId } from "/shared/api/api.js";
import { readSlots } from "/shared/jobs/slots.js";
import { digestOf } from "/shared/reader/browser_reader.js";
import { localized } from "/shared/ui/i18n.js";
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
    const told = this.#told();
    const slots = await readSlots(this.#api, `/track/${await digestOf(this.#token)}/slots`);
    const wanted = await askWindow(slots.free, { ...told, about: windowsText(view, told.business) });
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

  async #act(name, path, body, headers = {}) {
    if (this.busy !== null) return;
    this.busy = name;
    this.outcome = null;
    this.#on.onChange();
    this.outcome = await this.#sent(name, path, body, headers);
    this.busy = null;
    this.#on.announce(this.#told().t(this.outcome.key));
    this.#on.onChange();
  }

  /** A repeated request is done only once. */
  async #sent(name, path, body, headers) {
    try {
      const target = `/track/${await digestOf(this.#token)}/${path}`;
      const options = { body: { token: this.#token, ...body }, headers, repeatable: true };
      const { body: view } = await this.#api.ask("POST", target, options);
      await this.#on.onDone(view);
      const asks = name === "reschedule" && view?.requested;
      return { tone: "good", key: asks ? "said_asked" : `said_${name}` };
    } catch (error) {
      this.#on.onFailed();
      return { tone: "bad", key: errorKey(error) };
    }
  }
}

/** The key of what is said above the free windows. */
function windowsText(view, business) {
  if (business?.accepts_bookings === "by_dispatcher") return "reschedule_asks";
  return view.schedule?.window_start ? "reschedule_text" : "reschedule_free";
}

const SAID = {
  "slot-full": "slot_full",
  "too-late-to-reschedule": "too_late",
  "notes-full": "notes_full",
};

/** The key of the error text. */
function errorKey(error) {
  if (!(error instanceof Problem)) return "unknown";
  if (Object.hasOwn(SAID, error.slug)) return SAID[error.slug];
  if (error.status === 409) return "overtaken";
  if (error.status === 429) return "busy";
  return error.status >= 500 ? "unknown" : "refused";
}
