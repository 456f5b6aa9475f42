// Plays the scenarios of tracking/scenarios/ on the JavaScript reader, with a virtual clock. The same
// as tests/tracking/scenario_player.py; as a command it plays the scenarios on its standard input.

import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { sameShown } from "../../web/shared/reader/display.js";
import { DEFAULT_POLICY } from "../../web/shared/reader/polling_policy.js";
import { Reader } from "../../web/shared/reader/reader.js";
import { rememberedIn } from "../../web/shared/reader/saved_view.js";

const SCENARIOS = new URL("../../tracking/scenarios/", import.meta.url);
export const EPOCH_MS = 1_795_255_200_000; // 2026-11-21T10:00:00Z: what every scenario calls 0
const VIEW = {
  rev: 7,
  job_id: "261121-7k3m2q",
  flow: "haul",
  status: "in_progress",
  terminal: false,
  poll_s: 10,
  updated_at: "2026-11-21T10:00:00.000Z",
};
export const TAKES_MS = 100;

export function scenarioFiles() {
  const names = readdirSync(SCENARIOS).filter((name) => name.endsWith(".json")).sort();
  return names.map((name) => [name, JSON.parse(readFileSync(new URL(name, SCENARIOS), "utf8"))]);
}

/** Without `fast_for_s`, the pace is that of the view: most scenarios are about other rules. */
export const policyOf = (scenario) => ({ fast_for_s: 0, ...scenario.policy });

/** A small random generator that gives the same numbers in Python (Tommy Ettinger, 2017). */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomOf({ random = [0.5] }) {
  if (!Array.isArray(random)) return mulberry32(random.seed);
  let next = 0;
  return () => random[next++ % random.length];
}

export function viewOf(overrides, without = []) {
  const entries = Object.entries({ ...VIEW, ...overrides });
  return Object.fromEntries(entries.filter(([key]) => !without.includes(key)));
}

export function memoryTextOf({ memory, memory_text = null }) {
  if (memory === undefined) return memory_text;
  const { view, etag = null, checked_at_ms } = memory;
  return JSON.stringify({ view: viewOf(view), etag, checked_at_ms: EPOCH_MS + checked_at_ms });
}

export function* answersOf({ answers }) {
  for (const answer of answers) {
    const times = answer.times === "forever" ? Infinity : (answer.times ?? 1);
    for (let played = 0; played < times; played += 1) yield answer;
  }
}

/** {status, headers, body}, or null if the line says that the request fails. */
export function answerIn(line) {
  if (line.fails) return null;
  const body = line.view ? JSON.stringify(viewOf(line.view, line.without)) : (line.body ?? "");
  return { status: line.status, headers: line.headers ?? {}, body };
}

export function shownInTrace({ kind, view, checked_at_ms, reason }, at_ms) {
  const line = { at_ms, show: kind };
  if (view !== null) {
    line.rev = view.rev;
    line.checked_at_ms = checked_at_ms === null ? null : checked_at_ms - EPOCH_MS;
  }
  return reason === null ? line : { ...line, reason };
}

export function askedInTrace(source, headers, at_ms, rev = null) {
  const etag = headers["if-none-match"];
  const hinted = rev === null ? {} : { hinted: rev };
  return { at_ms, get: source, ...hinted, ...(etag === undefined ? {} : { if_none_match: etag }) };
}

/** At the same moment, the order is: answer, signals, what is shown, step. */
export function play(scenario) {
  const trace = [];
  const answers = answersOf(scenario);
  const signals = [...(scenario.signals ?? [])];
  const until_ms = scenario.until_ms ?? Infinity;
  const remembered = rememberedIn(memoryTextOf(scenario));
  const policy = policyOf(scenario);
  const reader = new Reader(EPOCH_MS, { policy, random: randomOf(scenario), remembered });
  let coming = null;
  let last = null;

  const take = ({ signal, hint }, now_ms) =>
    signal === undefined ? reader.hint(hint, now_ms) : reader.signal(signal, now_ms);
  const noteShown = (now_ms) => {
    if (sameShown(reader.shown, last)) return;
    last = reader.shown;
    trace.push(shownInTrace(last, now_ms));
  };
  const step = (now_ms) => {
    const next = reader.step(EPOCH_MS + now_ms);
    if (next.do === "ask") {
      trace.push(askedInTrace(next.source, next.headers, now_ms, next.rev));
      const line = answers.next().value;
      coming = { at_ms: now_ms + (line.takes_ms ?? TAKES_MS), line };
    } else if (next.do === "wait" && next.ms !== null) return now_ms + next.ms;
    else if (next.do === "stop" && !trace.at(-1).stop) trace.push({ at_ms: now_ms, stop: true });
    return Infinity;
  };
  for (let now_ms = 0; now_ms <= until_ms && now_ms !== Infinity; ) {
    if (coming?.at_ms === now_ms) {
      const { line } = coming;
      coming = null;
      reader.receive(answerIn(line), EPOCH_MS + now_ms);
    }
    while (signals[0]?.at_ms === now_ms) take(signals.shift(), EPOCH_MS + now_ms);
    noteShown(now_ms);
    now_ms = Math.min(step(now_ms), signals[0]?.at_ms ?? Infinity, coming?.at_ms ?? Infinity);
  }
  return trace;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const asked = JSON.parse(readFileSync(0, "utf8"));
  console.log(JSON.stringify({ policy: DEFAULT_POLICY, traces: asked.map(play) }));
}
