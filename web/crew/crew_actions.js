// The actions of a crew member, from the button to the queue.

import { byId, el, fill } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { owedIn } from "/shared/jobs/payment.js";
import { dateText } from "/shared/ui/time.js";
import { doubtAbout } from "/shared/jobs/moves.js";
import { askLate, askLoad, askOnMyWay, askPayment, askText, confirmAction } from "./dialogs.js";
import { resizePhoto } from "/shared/ui/resize_photo.js";

const REST_MS = 1_000;

/**
 * `spoken()`: texts, language, time, and zone. `resting`: the jobs that were moved just now.
 * `completed`: those that were completed on this page, so that the money is collected here too.
 */
export class CrewActions {
  resting = new Set();
  completed = new Set();
  #session;
  #spoken;
  #draw;
  #camera = el("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
  #photoFor = null;

  constructor({ session, spoken, draw }) {
    this.#session = session;
    this.#spoken = spoken;
    this.#draw = draw;
    this.#camera.addEventListener("change", () => this.#photoTaken());
    document.body.append(this.#camera);
  }

  async move(job, move) {
    const { t, language } = this.#spoken();
    const label = localized(move.label, language);
    if (!(await this.#isMeant(job, move, label))) return;
    const to = this.#session.flows[job.flow].statuses.find(({ name }) => name === move.to);
    if (to?.end === "done") this.completed.add(job.job_id);
    if (!(move.requires ?? []).includes("reason")) return this.#moveAtOnce(job, move);
    const reason = await askText({
      title: `${label}: ${job.customer.name}`,
      label: t("reason"),
      hint: t("reason_hint"),
      missing: t("reason_missing"),
      save: label,
      t,
    });
    if (reason === null) return;
    await this.#do(() => this.#session.actions.move(job, move, { reason }));
    if (to?.aside === "failed") await this.#offerPhoto(job);
  }

  /** Whether a start that is probably a mistake is meant. */
  async #isMeant(job, move, label) {
    const { t, language, now_ms, zone } = this.#spoken();
    const { jobs, flows } = this.#session;
    const flowOf = ({ flow }) => flows[flow];
    const doubt = doubtAbout(move, job, { flowOf, others: jobs, now_ms, zone });
    if (doubt === null) return true;
    const { planned, driver, other } = doubt;
    const text =
      planned === undefined
        ? t("start_busy", { driver: driver.first_name, customer: other.customer.name })
        : t("start_early", { date: dateText(planned, language, zone, now_ms) });
    const title = `${label}: ${job.customer.name}`;
    return confirmAction({ title, text, yes: t("start_anyway"), no: t("do_not_start") });
  }

  /** On the way, with the time of arrival; or almost there. */
  async approach(job, approach) {
    const eta = approach === "on_my_way" ? await askOnMyWay(this.#spoken()) : null;
    if (approach === "on_my_way" && eta === null) return;
    await this.#do(() => this.#session.actions.approach(job, approach, eta));
  }

  async undo() {
    await this.#do(() => this.#session.actions.undo());
  }

  /** The next button appears in the same place, so a double tap must not press it as well. */
  async #moveAtOnce(job, move) {
    if (this.resting.has(job.job_id)) return;
    this.resting.add(job.job_id);
    setTimeout(() => {
      this.resting.delete(job.job_id);
      this.#draw();
    }, REST_MS);
    await this.#do(() => this.#session.actions.move(job, move));
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
    if (note !== null) await this.#do(() => this.#session.actions.edit(job, { note }));
  }

  async late(job) {
    const eta = await askLate(job, this.#spoken());
    if (eta !== null) await this.#do(() => this.#session.actions.edit(job, { schedule: { eta } }));
  }

  async load(job) {
    const load_size = await askLoad(job, this.#spoken());
    if (load_size !== null) await this.#do(() => this.#session.actions.edit(job, { load_size }));
  }

  /** How much was paid, and how. Where no price is known, that becomes the price. */
  async pay(job) {
    const { t } = this.#spoken();
    const title = `${t("pay")}: ${job.customer.name}`;
    const payment = await askPayment({ title, owed_cents: owedIn(job), t });
    if (payment !== null) await this.#do(() => this.#session.actions.edit(job, { payment }));
  }

  /** There is one camera input, outside the part of the page that is drawn again meanwhile. */
  photograph(job, photo_kind) {
    this.#photoFor = { job, photo_kind };
    this.#camera.value = "";
    this.#camera.click();
  }

  /** A photo of why the job could not be done, if the person wants. */
  async #offerPhoto(job) {
    const { t } = this.#spoken();
    const asked = { title: t("attempt_photo"), yes: t("take_photo"), no: t("no_photo") };
    if (await confirmAction(asked)) this.photograph(job, "attempt");
  }

  async #photoTaken() {
    const [file] = this.#camera.files;
    const { job, photo_kind } = this.#photoFor ?? {};
    if (!file || !job) return;
    const picture = await resizePhoto(file);
    await this.#do(() => this.#session.actions.photo(job, photo_kind, picture));
  }

  /** Says that the action is saved, or that the phone could not save it. */
  async #do(act) {
    const { t } = this.#spoken();
    try {
      await act();
      navigator.storage?.persist?.();
      fill(byId("said"), t(this.#session.signal_state === "none" ? "saved_offline" : "saved"));
    } catch {
      const alert = el("div.notice.bad", { role: "alert" }, el("p", {}, t("not_kept")));
      byId("state").append(alert);
    }
  }

  async discard({ seq }) {
    const { t } = this.#spoken();
    const sure = { title: t("discard_sure"), yes: t("discard"), no: t("cancel") };
    if (await confirmAction(sure)) await this.#session.queue.dismiss(seq);
  }

  async signOut() {
    const { t } = this.#spoken();
    const { queue, account } = this.#session;
    const count = queue.waiting(account).length + queue.others(account);
    const text = count > 0 ? t("sign_out_loss", { count }) : t("sign_out_clean");
    const yes = t(count > 0 ? "sign_out_lose" : "sign_out");
    if (await confirmAction({ title: t("sign_out_sure"), text, yes, no: t("stay") }))
      await this.#session.signOut();
  }
}
