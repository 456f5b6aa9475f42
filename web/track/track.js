// The tracking page: the reader decides what is known, this file shows it.

import { Api, Problem } from "/shared/api/api.js";
import { keptBusiness, readBusiness } from "/shared/jobs/business.js";
import { pageTitle, showBusiness } from "/shared/ui/business_brand.js";
import { byId, copyText, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { isExpected } from "/shared/jobs/recent_bookings.js";
import { browserLanguage, markLanguage, offeredLanguage, onLanguage, rememberLanguage, speaking, wording } from "/shared/ui/i18n.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { digestOf, follow, linkOf, sameShown } from "/shared/reader/reader.js";
import { shownReference } from "/shared/ui/job_reference.js";
import { SECOND_MS, agoText, goBy, msOf } from "/shared/ui/time.js";
import { currentStep, freshnessOf, rememberedText, stateOf, tokenIn } from "/shared/jobs/tracking.js";
import { PlaceWatch } from "/track/crew_location.js";
import { actionsPanel, askReason, choose, faultKey } from "./actions.js";
import { crewPlace, proofPanel } from "./proof.js";
import { arrival, hero, noticeBar, reference, scenePanel, timeline } from "./components.js";
import { WORDS } from "./words.js";

const CLOCK_WAIT_MS = 1_500; // so long times stay away while it is not known whose clock they go by
const CLOCK_AGAIN_MS = 30_000;
const RETRIED = ["not_found", "trouble"]; // scenes where pressing a button may help

class TrackingPage {
  #main = byId("job");
  #said = byId("said");
  #memory = deviceMemory();
  #api = new Api();
  #token = tokenIn(location.href);
  #language = browserLanguage(this.#memory);
  #shown = { kind: "asking", view: null, checked_at_ms: null, reason: null };
  #drawn = null;
  #busy = null;
  #outcome = null;
  #following = null;
  #place = null;
  #expected = false;
  #since_ms = performance.now();
  /** The zone of the business's clock; null: no one told; undefined: being asked for. */
  #zone = undefined;
  #business = null;
  #watch = new PlaceWatch({
    ask: () => this.#askPlace(),
    now_ms: () => this.#now_ms,
    isHidden: () => document.hidden,
    onPlace: (place) => this.#showPlace(place),
  });
  #insecure = !globalThis.isSecureContext;

  async start() {
    onLanguage((language) => this.#speak(language));
    setInterval(() => this.#draw(), SECOND_MS);
    this.#speak(this.#language, false);
    if (this.#insecure) return;
    if (this.#token !== null) await this.#prepare();
    await this.#follow();
  }

  async #prepare() {
    const path = `/track/${await digestOf(this.#token)}/business`;
    this.#expected = await isExpected(this.#memory, this.#token, Date.now());
    this.#meet(keptBusiness(this.#memory, path));
    this.#goBy(this.#business?.time_zone);
    this.#learnZone(path);
    setTimeout(() => this.#zone === undefined && this.#goBy(null), CLOCK_WAIT_MS);
  }

  /** Asked for until it is known. */
  async #learnZone(path) {
    const business = await readBusiness(this.#api, this.#memory, path, { tries: 1 });
    this.#meet(business);
    this.#goBy(business?.time_zone ?? null);
    if (business === null) setTimeout(() => this.#learnZone(path), CLOCK_AGAIN_MS);
  }

  #meet(business) {
    if (business === null) return;
    this.#business = business;
    this.#speak(offeredLanguage(this.#language, business), false);
  }

  #goBy(zone) {
    this.#zone = zone;
    goBy(zone ?? undefined);
    this.#draw();
  }

  /** What is to be shown; nothing of the job before it is known by which clock. */
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
    this.#following = await follow(url, { memory: this.#memory, onShown });
  }

  #show(shown) {
    const before = this.#shown.view;
    this.#shown = shown;
    if (shown.view && before && shown.view.status !== before.status) this.#announce(shown.view);
    this.#watch.follow(stateOf(shown).scene === "job" && shown.view.under_way === true);
    this.#draw();
  }

  #showPlace(place) {
    this.#place = place;
    this.#draw();
  }

  /** The API's word, null where it knows no place. Raises where it gave no answer. */
  async #askPlace() {
    try {
      const digest = await digestOf(this.#token);
      return (await this.#api.get(`/track/${digest}/place`, { tries: 1 })).body;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  #speak(language, chosen = true) {
    this.#language = language;
    if (chosen) rememberLanguage(this.#memory, language);
    markLanguage(language);
    showBusiness(this.#business, language);
    this.#draw();
  }

  get #t() {
    return speaking(WORDS, this.#language);
  }

  #announce(view) {
    const step = currentStep(view);
    if (step)
      fill(
        this.#said,
        `${wording(step.label, this.#language)}. ${wording(step.customer, this.#language)}`,
      );
  }

  /** Build the page again, but only if it would look different: buttons keep focus, selections stay. */
  #draw() {
    const { scene, notice, looking = false } = this.#state;
    const { view } = this.#shown;
    const looks = {
      scene,
      notice,
      language: this.#language,
      view: scene === "job" ? view : null,
      busy: this.#busy,
      outcome: this.#outcome,
      place: this.#place,
      zone: this.#zone,
      name: this.#business?.name,
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
      RETRIED.includes(name) && this.#token !== null ? () => this.#following?.retry() : null;
    const known = looking && name === "preparing" ? "asking" : name; // no word of a booking
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
      busy: this.#busy,
      connected: notice !== "offline",
      said: this.#outcome && { tone: this.#outcome.tone, text: this.#t(this.#outcome.key) },
      onChoice: (choice) => this.#choose(choice),
    };
    return el(
      "div.job",
      {},
      notice && noticeBar(notice, this.#t(`notice_${notice}`)),
      hero(view, spoken),
      el(
        "div.side",
        {},
        arrival(view, crewPlace(this.#place, this.#t), spoken),
        actionsPanel(view, acting),
        reference(view, { ...spoken, onCopy: (event) => this.#copy(event, view) }),
      ),
      el("div.story", {}, proofPanel(view, this.#t), timeline(view, spoken)),
      el("p.foot.small.quiet", {}, this.#t("footer")),
    );
  }

  #drawTitle(scene, view) {
    const step = scene === "job" ? currentStep(view) : null;
    const says = step ? wording(step.label, this.#language) : this.#t("title");
    document.title = pageTitle(says, this.#business);
  }

  #drawFreshness() {
    this.#drawPlaceAge();
    const line = document.getElementById("fresh");
    if (line === null) return;
    const { tone, age_ms } = freshnessOf(this.#shown, this.#now_ms);
    const ago = age_ms === null ? "" : agoText(age_ms, this.#language);
    const key = { live: "updated", old: "last_known", done: "settled", unknown: "checking" }[tone];
    line.parentElement.dataset.tone = tone;
    const text = this.#t(key, { ago });
    if (line.textContent !== text) fill(line, text);
  }

  #drawPlaceAge() {
    const age = document.getElementById("place-age");
    if (age === null || this.#place === null) return;
    const ago = agoText(this.#now_ms - msOf(this.#place.at), this.#language);
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

  async #choose(choice) {
    const reason = choice.move === "cancel" ? await askReason(choice, this.#t) : "";
    if (reason === null || this.#busy !== null) return;
    this.#busy = choice.move;
    this.#outcome = null;
    this.#draw();
    this.#outcome = await this.#made(choice, reason);
    this.#busy = null;
    fill(this.#said, this.#t(this.#outcome.key));
    this.#draw();
  }

  /** {tone, key} of what to say, once the move is made or was not. */
  async #made(choice, reason) {
    try {
      const digest = await digestOf(this.#token);
      const view = await choose(this.#api, { digest, token: this.#token, choice, reason });
      await this.#startFrom(view);
      return { tone: "good", key: `said_${choice.move}` };
    } catch (error) {
      this.#following?.retry();
      return { tone: "bad", key: faultKey(error) };
    }
  }

  /**
   * Let the reader begin again with `view` as the newest state it knows: the edge may serve the
   * state before our move for a while, and that must not come back on the page.
   */
  async #startFrom(view) {
    const { key } = await linkOf(`${location.origin}/track/${this.#token}`);
    const now_ms = this.#now_ms;
    this.#following?.stop();
    if (view?.rev >= (this.#shown.view?.rev ?? 0))
      this.#memory.set(key, rememberedText(view, now_ms));
    await this.#follow();
  }
}

new TrackingPage().start();
