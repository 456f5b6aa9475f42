// The tracking page: shows what the reader knows.

import { Api, Problem } from "/shared/api/api.js";
import { storedBusiness, readBusiness } from "/shared/jobs/business.js";
import { pageTitle, showBusiness } from "/shared/ui/business_brand.js";
import { byId, copyText, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { isExpected } from "/shared/jobs/recent_bookings.js";
import { browserLanguage, localized, markLanguage, offeredLanguage, onLanguage, rememberLanguage, translator } from "/shared/ui/i18n.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { digestOf, follow, linkOf } from "/shared/reader/browser_reader.js";
import { sameShown } from "/shared/reader/display.js";
import { listenLate } from "/shared/reader/late_listener.js";
import { shownReference } from "/shared/ui/job_reference.js";
import { SECOND_MS, agoText, setZone, msOf } from "/shared/ui/time.js";
import { currentStep, freshnessOf, labeledView, rememberedText, stateOf, tokenIn } from "/shared/jobs/tracking.js";
import { LocationWatch } from "/track/crew_location.js";
import { actionsPanel } from "./actions.js";
import { CustomerActs } from "./customer_acts.js";
import { crewLocation, proofPanel } from "./proof.js";
import { arrival, noticeBar, reference, scenePanel, statusBanner, timeline } from "./components.js";
import { textsPanel } from "./texts_panel.js";
import { WORDS } from "./words.js";

const ZONE_WAIT_MS = 1_500; // how long to wait for the time zone before times are shown in this device's
const ZONE_RETRY_MS = 30_000;
const RETRYABLE = ["not_found", "trouble"]; // scenes with a retry button

class TrackingPage {
  #main = byId("job");
  #said = byId("said");
  #memory = deviceMemory();
  #api = new Api();
  #token = tokenIn(location.href);
  #language = browserLanguage(this.#memory);
  #shown = { kind: "asking", view: null, checked_at_ms: null, reason: null };
  #drawn = null;
  #following = null;
  #crewLocation = null;
  #expected = false;
  #since_ms = performance.now();
  /** The business's time zone; null: unknown; undefined: not read yet. */
  #zone = undefined;
  #business = null;
  #calendar = "";
  #watch = new LocationWatch({
    ask: () => this.#readLocation(),
    now_ms: () => this.#now_ms,
    isHidden: () => document.hidden,
    onChange: (location) => this.#showLocation(location),
  });
  #acts = new CustomerActs({
    api: this.#api,
    token: this.#token,
    told: () => ({
      t: this.#t,
      language: this.#language,
      zone: this.#zone ?? undefined,
      business: this.#business,
    }),
    onChange: () => this.#draw(),
    onDone: (view) => this.#restartFrom(view),
    onFailed: () => this.#following?.retry(),
    announce: (text) => fill(this.#said, text),
  });
  #insecure = !globalThis.isSecureContext;

  async start() {
    onLanguage((language) => this.#setLanguage(language));
    setInterval(() => this.#draw(), SECOND_MS);
    this.#setLanguage(this.#language, false);
    if (this.#insecure) return;
    if (this.#token !== null) await this.#prepare();
    await this.#follow();
  }

  async #prepare() {
    const digest = await digestOf(this.#token);
    const path = `/track/${digest}/business`;
    this.#calendar = `/api/track/${digest}/calendar.ics`;
    this.#expected = await isExpected(this.#memory, this.#token, Date.now());
    this.#meet(storedBusiness(this.#memory, path));
    this.#setZone(this.#business?.time_zone);
    this.#readZone(path);
    setTimeout(() => this.#zone === undefined && this.#setZone(null), ZONE_WAIT_MS);
  }

  /** Repeated until the zone is known. */
  async #readZone(path) {
    const business = await readBusiness(this.#api, this.#memory, path, { tries: 1 });
    this.#meet(business);
    this.#setZone(business?.time_zone ?? null);
    if (business === null) setTimeout(() => this.#readZone(path), ZONE_RETRY_MS);
  }

  #meet(business) {
    if (business === null) return;
    this.#business = business;
    this.#setLanguage(offeredLanguage(this.#language, business), false);
  }

  #setZone(zone) {
    this.#zone = zone;
    setZone(zone ?? undefined);
    this.#draw();
  }

  /** What to show. The job waits until its time zone is known. */
  get #state() {
    if (this.#insecure) return { scene: "insecure", notice: null };
    const waited_ms = performance.now() - this.#since_ms;
    const state = stateOf(this.#shown, { expected: this.#expected, waited_ms });
    return state.scene === "job" && this.#zone === undefined
      ? { scene: "asking", notice: null }
      : state;
  }

  async #follow() {
    const url = this.#token === null ? location.href : `${location.origin}/track/${this.#token}`;
    const onShown = (shown) => this.#show(shown);
    this.#following = await follow(url, { memory: this.#memory, listen: listenLate, onShown });
  }

  #show(shown) {
    const before = this.#shown.view;
    this.#shown = shown;
    if (shown.view && before && shown.view.status !== before.status) this.#announce(shown.view);
    this.#watch.follow(stateOf(shown).scene === "job" && shown.view.under_way === true);
    this.#draw();
  }

  #showLocation(location) {
    this.#crewLocation = location;
    this.#draw();
  }

  /** The crew's location, or null if the API has none. Raises an error without an answer. */
  async #readLocation() {
    try {
      const digest = await digestOf(this.#token);
      return (await this.#api.get(`/track/${digest}/location`, { tries: 1 })).body;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  #setLanguage(language, chosen = true) {
    this.#language = language;
    if (chosen) rememberLanguage(this.#memory, language);
    markLanguage(language);
    showBusiness(this.#business, language);
    this.#draw();
  }

  get #t() {
    return translator(WORDS, this.#language);
  }

  #announce(view) {
    const step = currentStep(labeledView(view, this.#business?.own_labels));
    if (step)
      fill(
        this.#said,
        `${localized(step.label, this.#language)}. ${localized(step.customer, this.#language)}`,
      );
  }

  /** Builds the page again, but only if it would look different, to keep focus and selection. */
  #draw() {
    const { scene, notice, looking = false } = this.#state;
    const view = labeledView(this.#shown.view, this.#business?.own_labels);
    const looks = {
      scene,
      notice,
      language: this.#language,
      view: scene === "job" ? view : null,
      busy: this.#acts.busy,
      outcome: this.#acts.outcome,
      location: this.#crewLocation,
      zone: this.#zone,
      business: this.#business,
      looking,
    };
    if (this.#drawn === null || !sameShown(looks, this.#drawn)) {
      this.#drawn = looks;
      this.#main.dataset.scene = scene;
      keepingFocus(this.#main, () =>
        fill(this.#main, scene === "job" ? this.#job(view, notice) : this.#scene(scene, looking)),
      );
      this.#drawTitle(scene, view);
    }
    this.#drawFreshness();
  }

  #scene(name, looking) {
    const t = this.#t;
    const onRetry =
      RETRYABLE.includes(name) && this.#token !== null ? () => this.#following?.retry() : null;
    const known = looking && name === "preparing" ? "asking" : name; // no booking is known, so the page does not claim one
    const says = looking ? "not_found_looking" : `${name}_text`;
    const text = known === "asking" ? null : t(says);
    return scenePanel({
      name,
      title: t(`${known}_title`),
      text,
      onRetry,
      retryLabel: t("try_again"),
    });
  }

  #job(view, notice) {
    const spoken = {
      language: this.#language,
      t: this.#t,
      now_ms: this.#now_ms,
      zone: this.#zone,
    };
    const acting = {
      ...spoken,
      busy: this.#acts.busy,
      connected: notice !== "offline",
      said: this.#acts.outcome && { ...this.#acts.outcome, text: this.#t(this.#acts.outcome.key) },
      business: this.#business,
      calendar: this.#calendar,
      onChoice: (choice) => this.#acts.choose(choice),
      onReschedule: () => this.#acts.reschedule(view),
      onNote: () => this.#acts.addNote(),
      onTexts: (unwanted) => this.#acts.chooseTexts(unwanted),
      onPhoto: () => this.#acts.addPhoto(),
    };
    return el(
      "div.job",
      {},
      notice && noticeBar(notice, this.#t(`notice_${notice}`)),
      statusBanner(view, spoken),
      el(
        "div.side",
        {},
        arrival(view, crewLocation(this.#crewLocation, this.#t), spoken),
        actionsPanel(view, acting),
        textsPanel(view, acting),
        reference(view, { ...spoken, onCopy: (event) => this.#copy(event, view) }),
      ),
      el("div.main-column", {}, proofPanel(view, this.#t), timeline(view, spoken)),
      el("p.foot.small.quiet", {}, this.#t("footer")),
    );
  }

  #drawTitle(scene, view) {
    const step = scene === "job" ? currentStep(view) : null;
    const says = step ? localized(step.label, this.#language) : this.#t("title");
    document.title = pageTitle(says, this.#business);
  }

  #drawFreshness() {
    this.#drawLocationAge();
    const line = document.getElementById("fresh");
    if (line === null) return;
    const { tone, age_ms } = freshnessOf(this.#shown, this.#now_ms);
    const ago = age_ms === null ? "" : agoText(age_ms, this.#language);
    const key = { live: "updated", old: "last_known", done: "settled", unknown: "checking" }[tone];
    line.parentElement.dataset.tone = tone;
    const text = this.#t(key, { ago });
    if (line.textContent !== text) fill(line, text);
  }

  #drawLocationAge() {
    const age = document.getElementById("location-age");
    if (age === null || this.#crewLocation === null) return;
    const ago = agoText(this.#now_ms - msOf(this.#crewLocation.at), this.#language);
    const text = this.#t("place_age", { ago });
    if (age.textContent !== text) fill(age, text);
  }

  get #now_ms() {
    return this.#following?.now_ms() ?? Date.now();
  }

  async #copy(event, view) {
    const button = event.currentTarget;
    if (!(await copyText(shownReference(view.job_id)))) return;
    button.lastChild.textContent = this.#t("copied");
    fill(this.#said, this.#t("copied"));
  }

  /**
   * Restarts the reader with `view` as the newest known state, because the edge may serve the state
   * before the customer's move for a while, and that must not appear again.
   */
  async #restartFrom(view) {
    const { key } = await linkOf(`${location.origin}/track/${this.#token}`);
    const now_ms = this.#now_ms;
    this.#following?.stop();
    if (view?.rev >= (this.#shown.view?.rev ?? 0))
      this.#memory.set(key, rememberedText(view, now_ms));
    await this.#follow();
  }
}

new TrackingPage().start();
