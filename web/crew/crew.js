// The crew's page: wires the shift (state) to cards, dialogs and the phone.

import { currentJob, daysOf } from "/crew/state/crew_day.js";
import { deviceStore } from "/crew/state/crew_store.js";
import { StaffBusiness } from "/shared/jobs/staff_business.js";
import { Api } from "/shared/api/api.js";
import { officeLink, pageTitle, showBrand } from "/shared/ui/business_brand.js";
import { byId, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { browserLanguage, markLanguage, onLanguage, rememberLanguage, speaking } from "/shared/ui/i18n.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { SECOND_MS, agoText } from "/shared/ui/time.js";
import { dayAt, isOwnClock, zoneName } from "/shared/ui/business_time.js";
import { Doing } from "./crew_actions.js";
import { jobCard } from "./job_card.js";
import { keepPage, makeShift } from "./browser.js";
import { signInForm } from "./crew_sign_in.js";
import { refusalNotice, signalBar, waitingPanel } from "./state_bar.js";
import { WORDS } from "./words.js";

const HAULWAY = { name: "Haulway" }; // until it is known for which business someone works

class CrewPage {
  #main = byId("jobs");
  #memory = deviceMemory();
  #language = browserLanguage(this.#memory);
  #store;
  #shift;
  #toggled = new Map();
  /** Jobs whose further moves are unfolded; the page may be built again under someone's finger. */
  #unfolded = new Set();
  #pictures = new Map();
  #drawn = null;
  #drawnOn = null;
  #doing;
  #staff = new StaffBusiness({
    api: new Api(),
    memory: this.#memory,
    onLearned: () => this.#draw(),
  });

  async start() {
    this.#store = await deviceStore();
    this.#shift = makeShift(this.#store, () => this.#draw());
    const spoken = () => this.#spoken;
    this.#doing = new Doing({ shift: this.#shift, spoken, draw: () => this.#draw() });
    onLanguage((language) => this.#speak(language));
    this.#listen();
    this.#speak(this.#language, false);
    await this.#shift.start();
    this.#draw();
    keepPage();
  }

  #listen() {
    document.addEventListener("visibilitychange", () =>
      this.#shift.signal(document.hidden ? "hidden" : "visible"),
    );
    window.addEventListener("online", () => this.#shift.signal("online"));
    window.addEventListener("offline", () => this.#shift.signal("offline"));
    setInterval(() => this.#tick(), SECOND_MS);
    if (document.hidden) this.#shift.signal("hidden");
    if (navigator.onLine === false) this.#shift.signal("offline");
  }

  #speak(language, chosen = true) {
    this.#language = language;
    if (chosen) rememberLanguage(this.#memory, language);
    markLanguage(language);
    this.#draw();
  }

  /** All that is needed to say something. */
  get #spoken() {
    const { now_ms, time_zone } = this.#shift;
    const language = this.#language;
    return { t: speaking(WORDS, language), language, now_ms, time_zone };
  }

  // What is shown

  /** Build the page again, but only if it would look different. */
  #draw() {
    const { scene, account, queue, session } = this.#shift;
    this.#staff.follow(session);
    showBrand(this.#staff.business);
    const signal = this.#shift.signal_state;
    this.#drawnOn = this.#today;
    const looks = JSON.stringify([
      [this.#staff.business, this.#drawnOn, scene, account, signal, queue.state, this.#language, this.#shift.sharing.state],
      [this.#shift.jobs, Object.keys(this.#shift.flows), queue.waiting(account)],
      [queue.refused(account), [...this.#toggled], [...this.#doing.resting]],
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
    else this.#buildBlank(scene);
    fill(byId("foot"), scene === "jobs" && this.#foot());
  }

  #stateParts(signal) {
    const { queue, account, flows } = this.#shift;
    const spoken = this.#spoken;
    const flowOf = (item) => flows[this.#shift.job(item.job_id)?.flow];
    const waiting = queue.waiting(account);
    const state = { signal, spoken, waiting, sending: queue.state === "sending" };
    return [
      signalBar(state),
      waitingPanel({
        ...state,
        others: queue.others(account),
        durable: this.#store.durable,
        onSend: () => queue.replay(),
        onDiscard: (item) => this.#doing.discard(item),
      }),
      queue.refused(account).map((item) =>
        refusalNotice(item, {
          spoken,
          flow: flowOf(item),
          onSeen: ({ seq }) => queue.dismiss(seq),
          onAgain: ({ seq }) => queue.sendAgain(seq),
        }),
      ),
    ];
  }

  #buildJobs() {
    const { jobs, flows, now_ms, time_zone } = this.#shift;
    const { t } = this.#spoken;
    const days = daysOf(jobs, now_ms, time_zone);
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
      !isOwnClock(time_zone) && el("p.small.quiet", { "data-testid": "zone" }, this.#zoneNote()),
      days.today.length === 0 && el("p.panel.quiet", { "data-testid": "none" }, t(none)),
      ["today", "undated", "tomorrow"].map(group),
    );
    this.#forgetPictures(jobs);
  }

  #zoneNote() {
    const { t, language, time_zone } = this.#spoken;
    return t("zone_note", { zone: zoneName(time_zone, language) });
  }

  #card(job, current) {
    const { flows, kind } = this.#shift;
    return jobCard(job, {
      kind,
      flow: flows[job.flow],
      truck: job.truck && this.#shift.truckName(job.truck),
      open: this.#toggled.get(job.job_id) ?? job.job_id === current,
      unfolded: this.#unfolded.has(job.job_id),
      resting: this.#doing.resting.has(job.job_id),
      spoken: this.#spoken,
      pictureOf: (photo) => this.#pictureOf(photo),
      does: {
        toggle: ({ job_id }) => this.#toggle(job_id, current),
        unfold: ({ job_id }, is) => this.#unfolded[is ? "add" : "delete"](job_id),
        move: (of, move) => this.#doing.move(of, move),
        note: (of) => this.#doing.note(of),
        late: (of) => this.#doing.late(of),
        load: (of) => this.#doing.load(of),
        photo: (of, photo_kind) => this.#doing.photograph(of, photo_kind),
      },
    });
  }

  #toggle(job_id, current) {
    this.#toggled.set(job_id, !(this.#toggled.get(job_id) ?? job_id === current));
    this.#draw();
  }

  #buildSignIn(before) {
    const { session } = this.#shift;
    const form = signInForm({
      account: session?.account ?? "",
      again: session !== null,
      t: this.#spoken.t,
      signIn: (account, password) => this.#shift.signIn(account, password),
    });
    fill(this.#main, form);
    if (before !== "sign_in") form.querySelector("input").focus();
  }

  #buildBlank(scene) {
    const { t } = this.#spoken;
    const [title, text] =
      scene === "nothing" ? ["nothing_title", "nothing_text"] : ["title", "loading"];
    fill(
      this.#main,
      el("section.panel.blank", {}, el("h1", {}, t(title)), el("p.quiet", {}, t(text))),
    );
  }

  #foot() {
    const { t } = this.#spoken;
    const { sharing, session } = this.#shift;
    const { state, wanted } = sharing;
    return [
      el(
        "section.panel.share",
        {},
        el(
          "label",
          {},
          el("input", {
            type: "checkbox",
            role: "switch",
            checked: wanted,
            "data-focus": "share",
            "data-testid": "share",
            onchange: (event) => this.#shift.share(event.currentTarget.checked),
          }),
          el("strong", {}, t("share")),
        ),
        el("p.small.quiet", { "data-testid": "share-state" }, t(`share_${state}`)),
      ),
      el(
        "div.row",
        {},
        officeLink(this.#staff.business, this.#language),
        el("span.small.quiet", {}, t("signed_in_as", { name: session.name })),
        el(
          "button.button.plain.compact",
          { type: "button", onclick: () => this.#doing.signOut(), "data-testid": "sign-out" },
          t("sign_out"),
        ),
      ),
    ];
  }

  #drawFreshness() {
    const line = document.getElementById("fresh");
    const { age_ms } = this.#shift;
    if (line === null || age_ms === null) return;
    const key = this.#shift.signal_state === "good" ? "updated" : "known";
    const text = this.#spoken.t(key, { ago: agoText(age_ms, this.#language) });
    if (line.textContent !== text) fill(line, text);
  }

  /** Today ends without anything happening, and without signal. */
  #tick() {
    if (this.#today === this.#drawnOn) this.#drawFreshness();
    else this.#draw();
  }

  /** The day of the business. */
  get #today() {
    return dayAt(this.#shift.now_ms, this.#shift.time_zone);
  }

  #pictureOf({ photo_id, path, blob }) {
    if (!blob) return path;
    if (!this.#pictures.has(photo_id)) this.#pictures.set(photo_id, URL.createObjectURL(blob));
    return this.#pictures.get(photo_id);
  }

  #forgetPictures(jobs) {
    const shown = new Set(jobs.flatMap(({ photos = [] }) => photos.map(({ photo_id }) => photo_id)));
    for (const [photo_id, address] of this.#pictures) {
      if (shown.has(photo_id)) continue;
      URL.revokeObjectURL(address);
      this.#pictures.delete(photo_id);
    }
  }
}

new CrewPage().start();
