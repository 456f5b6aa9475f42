import assert from "node:assert/strict";
import { test } from "node:test";

import { daysFor, peopleFor, trucksFor } from "../../web/dispatch/state/crew_choices.js";
import { dayOfForm, problemIn, formOf } from "../../web/dispatch/state/working_hours.js";

const ZONE = "America/New_York";
const DATE = "2026-11-21";
const MORNING = { window_start: "2026-11-21T14:00:00Z", window_end: "2026-11-21T16:00:00Z" };
const plain = (text) => text?.replace(/[\u2009\u202f]/g, " ") ?? null;
const told = (values = {}) => ({
  job_id: "this",
  schedule: MORNING,
  duration_minutes: 200,
  customerOf: () => "Ada Wong",
  isEnded: () => false,
  ...values,
});

function aMember(values = {}) {
  const roles = ["driver", "first_mate"];
  return { member: "rosa", name: "Rosa", roles, days: {}, jobs: [], ...values };
}

function why(member, values, role = "driver") {
  const crew = { members: [member], trucks: [], time_zone: ZONE };
  return plain(peopleFor(role, crew, told(values))[0].why);
}

test("only people with the role can be chosen", () => {
  const members = [aMember(), aMember({ member: "ben", roles: ["first_mate"] })];
  const choices = peopleFor("driver", { members, trucks: [], time_zone: ZONE }, told());
  assert.deepEqual(choices, [{ id: "rosa", name: "Rosa", why: null }]);
});

test("a person who is off, or available at other hours or in other roles, has the reason", () => {
  const on = (day) => aMember({ days: { [DATE]: day } });
  assert.equal(why(on({ hours: [] })), "off that day");
  const short = { hours: [{ begin: "07:00", end: "10:30" }] };
  assert.equal(why(on(short)), "only available 7:00 – 10:30 AM");
  assert.equal(why(on({ hours: [{ begin: "07:00", end: "11:00" }] })), null);
  const mate = { hours: [{ begin: "00:00", end: "00:00" }], roles: ["first_mate"] };
  assert.equal(why(on(mate)), "not as driver that day");
  assert.equal(why(on(mate), {}, "first_mate"), null);
});

test("a person on another job at that time has that job as the reason, unless it has ended", () => {
  const other = { job_id: "other", ...MORNING, window_end: "2026-11-21T15:00:00Z", duration_minutes: 200 };
  assert.equal(why(aMember({ jobs: [{ ...other, duration_minutes: 60 }] })), null);
  assert.equal(why(aMember({ jobs: [other] })), "on Ada Wong, 9:00 – 10:00 AM");
  assert.equal(why(aMember({ jobs: [other] }), { isEnded: () => true }), null);
  assert.equal(why(aMember({ jobs: [{ ...other, job_id: "this" }] })), null);
  const later = { window_start: MORNING.window_end, window_end: "2026-11-21T18:00:00Z" };
  assert.equal(why(aMember({ jobs: [{ job_id: "other", ...later }] })), null);
});

test("for a job without a window no one is busy", () => {
  const jobs = [{ job_id: "other", ...MORNING }];
  const away = aMember({ days: { [DATE]: { hours: [] } }, jobs });
  assert.equal(why(away, { schedule: {} }), null);
});

test("a person who is available all day is available for a job over midnight", () => {
  const night = { window_start: "2026-11-22T03:00:00Z", window_end: "2026-11-22T07:00:00Z" };
  assert.equal(why(aMember(), { schedule: night }), null);
  const off = aMember({ days: { "2026-11-22": { hours: [] } } });
  assert.match(why(off, { schedule: night }), /^only available/);
  const nights = { hours: [{ begin: "22:00", end: "06:00" }] };
  const shift = aMember({ days: { [DATE]: nights, "2026-11-22": { hours: [] } } });
  assert.equal(why(shift, { schedule: night }), null);
});

test("a truck on another job at that time has that job as the reason", () => {
  const truck = { truck: "t1", name: "Truck 1", jobs: [{ job_id: "other", ...MORNING, duration_minutes: 200 }] };
  const [choice] = trucksFor({ trucks: [truck], members: [], time_zone: ZONE }, told());
  assert.deepEqual([choice.id, plain(choice.why)], ["t1", "on Ada Wong, 9:00 – 11:00 AM"]);
});

test("the roster is read for the days around the window, in any zone", () => {
  assert.deepEqual(daysFor(MORNING, 0), { first: "2026-11-19", last: "2026-11-22" });
  const now_ms = Date.parse("2026-11-21T12:00:00Z");
  assert.deepEqual(daysFor({}, now_ms), { first: "2026-11-19", last: "2026-11-22" });
});

// Someone's day in a form

test("a form opens with the roster's day and saves the same day", () => {
  const days = [
    undefined,
    { hours: [] },
    { hours: [{ begin: "07:00", end: "12:00" }] },
    { hours: [{ begin: "00:00", end: "00:00" }], roles: ["driver"] },
    { hours: [{ begin: "07:00", end: "12:00" }], roles: ["first_mate"] },
  ];
  for (const day of days) {
    const member = aMember({ days: day ? { [DATE]: day } : {} });
    assert.deepEqual(dayOfForm(formOf(member, DATE), member), day ?? null);
  }
});

test("a day in all roles and at all hours is the usual one", () => {
  const all = { kind: "all", spans: [], roles: ["first_mate", "driver"] };
  assert.equal(dayOfForm(all, aMember()), null);
});

test("hours that are empty, have no length, or overlap are refused with a text", () => {
  const fault = (...spans) =>
    problemIn({
      kind: "hours",
      roles: ["driver"],
      spans: spans.map(([begin, end]) => ({ begin, end })),
    });
  assert.equal(fault(["07:00", "12:00"], ["13:00", "15:00"]), null);
  assert.match(fault(["07:00", ""]), /both times/);
  assert.match(fault(["07:00", "07:00"]), /must be different/);
  assert.equal(fault(["07:00", "12:00"], ["22:00", "06:00"]), null);
  assert.match(fault(["22:00", "06:00"], ["23:00", "23:30"]), /overlap/);
  assert.match(fault(["13:00", "15:00"], ["07:00", "13:30"]), /overlap/);
  assert.match(problemIn({ kind: "all", spans: [], roles: [] }), /role/);
  assert.equal(problemIn({ kind: "off", spans: [], roles: [] }), null);
});
