// A shift for tests: an office that knows one job, and two tabs of one browser.

import { MemoryStore } from "../../web/crew/state/crew_store.js";
import { Shift } from "../../web/crew/state/crew_session.js";
import { aDocument, handClock, noSignal, problem } from "./crews.js";
import { NOON_MS, flow } from "./flows.js";

export const HAUL = flow();
export const START = HAUL.moves.find(({ name }) => name === "start");
export const TASHA = { account: "tasha", name: "Tasha", roles: ["driver"] };
export const MIGUEL = { account: "miguel", name: "Miguel", roles: ["driver"] };

/** An office that knows one job; `reach` may throw, as it is asked before everything. */
export class Office {
  jobs = [aDocument()];
  account = MIGUEL;
  asked = [];
  date = new Date(NOON_MS).toUTCString();
  reach = () => {};

  /** What every request begins with. */
  #asks(name, { openToAll = false } = {}) {
    this.asked.push(name);
    this.reach(name);
    if (this.account === null && !openToAll) throw problem(401, "signed-out");
  }

  async session() {
    this.#asks("session");
    return this.account;
  }

  async signIn(account) {
    this.#asks("signIn", { openToAll: true });
    this.account = { account, name: account, roles: ["driver"] };
    return this.account;
  }

  async signOut() {
    this.#asks("signOut");
    this.account = null;
  }

  async flows() {
    this.#asks("flows");
    return { flows: { haul: HAUL } };
  }

  async myJobs() {
    this.#asks("myJobs");
    const { account } = this.account;
    const body = { account, jobs: this.jobs, trucks: {}, time_zone: "UTC" };
    return { status: 200, body, etag: null, date: this.date };
  }

  async send({ move }) {
    this.#asks("send");
    const { to } = HAUL.moves.find(({ name }) => name === move.move);
    this.jobs = this.jobs.map((job) => ({ ...job, status: to, rev: job.rev + 1 }));
    return this.jobs[0];
  }

  async crew_location(job_id) {
    this.#asks(`location ${job_id}`);
  }

  async forgetPlace(job_id) {
    this.#asks(`forget ${job_id}`);
  }
}

export async function aShift({ store = new MemoryStore(), office = new Office(), channel } = {}) {
  const time = handClock();
  const shift = new Shift({
    ...time,
    store,
    channel,
    crewing: office,
    changed: () => {},
    position: async () => ({ latitude: 1, longitude: 2 }),
  });
  await shift.start();
  await time.pass(0);
  return { shift, office, store, time };
}

/** Two ends of one channel: what is posted on one is heard on the other. */
export function twoTabs() {
  const [one, other] = [new EventTarget(), new EventTarget()];
  const wire = (from, to) =>
    Object.assign(from, {
      postMessage: (data) => to.dispatchEvent(Object.assign(new Event("message"), { data })),
    });
  return [wire(one, other), wire(other, one)];
}

export const away = () => {
  throw noSignal();
};
