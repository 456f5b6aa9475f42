// A signed-in person and a document that is polled while they look at it. Each page extends the
// class with its own document and actions. Clock, timers and the channel to the other tabs are
// arguments.

import { isSignedOut } from "./api.js";
import { actorKind } from "../jobs/moves.js";
import { RefreshTimer, clockAheadMs } from "./refresh_timer.js";

export class PollingSession {
  #user = null;
  #known = { flows: {}, default: null, time_zone: undefined };
  #options;
  #refresh;
  #timer = null;
  #aheadMs = 0;
  #visit = 0;
  #hints = { channel: null, ended: new AbortController() };

  /** `onChange()` is called when something on the page may have changed. */
  constructor(options) {
    const { clock, random, interval_ms, channel } = options;
    this.#options = options;
    this.#refresh = new RefreshTimer(clock(), { random, interval_ms });
    channel?.addEventListener("message", ({ data }) => this.heard(data));
  }

  // For each page to define

  /**
   * Reads the document that is polled. `isCurrent()` tells whether the same person is still signed
   * in; if not, the answer must not be used. Any error counts as a failed read.
   */
  async read() {}

  /** Removes what was read: the next person must not see it. */
  clear() {}

  get mayPoll() {
    return this.user !== null;
  }

  // What is known

  /** {account, name, roles} of the person who is signed in, or null. */
  get user() {
    return this.#user;
  }

  get kind() {
    return actorKind(this.user?.roles);
  }

  get flows() {
    return this.#known.flows;
  }

  get defaultFlow() {
    return this.#known.default;
  }

  /** The business's currency, as ISO 4217 has it; undefined until it is known. */
  get currency() {
    return this.#known.currency;
  }

  /** The business's time zone; undefined (this device's zone) until it is known. */
  get zone() {
    return this.#known.time_zone;
  }

  get device_ms() {
    return this.#options.clock();
  }

  /** The server's time, because this device's clock may be wrong. */
  get now_ms() {
    return this.device_ms + this.#aheadMs;
  }

  /** {kind, checked_at_ms, failures}: see RefreshTimer. */
  get freshness() {
    return this.#refresh.state;
  }

  /** The time since the document was last read; null before the first answer. */
  get age_ms() {
    const { checked_at_ms } = this.freshness;
    return checked_at_ms === null ? null : Math.max(0, this.device_ms - checked_at_ms);
  }

  // Signing in and out

  /** Continues the browser's session. False if it has none. Raises NoAnswer or Problem. */
  async resume() {
    try {
      return await this.begin(await this.#options.service.session());
    } catch (error) {
      if (isSignedOut(error)) return false;
      throw error;
    }
  }

  /** Raises Problem (`wrong-credentials` and others), NoAnswer or NoCookies. */
  async signIn(account, password) {
    return this.begin(await this.#options.service.signIn(account, password));
  }

  /** Raises NoAnswer or Problem if the person is still signed in. */
  async signOut() {
    await this.#options.service.signOut();
    this.post("signed_out");
    this.end();
  }

  async begin(user) {
    const known = await this.#options.service.flows();
    if (this.#user?.account !== user.account) this.#forget();
    this.#user = user;
    this.#known = known;
    this.startPolling();
    return true;
  }

  startPolling() {
    this.#visit += 1;
    this.#refresh.signal("signed_in", this.device_ms);
    this.#plan();
  }

  /** The person has signed out, here or in another tab: nothing of theirs stays on the page. */
  end() {
    this.#user = null;
    this.#forget();
    this.expire();
  }

  /** The session has expired: what is shown stays until the same person signs in again. */
  expire() {
    this.#visit += 1;
    this.signal("signed_out");
  }

  #forget() {
    this.#hearHints(null);
    this.clear();
  }

  // Polling

  /** Hints on `channel` make the next request come at once; without one, all stays as it is. */
  heedHints(channel) {
    if (channel && channel !== this.#hints.channel) this.#hearHints(channel);
  }

  #hearHints(channel) {
    this.#hints.ended.abort();
    this.#hints = { channel, ended: new AbortController() };
    if (channel === null) return;
    this.#options.listen?.(channel, () => this.signal("hint"), this.#hints.ended.signal);
  }

  /** "hidden", "visible", "offline", "online", "nudge", "hint", "signed_out": see RefreshTimer. */
  signal(name) {
    this.#refresh.signal(name, this.device_ms);
    this.#plan();
    this.changed();
  }

  changed() {
    this.#options.onChange();
  }

  /** A function that tells whether the same person is still signed in. */
  visit() {
    const begun = this.#visit;
    return () => begun === this.#visit;
  }

  /** The result of `request`. If the session has ended, the page is told. */
  async watch(request) {
    try {
      return await request();
    } catch (error) {
      if (isSignedOut(error)) this.expire();
      throw error;
    }
  }

  setServerTime(date) {
    this.#aheadMs = clockAheadMs(date, this.device_ms);
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    const due_ms = this.mayPoll ? this.#refresh.due_ms(this.device_ms) : null;
    if (due_ms !== null) this.#timer = this.#options.setTimer(() => this.#poll(), due_ms);
  }

  async #poll() {
    const isCurrent = this.visit();
    this.#refresh.asked(this.device_ms);
    const outcome = await this.#outcome(isCurrent);
    this.#refresh.answered(isCurrent() ? outcome : "void", this.device_ms);
    this.#plan();
    this.changed();
  }

  async #outcome(isCurrent) {
    try {
      await this.read(isCurrent);
      return "fresh";
    } catch (error) {
      return isSignedOut(error) ? "signed_out" : { retry_after_ms: error.retry_after_ms ?? 0 };
    }
  }

  // The other tabs

  post(message) {
    this.#options.channel?.postMessage(message);
  }

  heard(message) {
    if (message === "signed_out") this.end();
    if (message === "nudge") this.signal("nudge");
  }

  /** Something was changed from here: this tab and the others read again soon. */
  nudge() {
    this.post("nudge");
    this.signal("nudge");
  }
}
