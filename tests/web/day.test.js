import assert from "node:assert/strict";
import { test } from "node:test";

import {
  axisOf,
  dayOf,
  inLanes,
  openJobs,
  placeOn,
  rowsOf,
  unplannedJobs,
} from "../../web/dispatch/state/day.js";
import { plannedText } from "../../web/dispatch/state/day_labels.js";
import { timeOffOn, isCovered, overlap, availabilityOn } from "../../web/dispatch/state/availability.js";
import { momentAt } from "../../web/shared/ui/business_time.js";
import { aCard, flow } from "./flows.js";

const ZONE = "America/New_York";
const DATE = "2026-11-21";
const FLOWS = { haul: flow() };
const plain = (text) => text.replace(/[\u2009\u202f]/g, " ");
const clock = (at, date = DATE) => momentAt(date, at, ZONE);
const span = (begin, end) => ({ begin_ms: clock(begin), end_ms: clock(end) });
const day = (now = "10:00", date = DATE) => dayOf(date, ZONE, clock(now));

function aMember(values = {}) {
  return { member: "miguel", name: "Miguel", roles: ["driver"], days: {}, jobs: [], ...values };
}

function engaged(begin, end, values = {}) {
  return {
    job_id: `job-${begin}`,
    role: "driver",
    status: "ready_for_pickup",
    under_way: false,
    ...(begin && { window_start: new Date(clock(begin)).toISOString() }),
    ...(end && { window_end: new Date(clock(end)).toISOString() }),
    ...values,
  };
}

function rows(members, { now, date, trucks = [], cards = {} } = {}) {
  const told = { cardOf: (job_id) => cards[job_id] ?? null, flows: FLOWS };
  return rowsOf({ members, trucks }, day(now, date), told);
}

function stateOf(values, options) {
  const [{ state }] = rows([aMember(values)], options).people;
  return `${state.tone}: ${plain(state.text)}`;
}

const hours = (...spans) => ({
  days: { [DATE]: { hours: spans.map(([begin, end]) => ({ begin, end })) } },
});

test("two windows that only touch do not overlap", () => {
  assert.equal(overlap(span("08:00", "10:00"), span("10:00", "12:00")), false);
  assert.equal(overlap(span("08:00", "10:01"), span("10:00", "12:00")), true);
  assert.equal(overlap(span("08:00", "12:00"), span("09:00", "10:00")), true);
});

test("adjacent hours cover a window together; hours with a gap do not", () => {
  const window = span("09:00", "13:00");
  assert.ok(isCovered(window, [span("07:00", "11:00"), span("11:00", "15:00")]));
  assert.ok(!isCovered(window, [span("07:00", "11:00"), span("11:30", "15:00")]));
  assert.ok(!isCovered(window, []));
});

test("a day without an entry is available, a day without hours is off", () => {
  const whole = { begin_ms: clock("00:00"), end_ms: clock("00:00", "2026-11-22") };
  assert.deepEqual(availabilityOn(aMember(), DATE, ZONE), [whole]);
  assert.deepEqual(timeOffOn(day(), [whole]), []);
  assert.deepEqual(availabilityOn(aMember(hours()), DATE, ZONE), []);
  assert.deepEqual(timeOffOn(day(), []), [whole]);
});

test("a night that began the day before reaches into the morning", () => {
  const night = { hours: [{ begin: "22:00", end: "06:00" }] };
  const member = aMember({ days: { "2026-11-20": night, [DATE]: { hours: [] } } });
  const begin_ms = clock("22:00", "2026-11-20");
  assert.deepEqual(availabilityOn(member, DATE, ZONE), [{ begin_ms, end_ms: clock("06:00") }]);
  assert.deepEqual(availabilityOn(member, "2026-11-22", ZONE).length, 1);
});

test("a person who is free now has the time until when", () => {
  assert.equal(stateOf({}), "free: free now");
  assert.equal(stateOf({ jobs: [engaged("13:00", "15:00")] }), "free: free until 1:00 PM");
  assert.equal(stateOf(hours(["07:00", "15:30"])), "free: free until 3:30 PM");
});

test("a busy person is busy until the last of the consecutive jobs ends", () => {
  const jobs = [engaged("09:00", "11:00"), engaged("11:00", "13:00"), engaged("15:00", "16:00")];
  assert.equal(stateOf({ jobs }), "busy: busy until 1:00 PM");
});

test("a job that is under way after its window keeps its crew busy", () => {
  const late = engaged("07:00", "09:00", { under_way: true });
  assert.equal(stateOf({ jobs: [late] }), "busy: on a job, planned until 9:00 AM");
  const open = engaged(null, null, { under_way: true });
  assert.equal(stateOf({ jobs: [open] }), "busy: on a job");
});

test("a job under way keeps its crew busy today, whichever day it was planned for", () => {
  const planned = (date) => ({
    job_id: "long",
    under_way: true,
    window_start: new Date(clock("15:00", date)).toISOString(),
    window_end: new Date(clock("17:00", date)).toISOString(),
  });
  const overrun = { jobs: [engaged(null, null, planned("2026-11-20"))] };
  const early = { jobs: [engaged(null, null, planned("2026-11-22"))] };
  assert.equal(stateOf(overrun), "busy: on a job, planned until Fri, Nov 20, 5:00 PM");
  assert.equal(stateOf(early), "busy: on a job, planned until Sun, Nov 22, 5:00 PM");
  const [{ blocks, loose }] = rows([aMember(overrun)]).people;
  assert.deepEqual([blocks.length, loose.map(({ job_id }) => job_id)], [0, ["long"]]);
  const when = plain(plannedText(loose[0].schedule, day()));
  assert.equal(when, "Fri, Nov 20, 3:00 – 5:00 PM");
  const onItsDay = rows([aMember(overrun)], { date: "2026-11-20" }).people[0];
  assert.deepEqual([onItsDay.blocks.length, onItsDay.loose.length], [1, 0]);
});

test("an ended job keeps no one busy, even if the roster does not know yet", () => {
  const jobs = [engaged("09:00", "12:00", { under_way: true, status: "in_progress" })];
  const cards = { "job-09:00": aCard({ status: "completed", terminal: true }) };
  assert.equal(stateOf({ jobs }), "busy: busy until 12:00 PM");
  assert.equal(stateOf({ jobs }, { cards }), "free: free now");
  const loose = [engaged(null, null, { under_way: true, status: "in_progress" })];
  const done = { "job-null": aCard({ status: "completed", terminal: true }) };
  assert.equal(stateOf({ jobs: loose }, { cards: done }), "free: free now");
});

test("a person who is off has the time when they become available", () => {
  assert.equal(stateOf(hours()), "off: off today");
  assert.equal(stateOf(hours(["12:00", "18:00"])), "off: available from 12:00 PM");
  assert.equal(stateOf(hours(["06:00", "09:00"])), "off: done for today");
});

test("another day shows the number of jobs, and who is off but assigned", () => {
  const told = { cardOf: () => null, flows: FLOWS };
  const seen = dayOf(DATE, ZONE, clock("10:00", "2026-11-20"));
  const tomorrow = (member) =>
    rowsOf({ members: [member], trucks: [] }, seen, told).people[0].state.text;
  assert.equal(tomorrow(aMember()), "no jobs");
  assert.equal(tomorrow(aMember({ jobs: [engaged("09:00", "11:00")] })), "1 job");
  assert.equal(tomorrow(aMember(hours())), "off");
  const jobs = [engaged("09:00", "11:00"), engaged("12:00", "13:00")];
  assert.equal(tomorrow(aMember({ ...hours(), jobs })), "off, but has 2 jobs");
});

test("only people who can be assigned have a row, and each truck has one", () => {
  const members = [
    aMember(),
    aMember({ member: "dana", roles: ["dispatcher"] }),
    aMember({ member: "otto", roles: ["ops"] }),
    aMember({ member: "sue", roles: ["dispatcher", "supervisor"] }),
  ];
  const found = rows(members, { trucks: [{ truck: "t1", name: "Truck 1", jobs: [] }] });
  assert.deepEqual(
    found.people.map(({ id, roles }) => [id, roles]),
    [
      ["miguel", ["driver"]],
      ["sue", ["supervisor"]],
    ],
  );
  assert.deepEqual(
    found.trucks.map(({ id, state }) => [id, state.text]),
    [["t1", "free now"]],
  );
});

test("overlapping jobs are in separate lanes, each in the first free one", () => {
  const lanes = inLanes([span("09:00", "11:00"), span("08:00", "10:00"), span("10:00", "12:00")]);
  assert.deepEqual(
    lanes.map(({ begin_ms, lane }) => [begin_ms, lane]),
    [
      [clock("08:00"), 0],
      [clock("09:00"), 1],
      [clock("10:00"), 0],
    ],
  );
});

test("jobs that do not fit and a job outside the person's hours have warnings", () => {
  const warnings = (values) =>
    rows([aMember(values)]).people[0].blocks.map(({ warning }) => warning);
  const both = [engaged("09:00", "11:00"), engaged("10:00", "12:00")];
  assert.deepEqual(warnings({ jobs: both }), [null, null]);
  const long = both.map((job) => ({ ...job, duration_minutes: 200 }));
  assert.deepEqual(warnings({ jobs: long }), ["no time beside job-10:00", "no time beside job-09:00"]);
  const early = { ...hours(["10:00", "18:00"]), jobs: [engaged("09:00", "11:00")] };
  assert.deepEqual(warnings(early), ["outside their hours"]);
  assert.deepEqual(warnings({ jobs: [engaged("09:00", "11:00")] }), [null]);
});

test("a job without a window is listed today, one with half a window on that day", () => {
  const jobs = [engaged(null, null), engaged("14:00", null), engaged("09:00", "11:00")];
  const [today] = rows([aMember({ jobs })]).people;
  assert.deepEqual(
    [today.blocks.length, today.loose.map(({ job_id }) => job_id)],
    [1, ["job-null", "job-14:00"]],
  );
  const [other] = rows([aMember({ jobs })], { date: "2026-11-22" }).people;
  assert.deepEqual([other.blocks.length, other.loose.length], [0, 0]);
});

test("a job over midnight is on both days, with the newest status", () => {
  const begin = new Date(clock("23:00", "2026-11-20")).toISOString();
  const job = engaged("23:00", "01:00", { job_id: "night", window_start: begin });
  const cards = { night: aCard({ customer: "Nina", status: "in_progress" }) };
  const [{ blocks }] = rows([aMember({ jobs: [job] })], { cards }).people;
  assert.deepEqual([blocks[0].customer, blocks[0].status], ["Nina", "In progress"]);
});

test("the axis shows 6 AM to 8 PM, and more if there is work outside", () => {
  const usual = axisOf(rows([aMember()]), day());
  assert.deepEqual([usual.begin_ms, usual.end_ms], [clock("06:00"), clock("20:00")]);
  assert.equal(usual.ticks.length, 14);
  const wide = rows([aMember({ jobs: [engaged("04:30", "06:00")], ...hours(["05:00", "21:15"]) })]);
  const { begin_ms, end_ms } = axisOf(wide, day());
  assert.deepEqual([begin_ms, end_ms], [clock("04:00"), clock("22:00")]);
});

test("a span is cut off at the ends of the axis", () => {
  const axis = { begin_ms: clock("06:00"), end_ms: clock("20:00") };
  assert.deepEqual(placeOn(axis, span("13:00", "20:00")), { from: 0.5, to: 1 });
  assert.deepEqual(placeOn(axis, span("00:00", "13:00")), { from: 0, to: 0.5 });
});

test("on the day of a clock change the axis has the right hours", () => {
  const autumn = dayOf("2026-11-01", ZONE, clock("10:00", "2026-11-01"));
  const told = { cardOf: () => null, flows: FLOWS };
  const found = rowsOf({ members: [aMember()], trucks: [] }, autumn, told);
  const axis = axisOf(found, autumn);
  assert.equal(axis.begin_ms, clock("06:00", "2026-11-01"));
  assert.equal(axis.end_ms, clock("20:00", "2026-11-01"));
});

test("the day's jobs without driver or truck are listed by time, with what is missing", () => {
  const window = (begin, end) => ({
    window_start: new Date(clock(begin)).toISOString(),
    window_end: new Date(clock(end)).toISOString(),
  });
  const driver = [{ role: "driver", member: "miguel", first_name: "Miguel" }];
  const cards = [
    aCard({ job_id: "late", schedule: window("15:00", "16:00"), crew: driver }),
    aCard({ job_id: "soon", schedule: window("11:00", "12:00"), truck: "t1" }),
    aCard({ job_id: "full", schedule: window("11:00", "12:00"), truck: "t1", crew: driver }),
    aCard({ job_id: "over", schedule: window("11:00", "12:00"), terminal: true }),
    aCard({ job_id: "none" }),
  ];
  const lacking = (hasTrucks) =>
    openJobs(cards, day(), hasTrucks).map(({ card, missing }) => [card.job_id, ...missing]);
  assert.deepEqual(lacking(true), [
    ["soon", "driver"],
    ["late", "truck"],
  ]);
  assert.deepEqual(lacking(false), [["soon", "driver"]]);
  assert.deepEqual(
    unplannedJobs(cards).map(({ job_id }) => job_id),
    ["none"],
  );
});
