// The owner at the settings: session, the settings as they were read, and saving what changed.

import { Problem, isSignedOut } from "../../shared/api/api.js";
import { isCrew } from "../../shared/jobs/setup_checklist.js";

const LOST = 412;

export class SettingsSession {
  session = null;
  settings = null;
  /** {flow, default}: for showing the first text message; null while it is not known. */
  flow = null;
  /** Whether there is anyone to send; null while it is not known. */
  has_crew = null;
  members = [];
  #service;
  #etag = null;

  constructor(service) {
    this.#service = service;
  }

  /** `signed_out`, `refused` (signed in without the role) or `shown`. */
  get scene() {
    if (this.session === null) return "signed_out";
    return this.settings === null ? "refused" : "shown";
  }

  /** Carry on the session the browser has. False where there is none; raises NoAnswer, Problem. */
  async resume() {
    try {
      return await this.#begin(await this.#service.session());
    } catch (error) {
      if (isSignedOut(error)) return false;
      throw error;
    }
  }

  async signIn(account, password) {
    return this.#begin(await this.#service.signIn(account, password));
  }

  async signOut() {
    await this.#service.signOut();
    Object.assign(this, { session: null, settings: null, members: [], has_crew: null });
  }

  async #begin(session) {
    const isOwner = (session.roles ?? []).includes("owner");
    if (isOwner) await this.#read();
    this.session = session;
    if (!isOwner) this.settings = null;
    return true;
  }

  async #read() {
    const { settings, etag } = await this.#service.settings();
    this.settings = settings;
    this.#etag = etag;
  }

  /** What the page shows beside the settings; it does without what cannot be read now. */
  async readMore() {
    await Promise.allSettled([this.#readFlow(), this.#readCrew()]);
  }

  async #readFlow() {
    const { flows, default: fallback } = await this.#service.flows();
    this.flow = flows[this.settings?.flow ?? fallback] ?? flows[fallback] ?? null;
  }

  async #readCrew() {
    this.members = await this.#service.members();
    this.has_crew = this.members.some(isCrew);
  }

  /**
   * Save `changes`: null, or what someone else changed meanwhile, {key: what it is now}. Then nothing
   * was saved, and `settings` are theirs. Raises Problem 422 and others, NoAnswer.
   */
  async save(changes) {
    try {
      const { settings, etag } = await this.#service.save(changes, this.#etag);
      this.settings = settings;
      this.#etag = etag;
      return null;
    } catch (error) {
      if (isSignedOut(error)) this.session = null;
      if (!(error instanceof Problem) || error.status !== LOST) throw error;
      return this.#meanwhile(changes);
    }
  }

  /** `image` is a file in Base64. Raises Problem, NoAnswer. */
  async setLogo(image) {
    const { settings, etag } = await this.#service.setLogo(image);
    this.settings = settings;
    this.#etag = etag;
  }

  /** Where all of `changes` is there already, our own request came through and its answer was lost. */
  async #meanwhile(changes) {
    const before = this.settings;
    await this.#read();
    const done = Object.keys(changes).every((key) => same(changes[key], this.settings[key]));
    return done ? null : changedIn(before, this.settings);
  }
}

/** {key: value in `now`} of all that differs. */
export function changedIn(before, now) {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  const changed = [...keys].filter((key) => !same(before[key], now[key]));
  return Object.fromEntries(changed.map((key) => [key, now[key] ?? null]));
}

/** Whether two values of JSON are the same; what is not there is null. */
export function same(one, other) {
  return canonical(one) === canonical(other);
}

function canonical(value) {
  return JSON.stringify(value ?? null, (_, each) =>
    each && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => a.localeCompare(b)))
      : each,
  );
}
