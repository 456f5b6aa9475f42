import assert from "node:assert/strict";
import { test } from "node:test";

import { LocationSharing } from "../../web/crew/state/location_sharing.js";
import { handClock, noSignal, problem, settled } from "./crews.js";

const HERE = { latitude: 40.1, longitude: -74.2 };

function aPhone({ position = async () => HERE } = {}) {
  const time = handClock();
  const told = [];
  const forgotten = [];
  const office = {
    tell: async (...said) => void told.push(said),
    forget: async (job_id) => void forgotten.push(job_id),
  };
  const sharing = new LocationSharing({
    ...time,
    position,
    tell: (...said) => office.tell(...said),
    forget: (job_id) => office.forget(job_id),
    changed: () => {},
  });
  return { sharing, time, told, forgotten, office };
}

test("nothing is told unless someone has switched it on", async () => {
  const { sharing, time, told } = aPhone();
  sharing.follow("job-1");
  await time.pass(600_000);
  assert.deepEqual([sharing.state, told], ["off", []]);
});

test("nothing is told, and no one is asked where they are, while no job is under way", async () => {
  let asked = 0;
  const { sharing, time, told } = aPhone({ position: async () => ((asked += 1), HERE) });
  sharing.want(true);
  await time.pass(600_000);
  assert.deepEqual([sharing.state, asked, told], ["waiting", 0, []]);
});

test("it is told at once and then once a minute, and stops with the job", async () => {
  const { sharing, time, told } = aPhone();
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  assert.deepEqual(told, [["job-1", HERE]]);
  await time.pass(59_000);
  assert.equal(told.length, 1);
  await time.pass(121_000);
  assert.equal(told.length, 4);
  sharing.follow(null);
  await time.pass(600_000);
  assert.equal(told.length, 4);
});

test("switching on and off, or another job, does not make it more than once a minute", async () => {
  const { sharing, time, told } = aPhone();
  sharing.follow("job-1");
  for (let turn = 0; turn < 5; turn += 1) {
    sharing.want(true);
    await time.pass(1_000);
    sharing.follow(`job-${turn}`);
    sharing.want(false);
  }
  assert.equal(told.length, 1);
});

test("a job that ends while the place is looked up is told nothing", async () => {
  let found;
  const { sharing, time, told } = aPhone({ position: () => new Promise((done) => (found = done)) });
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  sharing.follow(null);
  found(HERE);
  await settled();
  assert.deepEqual(told, []);
});

test("without signal a place is dropped, and the next minute told again", async () => {
  const { sharing, time, told, office } = aPhone();
  const { tell } = office;
  office.tell = async () => {
    throw noSignal();
  };
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  office.tell = tell;
  await time.pass(60_000);
  assert.deepEqual([sharing.state, told.length], ["on", 1]);
});

test("a phone that forbids it is believed, until someone switches it on again", async () => {
  const position = async () => {
    throw Object.assign(new Error("no"), { code: 1 });
  };
  const { sharing, time } = aPhone({ position });
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  assert.deepEqual([sharing.state, sharing.wanted, time.planned_ms], ["forbidden", false, []]);
  sharing.want(true);
  assert.equal(sharing.state, "on");
});

/** A phone that shares its place with the office, and has told it once. */
async function aPhoneThatTold() {
  const phone = aPhone();
  phone.sharing.want(true);
  phone.sharing.follow("job-1");
  await phone.time.pass(0);
  return phone;
}

test("switched off, the place that was told last is taken back", async () => {
  const { sharing, forgotten, told, time } = await aPhoneThatTold();
  sharing.follow("job-2");
  await sharing.want(false);
  assert.deepEqual([forgotten, sharing.state], [["job-1"], "off"]);
  await time.pass(600_000);
  assert.deepEqual([forgotten, told.length], [["job-1"], 1]);
});

test("what an earlier visit told is taken back too", async () => {
  const { sharing, forgotten } = aPhone();
  sharing.want(true);
  sharing.follow("job-1");
  await sharing.want(false);
  assert.deepEqual(forgotten, ["job-1"]);
});

test("a place that is on its way is taken back after it has arrived", async () => {
  const { sharing, time, forgotten, office } = aPhone();
  let arrived;
  office.tell = () => new Promise((done) => (arrived = done));
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  sharing.want(false);
  await settled();
  assert.deepEqual([forgotten, sharing.state], [[], "ending"]);
  arrived();
  await settled();
  assert.deepEqual([forgotten, sharing.state], [["job-1"], "off"]);
});

test("without signal it is taken back later, unless it is wanted again by then", async () => {
  for (const [again, expected] of [
    [false, [["job-1"], "off"]],
    [true, [[], "on"]],
  ]) {
    const { sharing, time, forgotten, office } = await aPhoneThatTold();
    const { forget } = office;
    office.forget = async () => {
      throw noSignal();
    };
    await sharing.want(false);
    await time.pass(60_000);
    assert.equal(sharing.state, "ending");
    if (again) sharing.want(true);
    office.forget = forget;
    await time.pass(60_000);
    assert.deepEqual([forgotten, sharing.state], expected);
  }
});

test("the office is not asked to forget for longer than it remembers, nor what it refuses", async () => {
  for (const [fault, most] of [
    [noSignal(), 121],
    [problem(404, "unknown-job"), 1],
  ]) {
    const { sharing, time, office } = await aPhoneThatTold();
    let asked = 0;
    office.forget = async () => {
      asked += 1;
      throw fault;
    };
    sharing.want(false);
    await time.pass(3_600_000);
    assert.deepEqual([asked, sharing.state, time.planned_ms], [most, "off", []]);
  }
});
