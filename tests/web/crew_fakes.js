// Fakes for the crew's phone: a manual clock with timers, errors, and jobs.

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { NOON_MS, at } from "./flows.js";

/** {clock, setTimer, clearTimer, pass(ms)}: timers fire when their time is passed. */
export function fakeTimers() {
  let now_ms = NOON_MS;
  let timers = [];
  const due = (until_ms) => timers.filter((timer) => timer.at_ms <= until_ms);
  return {
    clock: () => now_ms,
    setTimer: (act, ms) => {
      const timer = { act, at_ms: now_ms + ms };
      timers.push(timer);
      return timer;
    },
    clearTimer: (timer) => void (timers = timers.filter((other) => other !== timer)),
    get planned_ms() {
      return timers.map((timer) => timer.at_ms - now_ms);
    },
    async pass(ms) {
      await settled();
      const until_ms = now_ms + ms;
      for (let next; (next = due(until_ms).sort((a, b) => a.at_ms - b.at_ms)[0]); ) {
        timers = timers.filter((timer) => timer !== next);
        now_ms = Math.max(now_ms, next.at_ms);
        next.act();
        await settled();
      }
      now_ms = until_ms;
      await settled();
    },
  };
}

/** All that is under way without a timer is done. */
export async function settled() {
  for (let turn = 0; turn < 40; turn += 1) await null;
  await new Promise((done) => setImmediate(done));
}

export const noSignal = () => new NoAnswer("unreachable");
export const timeout = () => new NoAnswer("timeout");
export const problem = (status, slug, more = {}) =>
  new Problem(status, { type: `/problems/${slug}`, title: slug, ...more });

export function aMove(name = "start", job_id = "261121-7k3m2q", minutes = 0) {
  const label = { en: name, es: name };
  const move = { move: name };
  return {
    account: "miguel",
    job_id,
    customer: "Ada",
    kind: "move",
    move,
    label,
    occurred_at: at(minutes),
  };
}

/** A job of Miguel's as `GET /api/my/jobs` has it. */
export function aDocument(values = {}) {
  return {
    job_id: "261121-7k3m2q",
    flow: "haul",
    rev: 3,
    status: "ready_for_pickup",
    customer: { name: "Ada Wong", phone: "+15555550123" },
    place: { address: "12 Harbor Road", gate_code: "4711" },
    schedule: { window_start: at(60), window_end: at(180) },
    crew: [{ role: "driver", member: "miguel", first_name: "Miguel" }],
    notes: [],
    photos: [],
    history: [],
    refusals: [],
    early_moves: [],
    moves: [],
    ...values,
  };
}
