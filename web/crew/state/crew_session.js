// One crew member at work: session, jobs, queue and place, with signal or without. What was last
// known is kept on the phone, so the page opens with it; signing out takes all of it away.
// The browser's things (clock, timers, place, a channel to the other tabs) come in as arguments.

import { NoAnswer, isSignedOut } from "../../shared/api/api.js";
import { projected, statusOf } from "./crew_day.js";
import { CrewQueue } from "./crew_queue.js";
import { Feed } from "../../shared/api/refresh_timer.js";
import { KeptDay } from "./saved_day.js";
import { actorKind } from "../../shared/jobs/moves.js";
import { Sharing } from "./location_sharing.js";

const LOOK_EVERY_MS = 20_000;

export class Shift {
  queue;
  sharing;
  #day;
  #options;
  #store;
  #feed;
  #timer = null;
  #met = false;
  #visit = 0;
  #unreachable = false;
  #signedOut = false;
  #sent = false;

  constructor(options) {
    this.#options = options;
    this.#store = options.store;
    const { clock, setTimer, clearTimer, random, alone, position, channel } = options;
    this.#day = new KeptDay(options.store, clock);
    this.#feed = new Feed(clock(), { random, interval_ms: LOOK_EVERY_MS });
    const timing = { clock, setTimer, clearTimer, random };
    this.queue = new CrewQueue({
      ...timing,
      alone,
      store: options.store,
      who: () => this.#whoIsIn(),
      send: (item) => this.#watching(() => options.crewing.send(item)),
      sent: (job) => this.#take(job),
      changed: () => this.#queueChanged(),
    });
    this.sharing = new Sharing({
      ...timing,
      position,
      tell: (job_id, where) =>
        options.crewing.crew_location(job_id, { ...where, occurred_at: this.#moment() }),
      forget: (job_id) => options.crewing.forgetPlace(job_id),
      changed: () => this.#changed(),
    });
    channel?.addEventListener("message", ({ data }) => this.#heard(data));
  }

  // What is known

  get session() {
    return this.#day.known.session;
  }

  get account() {
    return this.session?.account ?? null;
  }

  get flows() {
    return this.#day.known.flows;
  }

  /** What the truck of that id is called. */
  truckName(truck) {
    return this.#day.known.trucks[truck] ?? truck;
  }

  get time_zone() {
    return this.#day.known.time_zone ?? undefined;
  }

  get kind() {
    return actorKind(this.session?.roles);
  }

  /** `starting`, `sign_in`, `nothing` (no signal, and nothing kept) or `jobs`. */
  get scene() {
    if (this.#signedOut) return "sign_in";
    if (this.age_ms !== null) return "jobs";
    return this.#without ? "nothing" : "starting";
  }

  /** Whether the last question got no answer, or the phone says that it is offline. */
  get #without() {
    return this.#feed.state.kind === "offline" || this.#unreachable;
  }

  /** `none`, `trouble` (someone answers, but not with the jobs) or `good`. */
  get signal_state() {
    if (this.#without) return "none";
    const troubled = [this.#feed.state.kind, this.queue.state].includes("trouble");
    return troubled ? "trouble" : "good";
  }

  get now_ms() {
    return this.#day.now_ms;
  }

  /** How old what is shown is; null where nothing is. */
  get age_ms() {
    return this.#day.age_ms;
  }

  /** The jobs as they are with what waits on this phone. */
  get jobs() {
    const waiting = this.queue.waiting(this.account);
    return this.#day.known.jobs.map((job) => projected(job, waiting, this.flows[job.flow]));
  }

  job(job_id) {
    return this.jobs.find((job) => job.job_id === job_id) ?? null;
  }

  // Beginning and ending

  async start() {
    await this.#day.load();
    await this.#shareAsBefore();
    await this.queue.load();
    await this.#leave();
    this.#plan();
    this.queue.replay();
  }

  /** Raises Problem `wrong-credentials`, NoAnswer and others. */
  async signIn(account, password) {
    const session = await this.#options.crewing.signIn(account, password);
    await this.#store.set("leaving", null);
    await this.#begin(session);
  }

  /** Take everything off the phone; without signal, the session is ended when there is some. */
  async signOut() {
    this.#options.channel?.postMessage("private"); // or another tab would tell it once more
    await this.sharing.want(false); // only a session may have the place forgotten
    const told = await this.#told();
    this.#end();
    await this.queue.wipe();
    await this.#store.set("leaving", told ? null : true);
    this.#options.channel?.postMessage("signed_out");
  }

  async #told() {
    try {
      await this.#options.crewing.signOut();
      return true;
    } catch (error) {
      return isSignedOut(error);
    }
  }

  /** End a session that was left without signal. */
  async #leave() {
    if ((await this.#store.get("leaving")) !== true) return;
    this.#end();
    if (await this.#told()) await this.#store.set("leaving", null);
  }

  async #begin(session) {
    await this.#belongTo(session);
    this.#signedOut = false;
    this.#met = false;
    this.#visit += 1;
    this.#feed.signal("signed_in", this.#options.clock());
    this.#plan();
    this.queue.signal("signed_in");
    this.#changed();
  }

  async #belongTo(session) {
    const another = session.account !== this.account;
    this.#day.begin(session);
    if (another) await this.#shareAsBefore();
  }

  /** One person's request to share their place is not the next one's. */
  async #shareAsBefore() {
    const { account } = this;
    const wanted = account !== null && (await this.#store.get("sharing")) === account;
    this.sharing.want(wanted);
  }

  #end() {
    this.#day.forget();
    this.sharing.want(false);
    this.#expire();
  }

  /** The session ran out: what waits stays on the phone until its owner signs in again. */
  #expire() {
    this.#signedOut = true;
    this.#visit += 1;
    this.#feed.signal("signed_out", this.#options.clock());
    this.queue.signal("signed_out");
    this.#plan();
    this.#changed();
  }

  // Looking

  /** "hidden", "visible", "offline", "online". */
  async signal(name) {
    if (name === "online") {
      this.#unreachable = false;
      await this.sharing.takeBack();
      await this.#leave();
    }
    this.#feed.signal(name, this.#options.clock());
    this.#plan();
    if (name !== "hidden") this.queue.signal(name);
    this.#changed();
  }

  #plan() {
    this.#options.clearTimer(this.#timer);
    const due_ms = this.#feed.due_ms(this.#options.clock());
    if (due_ms !== null) this.#timer = this.#options.setTimer(() => this.#look(), due_ms);
  }

  async #look() {
    const visit = this.#visit;
    this.#feed.asked(this.#options.clock());
    const outcome = await this.#read(visit);
    this.#feed.answered(visit === this.#visit ? outcome : "void", this.#options.clock());
    this.#plan();
    this.#changed();
  }

  async #read(visit) {
    try {
      if (!this.#met) await this.#meet(visit);
      const { body, date } = await this.#watching(() => this.#options.crewing.myJobs());
      if (visit !== this.#visit) return "void";
      const { account = this.account } = body; // an API before this one names no one
      if (account === this.account) await this.#day.read(body, date);
      else await this.#whoIsIn();
      return "fresh";
    } catch (error) {
      return { retry_after_ms: error.retry_after_ms ?? 0 };
    }
  }

  /** The account that requests are made as, which another page of this browser may have changed. */
  async #whoIsIn() {
    const visit = this.#visit;
    const session = await this.#watching(() => this.#options.crewing.session());
    if (visit === this.#visit && session.account !== this.account) await this.#begin(session);
    return session.account;
  }

  /** Who is signed in here, and the flows. */
  async #meet(visit) {
    const session = await this.#watching(() => this.#options.crewing.session());
    const { flows } = await this.#watching(() => this.#options.crewing.flows());
    if (visit !== this.#visit) return;
    await this.#belongTo(session);
    this.#day.learn(flows);
    this.#met = true;
  }

  async #take(job) {
    await this.#day.take(job);
    this.#sent = true;
  }

  /** Once all is sent, look at the other jobs too, and let the other tabs look. */
  #queueChanged() {
    if (this.#sent && this.queue.state !== "sending") {
      this.#sent = false;
      this.#options.channel?.postMessage("queue");
      this.#nudge();
    }
    this.#changed();
  }

  #nudge() {
    this.#feed.signal("nudge", this.#options.clock());
    this.#plan();
  }

  /** Do something that needs signal and session, and notice if there is neither. */
  async #watching(act) {
    try {
      const answer = await act();
      this.#unreachable = false;
      return answer;
    } catch (error) {
      this.#unreachable = error instanceof NoAnswer;
      if (isSignedOut(error)) this.#expire();
      throw error;
    }
  }

  // Working

  move(job, move, said = {}) {
    return this.#do(job, "move", { move: { move: move.name, ...said }, label: move.label });
  }

  edit(job, edit) {
    return this.#do(job, "edit", { edit });
  }

  photo(job, photo_kind, blob) {
    const media_type = blob.type || "image/jpeg";
    return this.#do(job, "photo", { photo: { photo_kind, media_type, blob } });
  }

  /** Raises where the phone cannot keep it. */
  async #do({ job_id, customer }, kind, what) {
    const whose = { account: this.account, job_id, customer: customer.name };
    await this.queue.add({ ...whose, kind, ...what, occurred_at: this.#moment() });
    this.#options.channel?.postMessage("queue");
  }

  async share(wanted) {
    const done = this.sharing.want(wanted);
    this.#changed();
    if (!wanted) this.#options.channel?.postMessage("private");
    await this.#store.set("sharing", wanted ? this.account : null);
    await done;
  }

  #moment() {
    return new Date(this.now_ms).toISOString();
  }

  // Telling

  #heard(message) {
    if (message === "signed_out") this.#end();
    if (message === "private") this.sharing.want(false);
    if (message !== "queue") return;
    this.queue.load();
    this.#nudge();
  }

  #changed() {
    this.sharing.follow(this.#signedOut ? null : this.#underWay);
    this.#options.changed();
  }

  /** The job that is under way for the office and, with what waits here, for the crew too. */
  get #underWay() {
    const isUnderWay = (job) => statusOf(job, this.flows[job.flow])?.under_way === true;
    const known = this.#day.known.jobs.filter(isUnderWay).map(({ job_id }) => job_id);
    const mine = this.jobs.filter(isUnderWay).find(({ job_id }) => known.includes(job_id));
    return mine?.job_id ?? null;
  }
}
