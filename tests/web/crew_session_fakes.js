// A crew session for tests: an API that knows one job, and two tabs of one browser.

import { MemoryStore } from "../../web/crew/state/crew_store.js";
import { CrewSession } from "../../web/crew/state/crew_session.js";
import { aDocument, fakeTimers, noSignal, problem } from "./crew_fakes.js";
import { NOON_MS, flow } from "./flows.js";

export const HAUL = flow();
export const START = HAUL.moves.find(({ name }) => name === "start");
export const TASHA = { account: "tasha", name: "Tasha", roles: ["driver"] };
export const MIGUEL = { account: "miguel", name: "Miguel", roles: ["driver"] };

/** An API that knows one job; `reach` is called before every request and may throw. */
export class FakeApi {
  jobs = [aDocument()];
  account = MIGUEL;
  asked = [];
  date = new Date(NOON_MS).toUTCString();
  reach = () => {};

  /** Every request begins with this. */
  #receive(name, { openToAll = false } = {}) {
    this.asked.push(name);
    this.reach(name);
    if (this.account === null && !openToAll) throw problem(401, "signed-out");
  }

  async session() {
    this.#receive("session");
    return this.account;
  }

  async signIn(account) {
    this.#receive("signIn", { openToAll: true });
    this.account = { account, name: account, roles: ["driver"] };
    return this.account;
  }

  async signOut() {
    this.#receive("signOut");
    this.account = null;
  }

  async flows() {
    this.#receive("flows");
    return { flows: { haul: HAUL } };
  }

  async myJobs() {
    this.#receive("myJobs");
    const { account } = this.account;
    const body = { account, jobs: this.jobs, trucks: {}, time_zone: "UTC" };
    return { status: 200, body, etag: null, date: this.date };
  }

  async send({ move, undone }) {
    this.#receive("send");
    const { to } = move.move === "undo" ? { to: undone.from } : HAUL.moves.find(({ name }) => name === move.move);
    this.jobs = this.jobs.map((job) => ({ ...job, status: to, rev: job.rev + 1 }));
    return this.jobs[0];
  }

  async sendLocation(job_id) {
    this.#receive(`sendLocation ${job_id}`);
  }

  async removeLocation(job_id) {
    this.#receive(`removeLocation ${job_id}`);
  }
}

export async function aSession({ store = new MemoryStore(), api = new FakeApi(), channel } = {}) {
  const time = fakeTimers();
  const session = new CrewSession({
    ...time,
    store,
    channel,
    service: api,
    onChange: () => {},
    position: async () => ({ latitude: 1, longitude: 2 }),
  });
  await session.start();
  await time.pass(0);
  return { session, api, store, time };
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

export const unreachable = () => {
  throw noSignal();
};
