// The booking page: form, waiting, tracking link. See shared/jobs/booking.js for the state.

import { Api } from "/shared/api/api.js";
import { Booking, EMPTY, faultsOf, isFull, isPassing, isSuspension } from "/shared/jobs/booking.js";
import { storedBusiness, readBusiness } from "/shared/jobs/business.js";
import { Slots, readSlots } from "/shared/jobs/slots.js";
import { pageTitle, showBusiness } from "/shared/ui/business_brand.js";
import { byId, el, fill, keepingFocus } from "/shared/ui/elements.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { browserLanguage, markLanguage, offeredLanguage, onLanguage, rememberLanguage, translator } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { deviceMemory, MAIN, memoryOf, tabMemory } from "/shared/ui/storage.js";
import { SECOND_MS } from "/shared/ui/time.js";
import { consent, suspendedPanel } from "./business_notices.js";
import { askGiveUp, bookedPanel, waitingPanel } from "./confirmation.js";
import { BookingForm } from "./form.js";
import { FIELD_OF, FULL, NOT_OFFERED } from "./refusals.js";
import { insecureNotice, noZoneNotice, restoredLine } from "./form_notices.js";
import { WORDS } from "./words.js";

const RETRY_S = [3, 6, 12, 20, 30];
const GIVE_UP_AFTER = 3;
const SAVE_DRAFT_MS = 300;
const TENANT = /^\/book\/([a-z][a-z0-9-]{0,30})\/?$/.exec(location.pathname)?.[1] ?? MAIN;
const BUSINESS = `/businesses/${TENANT}`;
const SLOTS_EVERY_MS = 30 * SECOND_MS;
class BookingPage {
  #main = byId("booking");
  #said = byId("said");
  #device = deviceMemory();
  #booking = new Booking({
    device: memoryOf(TENANT, this.#device),
    tab: memoryOf(TENANT, tabMemory()),
    tenant: TENANT,
  });
  #api = new Api();
  /** The business's name and time zone; null until they are known. */
  #business = storedBusiness(this.#device, BUSINESS);
  #slots = new Slots();
  #language = browserLanguage(this.#device);
  #form = { ...EMPTY, language: this.#language };
  #restored = false;
  #sending = null;
  #trying = false;
  #tries = 0;
  #nextTryAt = 0;
  #saveTimer = null;

  start() {
    onLanguage((language) => this.#setLanguage(language));
    const draft = this.#booking.draft(Date.now());
    this.#restored =
      draft !== null &&
      JSON.stringify(draft) !== JSON.stringify({ ...EMPTY, language: draft.language });
    if (draft) this.#form = draft;
    window.addEventListener("online", () => this.#sending && this.#try());
    window.addEventListener("offline", () => this.#draw());
    window.addEventListener("pagehide", () => this.#saveDraft());
    setInterval(() => this.#tick(), SECOND_MS);
    this.#sending = this.#booking.unanswered(Date.now());
    this.#drawLanguage();
    this.#draw();
    if (this.#sending) this.#try();
    this.#readBusiness();
    this.#readSlots();
    setInterval(() => document.hidden || this.#sending || this.#readSlots(), SLOTS_EVERY_MS);
  }

  get #zone() {
    return this.#business?.time_zone;
  }

  /** If the settings have changed, the form is drawn again with other days, times, and looks. */
  async #readBusiness() {
    const before = JSON.stringify(this.#business);
    this.#business = await readBusiness(this.#api, this.#device, BUSINESS);
    if (JSON.stringify(this.#business) === before) return;
    this.#speakIn(offeredLanguage(this.#language, this.#business));
    this.#drawLanguage();
    this.#drawAgain();
  }

  /** What is left of the windows; the form is drawn again where that has changed. */
  async #readSlots() {
    const before = JSON.stringify(this.#slots.offers);
    this.#slots = await readSlots(this.#api, `${BUSINESS}/slots`);
    if (JSON.stringify(this.#slots.offers) !== before) this.#drawAgain();
  }

  #drawAgain() {
    if (this.#sending) return;
    const held = document.activeElement?.id;
    this.#draw();
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
  }

  get #t() {
    return translator(WORDS, this.#language);
  }

  #speakIn(language) {
    if (this.#form.language === this.#language) this.#form = { ...this.#form, language };
    this.#language = language;
  }

  #setLanguage(language) {
    this.#speakIn(language);
    rememberLanguage(this.#device, language);
    this.#drawLanguage();
    this.#draw();
  }

  #drawLanguage() {
    markLanguage(this.#language);
    document.title = pageTitle(this.#t("title"), this.#business);
    showBusiness(this.#business, this.#language);
  }

  #draw() {
    const booked = this.#booking.booked();
    const closed = this.#business?.suspended ? "suspended" : "form";
    const scene = booked ? "booked" : this.#sending ? "waiting" : closed;
    this.#main.dataset.scene = scene;
    keepingFocus(this.#main, () => {
      if (scene === "booked") fill(this.#main, this.#bookedPanel(booked));
      else if (scene === "waiting") fill(this.#main, this.#waitingPanel());
      else if (scene === "form") this.#drawForm();
      else fill(this.#main, suspendedPanel(this.#business, this.#t, this.#language));
    });
    this.#drawCountdown();
  }

  #drawForm(fault = null) {
    const t = this.#t;
    const form = new BookingForm(this.#form, {
      t,
      language: this.#language,
      business: this.#business,
      slots: this.#slots,
      onChange: (changed) => this.#changed(changed),
      onSubmit: (filled) => this.#submit(filled),
    });
    fill(
      this.#main,
      el("h1.headline", {}, t("title")),
      el("p.quiet", {}, t("intro")),
      !globalThis.isSecureContext && insecureNotice(t),
      this.#restored && restoredLine(t, () => this.#clear()),
      form.node,
      consent(this.#business, t),
    );
    if (fault) this.#showErrors(fault, form);
  }

  /** Shows the server's errors at their fields, and the rest below the form. */
  #showErrors(fault, form) {
    const refused = [];
    const left = placeErrors(fault, FIELD_OF, (name) => refused.push(name));
    form.refuse([...new Set(refused)], fault === FULL ? "full" : "refused");
    if (refused.length === 0 || left.length > 0) form.complain(this.#refusal(fault));
  }

  /** The server's texts are in English only. */
  #refusal({ detail }) {
    const english = this.#language === "en" && detail;
    return english ? this.#t("refused", { detail }) : this.#t("refused_plain");
  }

  #clear() {
    this.#restored = false;
    this.#form = { ...EMPTY, language: this.#language };
    this.#saveDraft();
    this.#draw();
  }

  #waitingPanel() {
    return waitingPanel({
      t: this.#t,
      offline: navigator.onLine === false,
      trying: this.#trying,
      onTry: () => this.#try(),
      onGiveUp: this.#tries >= GIVE_UP_AFTER && !this.#trying ? () => this.#giveUp() : null,
    });
  }

  #bookedPanel(booked) {
    return bookedPanel(booked, {
      t: this.#t,
      language: this.#language,
      zone: this.#zone,
      currency: this.#business?.currency,
      accepts: this.#business?.accepts_bookings,
      announce: (text) => fill(this.#said, text),
      onAgain: () => {
        this.#booking.again();
        this.#form = { ...EMPTY, language: this.#language };
        this.#restored = false;
        this.#draw();
      },
    });
  }

  #changed(form) {
    this.#form = form;
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => this.#saveDraft(), SAVE_DRAFT_MS);
  }

  #saveDraft() {
    clearTimeout(this.#saveTimer);
    if (!this.#booking.booked()) this.#booking.keepDraft(this.#form, Date.now());
  }

  async #submit(form) {
    this.#form = form;
    this.#saveDraft();
    if (form.day !== "" && !this.#business) {
      await this.#readBusiness();
      if (!this.#business) return fill(byId("summary"), noZoneNotice(this.#t));
      if ("day" in faultsOf(form, Date.now(), this.#business)) return this.#drawForm(NOT_OFFERED);
    }
    this.#sending = this.#booking.prepare(form, Date.now(), this.#business);
    this.#tries = 0;
    this.#try();
  }

  async #try() {
    if (this.#trying || !this.#sending) return;
    this.#trying = true;
    this.#draw();
    let fault = null;
    try {
      await this.#booking.send(this.#sending, this.#api);
      this.#sending = null;
    } catch (error) {
      fault = error;
    }
    this.#trying = false;
    this.#tries += 1;
    this.#answered(fault);
  }

  #answered(fault) {
    if (fault === null) return this.#showBooked();
    if (isPassing(fault)) {
      const pause_s = RETRY_S[Math.min(this.#tries - 1, RETRY_S.length - 1)];
      this.#nextTryAt = Date.now() + Math.max(pause_s * SECOND_MS, fault.retry_after_ms ?? 0);
      return this.#draw();
    }
    this.#sending = null;
    this.#draw();
    if (isFull(fault)) return this.#offerOthers();
    this.#drawForm(fault);
    if (isSuspension(fault)) this.#readBusiness(); // and the page says so in the place of the form
  }

  /** Someone else was faster: the window is gone, and the form says what is free now. */
  async #offerOthers() {
    await this.#readSlots();
    this.#drawForm(FULL);
  }

  #showBooked() {
    this.#draw();
    fill(this.#said, byId("booked-title").textContent);
    window.scrollTo(0, 0);
    document.getElementById("booked-title")?.focus();
  }

  async #giveUp() {
    if (!(await askGiveUp(this.#t)) || !this.#sending) return;
    this.#booking.giveUp();
    this.#sending = null;
    this.#draw();
  }

  #tick() {
    if (!this.#sending || this.#trying) return;
    if (Date.now() >= this.#nextTryAt && navigator.onLine !== false) this.#try();
    else this.#drawCountdown();
  }

  #drawCountdown() {
    const line = document.getElementById("countdown");
    if (line === null) return;
    const seconds = Math.max(1, Math.ceil((this.#nextTryAt - Date.now()) / SECOND_MS));
    const waiting = navigator.onLine === false ? "" : this.#t("waiting_again", { seconds });
    fill(line, this.#trying ? this.#t("waiting_now") : waiting);
  }
}

new BookingPage().start();
