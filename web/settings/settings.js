// The settings page: wires the session (state) to the form, its preview, and what is said about it.

import { NoAnswer, Problem } from "/shared/api/api.js";
import { businessIn } from "/shared/jobs/business.js";
import { areHoursConfirmed, confirmHours, missingIn } from "/shared/jobs/setup_checklist.js";
import { applyAccent, pageTitle } from "/shared/ui/business_brand.js";
import { byId, fill } from "/shared/ui/elements.js";
import { Notices } from "/shared/ui/notices.js";
import { signInForm } from "/shared/ui/sign_in_form.js";
import { deviceMemory, signInBusiness } from "/shared/ui/storage.js";
import { base64Of } from "/settings/state/logo_file.js";
import { SettingsService } from "/settings/state/settings_api.js";
import { SettingsSession } from "/settings/state/settings_session.js";
import { refused, unreachable } from "./empty_states.js";
import { homeOf, invitationForm, invitationIn } from "./invitation_form.js";
import { KeysPanel } from "./keys_panel.js";
import { LogoPanel } from "./logo_panel.js";
import { PeoplePanel } from "./people_panel.js";
import { SettingsForm } from "./settings_form.js";
import { TextsPanel } from "./texts_panel.js";
import { bareHeader, pageHeader } from "/shared/ui/page_header.js";

const WELCOME = "The settings of the business are for its owner.";
const EXPIRED = "Your session has ended. Sign in to carry on; what you typed is still here.";

class SettingsPage {
  #root = byId("settings");
  #memory = deviceMemory();
  #notices = new Notices();
  #service = new SettingsService();
  #session = new SettingsSession(this.#service);
  #people = new PeoplePanel(this.#service, this.#notices, () => this.#readAgain());
  #keys = new KeysPanel(this.#service, this.#notices);
  #logo = new LogoPanel(this.#notices, {
    setLogo: async (file) => this.#drawLogo(await this.#session.setLogo(await base64Of(file))),
    removeLogo: () => this.#removeLogo(),
  });
  #texts = new TextsPanel(this.#service, this.#notices, (change) => this.#saveWords(change));
  #form = null;
  /** Whose form it is: what one owner typed is not shown to another. */
  #formOf = null;
  #signedInAs = "";

  async start() {
    const invitation = invitationIn(location.hash);
    if (invitation !== null) return this.#drawInvitation(invitation);
    window.addEventListener("hashchange", () => this.#goToField());
    window.addEventListener("beforeunload", (event) => {
      if (this.#form?.isDirty) event.preventDefault();
    });
    try {
      await this.#session.resume();
    } catch {
      return this.#show("trouble", () => unreachable());
    }
    await this.#draw();
  }

  async #draw() {
    const { scene, session } = this.#session;
    if (scene === "signed_out") return this.#drawSignIn();
    if (scene === "refused") return this.#drawRefused(session);
    this.#drawForm();
    this.#goToField();
    await Promise.all([this.#readAgain(), this.#texts.load(), this.#people.load(), this.#keys.load()]);
  }

  async #readAgain() {
    await this.#session.readMore();
    this.#drawSetup();
  }

  /** The token leaves the address at once: a link that was used is no use in the history. */
  #drawInvitation(token) {
    signInBusiness(this.#memory);
    history.replaceState(null, "", "/settings/");
    fill(byId("toolbar"), bareHeader());
    this.#show("invitation", () =>
      invitationForm(this.#memory, async (password) => {
        const { roles } = await this.#service.acceptInvitation(token, password);
        location.replace(homeOf(roles));
      }),
    );
    this.#root.querySelector("input").focus();
  }

  /** The scene, built only when it is another one. */
  #show(scene, build) {
    if (this.#root.dataset.scene === scene) return;
    this.#root.dataset.scene = scene;
    fill(this.#root, build());
  }

  #drawForm() {
    const { session, settings } = this.#session;
    if (this.#formOf !== session.account) this.#form = null;
    this.#formOf = session.account;
    this.#form ??= new SettingsForm(
      { save: () => this.#save(), confirmHours: () => this.#confirmHours() },
      { logo: this.#logo, texts: this.#texts, people: this.#people, keys: this.#keys },
    );
    this.#form.meet(settings);
    this.#logo.show(settings.logo);
    this.#show("shown", () => this.#form.node);
    this.#drawTop();
  }

  #drawTop() {
    const { session, settings } = this.#session;
    const business = businessIn(settings);
    applyAccent(business?.accent_color ?? null);
    document.title = pageTitle("Settings", business);
    fill(byId("toolbar"), pageHeader(session, business, () => this.#signOut()));
  }

  #drawSetup() {
    const { session, settings, has_crew, flow } = this.#session;
    if (settings === null) return;
    const hours_confirmed = areHoursConfirmed(this.#memory, session.tenant);
    const missing = missingIn(settings, { has_crew, hours_confirmed });
    this.#form.showSetup(missing, flow);
  }

  #drawRefused(session) {
    fill(byId("toolbar"), pageHeader(session, null, () => this.#signOut()));
    document.title = "Settings · Haulway";
    this.#show("refused", () => refused(session));
  }

  #drawSignIn() {
    fill(byId("toolbar"), bareHeader());
    document.title = "Sign in · Haulway";
    this.#show("sign-in", () =>
      signInForm({
        account: this.#signedInAs,
        reason: this.#form?.isDirty ? EXPIRED : null,
        welcome: WELCOME,
        signIn: async (account, password) => {
          await this.#session.signIn(account, password);
          this.#signedInAs = account;
          await this.#draw();
        },
      }),
    );
    this.#root.querySelector("input").focus();
  }

  /** The field that a link of the checklist names. */
  #goToField() {
    const key = location.hash.slice(1);
    if (this.#session.scene === "shown" && key !== "") this.#form.goTo(key);
  }

  // What is done

  #confirmHours() {
    confirmHours(this.#memory, this.#session.session.tenant);
    this.#notices.good("Your opening hours are confirmed.");
    this.#drawSetup();
  }

  /** Others may have changed settings meanwhile: the form shows them too. */
  #drawLogo() {
    const { settings } = this.#session;
    this.#form.meet(settings);
    this.#logo.show(settings.logo);
    this.#drawTop();
    this.#drawSetup();
  }

  async #removeLogo() {
    const theirs = await this.#session.save({ logo: null });
    if (theirs !== null) await this.#session.save({ logo: null });
    this.#drawLogo();
  }

  async #save() {
    const changes = this.#form.changes();
    if (changes === null) return this.#notices.announce("Please look at the marked fields.");
    if (Object.keys(changes).length === 0) return;
    this.#form.busy(true);
    try {
      const theirs = await this.#session.save(changes);
      if (theirs === null) this.#saved(changes);
      else this.#form.showConflict(theirs, this.#session.settings);
    } catch (error) {
      this.#notSaved(error);
    } finally {
      this.#form.busy(false);
    }
  }

  /** The words have a panel of their own; the form shows the rest as it is then. */
  async #saveWords(change) {
    const theirs = await this.#session.save(change(this.#session.settings));
    this.#form.meet(this.#session.settings);
    await this.#readAgain();
    return theirs;
  }

  #saved(changes) {
    const { session, settings } = this.#session;
    if ("opening_hours" in changes) confirmHours(this.#memory, session.tenant);
    this.#form.saved(settings);
    this.#drawTop();
    this.#drawSetup();
    this.#notices.good("Saved. Customers see it from now on.");
  }

  #notSaved(error) {
    if (this.#session.session === null) return this.#draw();
    if (error instanceof Problem && error.status === 422) {
      const left = this.#form.placeFaults(error);
      if (left.length > 0) this.#notices.bad(`Not saved: ${left.join("; ")}`);
      return;
    }
    this.#notices.bad(failureText(error), { label: "Try again", run: () => this.#save() });
  }

  async #signOut() {
    try {
      await this.#session.signOut();
      this.#form = null;
      applyAccent(null);
      this.#drawSignIn();
    } catch {
      this.#notices.bad("You are still signed in: no connection. Please try again.");
    }
  }
}

/** Saving the same again is harmless: what arrived is found there. */
function failureText(error) {
  if (error instanceof NoAnswer)
    return "No answer came. What you typed is still here. Check your connection and save again.";
  if (!(error instanceof Problem)) return "Something went wrong on this page. Load it again.";
  if (error.status === 403) return "Not saved: only the owner may change settings.";
  if (error.status === 429) return "Too many changes at once. Wait a minute and save again.";
  const why = error.status < 500 && (error.detail || error.title);
  return why ? `Not saved: ${why}` : "Not saved: the service has trouble. Try again in a moment.";
}

new SettingsPage().start();
