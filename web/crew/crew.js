// The crew page: connects the session (state) with the job cards, the dialogs, and the phone.

import { currentJob, daysOf } from "/crew/state/crew_day.js";
import { followBrowser } from "/shared/api/browser_session.js";
import { deviceStore } from "/crew/state/crew_store.js";
import { owedIn } from "/shared/jobs/payment.js";
import { StaffBusiness } from "/shared/jobs/staff_business.js";
import { Api } from "/shared/api/api.js";
import { pageTitle, showBrand } from "/shared/ui/business_brand.js";
import { byId, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { browserLanguage, markLanguage, onLanguage, rememberLanguage, translator } from "/shared/ui/i18n.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { SECOND_MS, agoText } from "/shared/ui/time.js";
import { dayAt, isDeviceTime, zoneName } from "/shared/ui/business_time.js";
import { CrewActions } from "./crew_actions.js";
import { foot } from "./foot.js";
import { jobCard } from "./job_card.js";
import { savePageOffline, createCrewSession } from "./create_session.js";
import { signInForm } from "./sign_in_form.js";
import { refusalNotice, signalBar, waitingPanel } from "./signal_bar.js";
import { changesNotice, undoBar } from "./visit_parts.js";
import { WORDS } from "./words.js";

const HAULWAY = { name: "Haulway" }; // until it is known for which business someone works

class CrewPage {
  #main = byId("jobs");
  #memory = deviceMemory();
  #language = browserLanguage(this.#memory);
  #store;
  #session;
  #toggled = new Map();
  /** Jobs whose other moves are shown, to be restored when the page is built again. */
  #unfolded = new Set();
  #pictures = new Map();
  #drawn = null;
  #drawnOn = null;
  #actions;
  #staff = new StaffBusiness({
    api: new Api(),
    memory: this.#memory,
    onLearned: () => this.#draw(),
  });

  async start() {
    this.#store = await deviceStore();
    this.#session = createCrewSession(this.#store, () => this.#draw());
    const spoken = () => this.#spoken;
    this.#actions = new CrewActions({ session: this.#session, spoken, draw: () => this.#draw() });
    onLanguage((language) => this.#setLanguage(language));
    this.#listen();
    this.#setLanguage(this.#language, false);
    await this.#session.start();
    this.#draw();
    savePageOffline();
  }

  #listen() {
    followBrowser(this.#session);
    setInterval(() => this.#tick(), SECOND_MS);
  }

  #setLanguage(language, chosen = true) {
    this.#language = language;
    if (chosen) rememberLanguage(this.#memory, language);
    markLanguage(language);
    this.#draw();
  }

  /** What is needed to write texts: words, language, time, and zone. */
  get #spoken() {
    const { now_ms, zone } = this.#session;
    const { currency } = this.#staff.business ?? {};
    const language = this.#language;
    return { t: translator(WORDS, language), language, now_ms, zone, currency };
  }

  // What is shown

  /** Builds the page again, but only if it would look different. */
  #draw() {
    const { scene, account, queue, user, actions, changes } = this.#session;
    this.#staff.follow(user);
    showBrand(this.#staff.business);
    const signal = this.#session.signal_state;
    this.#drawnOn = this.#today;
    const looks = JSON.stringify([
      [this.#staff.business, this.#drawnOn, scene, account, signal, queue.state, this.#language, this.#session.sharing.state],
      [this.#session.jobs, Object.keys(this.#session.flows), queue.waiting(account)],
      [queue.refused(account), [...this.#toggled], [...this.#actions.resting]],
      [actions.undoable?.seq, changes.list],
    ]);
    if (looks !== this.#drawn) {
      this.#drawn = looks;
      keepingFocus(document.body, () => this.#build(scene, signal));
    }
    this.#drawFreshness();
  }

  #build(scene, signal) {
    const before = this.#main.dataset.scene;
    this.#main.dataset.scene = scene;
    document.title = pageTitle(this.#spoken.t("title"), this.#staff.business ?? HAULWAY);
    fill(byId("state"), scene === "jobs" && this.#stateParts(signal));
    if (scene === "jobs") this.#buildJobs();
    else if (scene === "sign_in") this.#buildSignIn(before);
    else this.#buildEmptyState(scene);
    fill(byId("foot"), scene === "jobs" && this.#foot());
    fill(byId("undo"), scene === "jobs" && this.#undoBar());
  }

  #undoBar() {
    const { undoable } = this.#session.actions;
    return undoable && undoBar(undoable, this.#spoken, () => this.#actions.undo());
  }

  #stateParts(signal) {
    const { queue, account, flows, changes } = this.#session;
    const spoken = this.#spoken;
    const flowOf = (item) => flows[this.#session.job(item.job_id)?.flow];
    const waiting = queue.waiting(account);
    const state = { signal, spoken, waiting, sending: queue.state === "sending" };
    return [
      signalBar(state),
      waitingPanel({
        ...state,
        others: queue.others(account),
        durable: this.#store.durable,
        onSend: () => queue.replay(),
        onDiscard: (item) => this.#actions.discard(item),
      }),
      changes.list.length > 0 && changesNotice(changes.list, spoken, changes.dismiss),
      queue.refused(account).map((item) =>
        refusalNotice(item, {
          spoken,
          flow: flowOf(item),
          onDismiss: ({ seq }) => queue.dismiss(seq),
          onAgain: ({ seq }) => queue.sendAgain(seq),
        }),
      ),
    ];
  }

  #buildJobs() {
    const { jobs, flows, now_ms, zone } = this.#session;
    const { t } = this.#spoken;
    const days = daysOf(jobs, now_ms, zone);
    const current = currentJob([...days.today, ...days.undated], flows)?.job_id;
    const none = jobs.length === 0 ? "none_at_all" : "none_today";
    const group = (name) =>
      days[name].length > 0 &&
      el(
        "section.stack",
        { "aria-label": t(name), "data-testid": name },
        el("h2.day", {}, t(name)),
        days[name].map((job) => this.#card(job, current)),
      );
    fill(
      this.#main,
      el("h1.unseen", {}, t("title")),
      !isDeviceTime(zone) && el("p.small.quiet", { "data-testid": "zone" }, this.#zoneNote()),
      days.today.length === 0 && el("p.panel.quiet", { "data-testid": "none" }, t(none)),
      ["today", "undated", "tomorrow"].map(group),
    );
    this.#releasePictures(jobs);
  }

  #zoneNote() {
    const { t, language, zone } = this.#spoken;
    return t("zone_note", { zone: zoneName(zone, language) });
  }

  #card(job, current) {
    const { flows, kind } = this.#session;
    return jobCard(job, {
      kind,
      flow: flows[job.flow],
      truck: job.truck && this.#session.truckName(job.truck),
      open: this.#isOpen(job, current),
      unfolded: this.#unfolded.has(job.job_id),
      resting: this.#actions.resting.has(job.job_id),
      spoken: this.#spoken,
      pictureOf: (photo) => this.#pictureOf(photo),
      does: {
        toggle: (of) => this.#toggle(of, current),
        unfold: ({ job_id }, is) => this.#unfolded[is ? "add" : "delete"](job_id),
        move: (of, move) => this.#actions.move(of, move),
        approach: (of, stage) => this.#actions.approach(of, stage),
        note: (of) => this.#actions.note(of),
        late: (of) => this.#actions.late(of),
        load: (of) => this.#actions.load(of),
        pay: (of) => this.#actions.pay(of),
        photo: (of, photo_kind) => this.#actions.photograph(of, photo_kind),
      },
    });
  }

  /** The current job; the one that was completed here, until it is paid; and what was opened. */
  #isOpen(job, current) {
    const { job_id } = job;
    const toCollect = this.#actions.completed.has(job_id) && owedIn(job) > 0;
    return this.#toggled.get(job_id) ?? (job_id === current || toCollect);
  }

  #toggle(job, current) {
    this.#toggled.set(job.job_id, !this.#isOpen(job, current));
    this.#draw();
  }

  #buildSignIn(before) {
    const { user } = this.#session;
    const form = signInForm({
      account: user?.account ?? "",
      again: user !== null,
      t: this.#spoken.t,
      signIn: (account, password) => this.#session.signIn(account, password),
    });
    fill(this.#main, form);
    if (before !== "sign_in") form.querySelector("input").focus();
  }

  #buildEmptyState(scene) {
    const { t } = this.#spoken;
    const [title, text] =
      scene === "nothing" ? ["nothing_title", "nothing_text"] : ["title", "loading"];
    fill(
      this.#main,
      el("section.panel.empty-state", {}, el("h1", {}, t(title)), el("p.quiet", {}, t(text))),
    );
  }

  #foot() {
    const { sharing, user } = this.#session;
    return foot({
      sharing,
      user,
      business: this.#staff.business,
      spoken: this.#spoken,
      does: {
        share: (wanted) => this.#session.share(wanted),
        signOut: () => this.#actions.signOut(),
      },
    });
  }

  #drawFreshness() {
    const line = document.getElementById("fresh");
    const { age_ms } = this.#session;
    if (line === null || age_ms === null) return;
    const key = this.#session.signal_state === "good" ? "updated" : "known";
    const text = this.#spoken.t(key, { ago: agoText(age_ms, this.#language) });
    if (line.textContent !== text) fill(line, text);
  }

  /** A new day begins even if nothing happens and there is no signal. */
  #tick() {
    if (this.#today === this.#drawnOn) this.#drawFreshness();
    else this.#draw();
  }

  /** Today in the business's time zone. */
  get #today() {
    return dayAt(this.#session.now_ms, this.#session.zone);
  }

  #pictureOf({ photo_id, path, blob }) {
    if (!blob) return path;
    if (!this.#pictures.has(photo_id)) this.#pictures.set(photo_id, URL.createObjectURL(blob));
    return this.#pictures.get(photo_id);
  }

  #releasePictures(jobs) {
    const shown = new Set(jobs.flatMap(({ photos = [] }) => photos.map(({ photo_id }) => photo_id)));
    for (const [photo_id, address] of this.#pictures) {
      if (shown.has(photo_id)) continue;
      URL.revokeObjectURL(address);
      this.#pictures.delete(photo_id);
    }
  }
}

new CrewPage().start();
