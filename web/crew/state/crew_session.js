// What a crew member sees and does, with or without signal: the jobs, which are polled, the queue
// of actions, and location sharing. The jobs are saved on the phone, so the page opens with them;
// signing out removes everything from the phone.

import { NoAnswer, isSignedOut } from "../../shared/api/api.js";
import { PollingSession } from "../../shared/api/polling_session.js";
import { projected, underWayIn } from "./crew_day.js";
import { CrewQueue } from "./crew_queue.js";
import { LocationSharing } from "./location_sharing.js";
import { QueuedActions } from "./queued_actions.js";
import { SavedDay } from "./saved_day.js";

const POLL_EVERY_MS = 20_000;

export class CrewSession extends PollingSession {
  queue;
  actions;
  sharing;
  #day;
  #service;
  #store;
  #identified = false;
  #unreachable = false;
  #sent = false;

  constructor(options) {
    super({ ...options, interval_ms: POLL_EVERY_MS });
    const { service, store, clock, setTimer, clearTimer, random, alone, position } = options;
    const timing = { clock, setTimer, clearTimer, random };
    this.#service = service;
    this.#store = store;
    this.#day = new SavedDay(store, clock);
    this.queue = new CrewQueue({
      ...timing,
      alone,
      store,
      who: () => this.#currentAccount(),
      send: (item) => this.watch(() => service.send(item)),
      sent: (job) => this.#take(job),
      changed: () => this.#queueChanged(),
    });
    this.actions = new QueuedActions({
      ...timing,
      queue: this.queue,
      account: () => this.account,
      occurredAt: () => this.#occurredAt(),
      changed: () => this.changed(),
      queued: () => this.post("queue"),
    });
    this.sharing = new LocationSharing({
      ...timing,
      position,
      send: (job_id, where) =>
        service.sendLocation(job_id, { ...where, occurred_at: this.#occurredAt() }),
      remove: (job_id) => service.removeLocation(job_id),
      changed: () => this.changed(),
    });
  }

  // What is known

  get user() {
    return this.#day.known.session;
  }

  get account() {
    return this.user?.account ?? null;
  }

  get flows() {
    return this.#day.known.flows;
  }

  get zone() {
    return this.#day.known.time_zone ?? undefined;
  }

  truckName(truck) {
    return this.#day.known.trucks[truck] ?? truck;
  }

  /** `starting`, `sign_in`, `nothing` (no signal and nothing saved) or `jobs`. */
  get scene() {
    if (this.#signedOut) return "sign_in";
    if (this.age_ms !== null) return "jobs";
    return this.#noSignal ? "nothing" : "starting";
  }

  get #signedOut() {
    return this.freshness.kind === "signed_out";
  }

  /** Whether the last request got no answer, or the phone says that it is offline. */
  get #noSignal() {
    return this.freshness.kind === "offline" || this.#unreachable;
  }

  /** `none`, `trouble` (the server answers with errors) or `good`. */
  get signal_state() {
    if (this.#noSignal) return "none";
    const troubled = [this.freshness.kind, this.queue.state].includes("trouble");
    return troubled ? "trouble" : "good";
  }

  get now_ms() {
    return this.#day.now_ms;
  }

  get age_ms() {
    return this.#day.age_ms;
  }

  /** The jobs with the office's texts and the actions that still wait on this phone. */
  get jobs() {
    const waiting = this.queue.waiting(this.account);
    const { jobs, office_texts } = this.#day.known;
    const told = (job) => ({ ...job, office_texts: office_texts[job.job_id] ?? [] });
    return jobs.map((job) => projected(told(job), waiting, this.flows[job.flow]));
  }

  /** {list, dismiss()}: what someone else has changed of today's list, until the person has read it. */
  get changes() {
    const dismiss = () => this.#day.dismissChanges().then(() => this.changed());
    return { list: this.#day.known.changes, dismiss };
  }

  job(job_id) {
    return this.jobs.find((job) => job.job_id === job_id) ?? null;
  }

  // Signing in and out

  async start() {
    await this.#day.load();
    await this.#restoreSharing();
    await this.queue.load();
    await this.#finishSignOut();
    super.signal("nudge");
    this.queue.replay();
  }

  async signIn(account, password) {
    const user = await this.#service.signIn(account, password);
    await this.#store.set("leaving", null);
    await this.begin(user);
  }

  /** Removes everything from the phone. Without signal, the session is ended on the next one. */
  async signOut() {
    this.post("stop_sharing"); // or another tab would send the location again
    await this.sharing.want(false); // removing the location needs the session
    const ended = await this.#endSession();
    this.end();
    await this.queue.wipe();
    await this.#store.set("leaving", ended ? null : true);
    this.post("signed_out");
  }

  async #endSession() {
    try {
      await this.#service.signOut();
      return true;
    } catch (error) {
      return isSignedOut(error);
    }
  }

  async #finishSignOut() {
    if ((await this.#store.get("leaving")) !== true) return;
    this.end();
    if (await this.#endSession()) await this.#store.set("leaving", null);
  }

  async begin(user) {
    await this.#openDayOf(user);
    this.#identified = false;
    this.startPolling();
    this.queue.signal("signed_in");
    this.changed();
  }

  async #openDayOf(user) {
    const another = user.account !== this.account;
    this.#day.begin(user);
    if (another) await this.#restoreSharing();
  }

  /** Location sharing belongs to one account: the next person has to switch it on themselves. */
  async #restoreSharing() {
    const { account } = this;
    const wanted = account !== null && (await this.#store.get("sharing")) === account;
    this.sharing.want(wanted);
  }

  clear() {
    this.actions.forget();
    this.#day.clear();
    this.sharing.want(false);
  }

  expire() {
    this.queue.signal("signed_out");
    super.expire();
  }

  // Polling

  get mayPoll() {
    return true; // the first answer tells who is signed in
  }

  async signal(name) {
    if (name === "online") {
      this.#unreachable = false;
      await this.sharing.removeLocation();
      await this.#finishSignOut();
    }
    if (["visible", "offline", "online"].includes(name)) this.queue.signal(name);
    super.signal(name);
  }

  async read(isCurrent) {
    if (!this.#identified) await this.#identify(isCurrent);
    const { body, date } = await this.watch(() => this.#service.myJobs());
    if (!isCurrent()) return;
    if (body.account === this.account) await this.#day.read(body, date);
    else await this.#currentAccount();
  }

  /** The account that the server sees; a sign-in in another tab may have changed it. */
  async #currentAccount() {
    const isCurrent = this.visit();
    const user = await this.watch(() => this.#service.session());
    if (isCurrent() && user.account !== this.account) await this.begin(user);
    return user.account;
  }

  async #identify(isCurrent) {
    const user = await this.watch(() => this.#service.session());
    const { flows } = await this.watch(() => this.#service.flows());
    if (!isCurrent()) return;
    await this.#openDayOf(user);
    this.#day.learn(flows);
    this.#identified = true;
  }

  async watch(request) {
    try {
      const answer = await super.watch(request);
      this.#unreachable = false;
      return answer;
    } catch (error) {
      this.#unreachable = error instanceof NoAnswer;
      throw error;
    }
  }

  async #take(job) {
    await this.#day.take(job);
    this.#sent = true;
  }

  /** When everything is sent, the other jobs and the other tabs are refreshed too. */
  #queueChanged() {
    if (this.#sent && this.queue.state !== "sending") {
      this.#sent = false;
      this.post("queue");
      super.signal("nudge");
    }
    this.changed();
  }

  // Sharing the location

  async share(wanted) {
    const done = this.sharing.want(wanted);
    this.changed();
    if (!wanted) this.post("stop_sharing");
    await this.#store.set("sharing", wanted ? this.account : null);
    await done;
  }

  #occurredAt() {
    return new Date(this.now_ms).toISOString();
  }

  heard(message) {
    super.heard(message);
    if (message === "stop_sharing") this.sharing.want(false);
    if (message !== "queue") return;
    this.queue.load();
    super.signal("nudge");
  }

  changed() {
    const underWay = underWayIn(this.jobs, this.#day.known.jobs, this.flows);
    this.sharing.follow(this.#signedOut ? null : underWay);
    super.changed();
  }
}
