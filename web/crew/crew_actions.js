// What a crew does on its page, from the press of a button to the queue.

import { byId, el, fill } from "/shared/ui/elements.js";
import { wording } from "/shared/ui/i18n.js";
import { askLate, askLoad, askSure, askText } from "./move_dialogs.js";
import { shrunk } from "./resize_photo.js";

const REST_MS = 1_000;

/** `spoken()` is all that is needed to say something; `resting` has the jobs moved just now. */
export class Doing {
  resting = new Set();
  #shift;
  #spoken;
  #draw;
  #camera = el("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
  #takenFor = null;

  constructor({ shift, spoken, draw }) {
    this.#shift = shift;
    this.#spoken = spoken;
    this.#draw = draw;
    this.#camera.addEventListener("change", () => this.#taken());
    document.body.append(this.#camera);
  }

  async move(job, move) {
    const { t, language } = this.#spoken();
    const label = wording(move.label, language);
    if (!(move.requires ?? []).includes("reason")) return this.#moveAtOnce(job, move);
    const reason = await askText({
      title: `${label}: ${job.customer.name}`,
      label: t("reason"),
      hint: t("reason_hint"),
      missing: t("reason_missing"),
      save: label,
      t,
    });
    if (reason !== null) await this.#do(() => this.#shift.move(job, move, { reason }));
  }

  /** The next button comes where this one was: a second tap of the same finger must not press it. */
  async #moveAtOnce(job, move) {
    if (this.resting.has(job.job_id)) return;
    this.resting.add(job.job_id);
    setTimeout(() => {
      this.resting.delete(job.job_id);
      this.#draw();
    }, REST_MS);
    await this.#do(() => this.#shift.move(job, move));
  }

  async note(job) {
    const { t } = this.#spoken();
    const note = await askText({
      title: `${t("add_note")}: ${job.customer.name}`,
      label: t("note"),
      hint: t("note_hint"),
      missing: t("note_missing"),
      save: t("save"),
      t,
    });
    if (note !== null) await this.#do(() => this.#shift.edit(job, { note }));
  }

  async late(job) {
    const eta = await askLate(job, this.#spoken());
    if (eta !== null) await this.#do(() => this.#shift.edit(job, { schedule: { eta } }));
  }

  async load(job) {
    const load_size = await askLoad(job, this.#spoken());
    if (load_size !== null) await this.#do(() => this.#shift.edit(job, { load_size }));
  }

  /** One camera input for all, outside what is drawn again while the camera is open. */
  photograph(job, photo_kind) {
    this.#takenFor = { job, photo_kind };
    this.#camera.value = "";
    this.#camera.click();
  }

  async #taken() {
    const [file] = this.#camera.files;
    const { job, photo_kind } = this.#takenFor ?? {};
    if (!file || !job) return;
    const picture = await shrunk(file);
    await this.#do(() => this.#shift.photo(job, photo_kind, picture));
  }

  /** Say that it is kept, or that the phone could not keep it. */
  async #do(act) {
    const { t } = this.#spoken();
    try {
      await act();
      navigator.storage?.persist?.();
      fill(byId("said"), t(this.#shift.signal_state === "none" ? "saved_offline" : "saved"));
    } catch {
      const alert = el("div.notice.bad", { role: "alert" }, el("p", {}, t("not_kept")));
      byId("state").append(alert);
    }
  }

  async discard({ seq }) {
    const { t } = this.#spoken();
    const sure = { title: t("discard_sure"), yes: t("discard"), no: t("cancel") };
    if (await askSure(sure)) await this.#shift.queue.dismiss(seq);
  }

  async signOut() {
    const { t } = this.#spoken();
    const { queue, account } = this.#shift;
    const count = queue.waiting(account).length + queue.others(account);
    const text = count > 0 ? t("sign_out_loss", { count }) : t("sign_out_clean");
    const yes = t(count > 0 ? "sign_out_lose" : "sign_out");
    if (await askSure({ title: t("sign_out_sure"), text, yes, no: t("stay") }))
      await this.#shift.signOut();
  }
}
