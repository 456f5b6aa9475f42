import assert from "node:assert/strict";
import { test } from "node:test";

import { Sharing } from "../../web/lib/sharing.js";
import { handClock, noSignal, settled } from "./crews.js";

const HERE = { latitude: 40.1, longitude: -74.2 };

function aPhone({ position = async () => HERE } = {}) {
  const time = handClock();
  const told = [];
  const office = { tell: async (...said) => void told.push(said) };
  const sharing = new Sharing({
    ...time,
    position,
    tell: (...said) => office.tell(...said),
    changed: () => {},
  });
  return { sharing, time, told, office };
}

test("nothing is told unless somebody has switched it on", async () => {
  const { sharing, time, told } = aPhone();
  sharing.follow("job-1");
  await time.pass(600_000);
  assert.deepEqual([sharing.state, told], ["off", []]);
});

test("nothing is told, and nobody is asked where they are, while no job is under way", async () => {
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

test("a phone that forbids it is believed, until somebody switches it on again", async () => {
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
