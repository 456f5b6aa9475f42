import assert from "node:assert/strict";
import { test } from "node:test";

import { LocationSharing } from "../../web/crew/state/location_sharing.js";
import { fakeTimers, noSignal, problem, settled } from "./crew_fakes.js";

const HERE = { latitude: 40.1, longitude: -74.2 };

function aPhone({ position = async () => HERE } = {}) {
  const time = fakeTimers();
  const sent = [];
  const removed = [];
  const api = {
    send: async (...args) => void sent.push(args),
    remove: async (job_id) => void removed.push(job_id),
  };
  const sharing = new LocationSharing({
    ...time,
    position,
    send: (...args) => api.send(...args),
    remove: (job_id) => api.remove(job_id),
    changed: () => {},
  });
  return { sharing, time, sent, removed, api };
}

test("no location is sent unless sharing is on", async () => {
  const { sharing, time, sent } = aPhone();
  sharing.follow("job-1");
  await time.pass(600_000);
  assert.deepEqual([sharing.state, sent], ["off", []]);
});

test("no location is read or sent while no job is under way", async () => {
  let asked = 0;
  const { sharing, time, sent } = aPhone({ position: async () => ((asked += 1), HERE) });
  sharing.want(true);
  await time.pass(600_000);
  assert.deepEqual([sharing.state, asked, sent], ["waiting", 0, []]);
});

test("the location is sent at once, then once a minute, until the job ends", async () => {
  const { sharing, time, sent } = aPhone();
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  assert.deepEqual(sent, [["job-1", HERE]]);
  await time.pass(59_000);
  assert.equal(sent.length, 1);
  await time.pass(121_000);
  assert.equal(sent.length, 4);
  sharing.follow(null);
  await time.pass(600_000);
  assert.equal(sent.length, 4);
});

test("switching on and off, or another job, does not send it more than once a minute", async () => {
  const { sharing, time, sent } = aPhone();
  sharing.follow("job-1");
  for (let turn = 0; turn < 5; turn += 1) {
    sharing.want(true);
    await time.pass(1_000);
    sharing.follow(`job-${turn}`);
    sharing.want(false);
  }
  assert.equal(sent.length, 1);
});

test("nothing is sent if the job ends while the location is read", async () => {
  let found;
  const { sharing, time, sent } = aPhone({ position: () => new Promise((done) => (found = done)) });
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  sharing.follow(null);
  found(HERE);
  await settled();
  assert.deepEqual(sent, []);
});

test("without signal a location is dropped, and the next one is sent a minute later", async () => {
  const { sharing, time, sent, api } = aPhone();
  const { send } = api;
  api.send = async () => {
    throw noSignal();
  };
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  api.send = send;
  await time.pass(60_000);
  assert.deepEqual([sharing.state, sent.length], ["on", 1]);
});

test("if the phone forbids it, sharing stops until someone switches it on again", async () => {
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

/** A phone that shares its place with the api, and has sent it once. */
async function aPhoneThatShared() {
  const phone = aPhone();
  phone.sharing.want(true);
  phone.sharing.follow("job-1");
  await phone.time.pass(0);
  return phone;
}

test("switching off removes the last location", async () => {
  const { sharing, removed, sent, time } = await aPhoneThatShared();
  sharing.follow("job-2");
  await sharing.want(false);
  assert.deepEqual([removed, sharing.state], [["job-1"], "off"]);
  await time.pass(600_000);
  assert.deepEqual([removed, sent.length], [["job-1"], 1]);
});

test("a location from an earlier visit is removed too", async () => {
  const { sharing, removed } = aPhone();
  sharing.want(true);
  sharing.follow("job-1");
  await sharing.want(false);
  assert.deepEqual(removed, ["job-1"]);
});

test("a location that is being sent is removed after it has arrived", async () => {
  const { sharing, time, removed, api } = aPhone();
  let arrived;
  api.send = () => new Promise((done) => (arrived = done));
  sharing.want(true);
  sharing.follow("job-1");
  await time.pass(0);
  sharing.want(false);
  await settled();
  assert.deepEqual([removed, sharing.state], [[], "ending"]);
  arrived();
  await settled();
  assert.deepEqual([removed, sharing.state], [["job-1"], "off"]);
});

test("without signal the location is removed later, unless sharing is on again by then", async () => {
  for (const [again, expected] of [
    [false, [["job-1"], "off"]],
    [true, [[], "on"]],
  ]) {
    const { sharing, time, removed, api } = await aPhoneThatShared();
    const { remove } = api;
    api.remove = async () => {
      throw noSignal();
    };
    await sharing.want(false);
    await time.pass(60_000);
    assert.equal(sharing.state, "ending");
    if (again) sharing.want(true);
    api.remove = remove;
    await time.pass(60_000);
    assert.deepEqual([removed, sharing.state], expected);
  }
});

test("removal is not repeated after the location has expired, or after a refusal", async () => {
  for (const [fault, most] of [
    [noSignal(), 121],
    [problem(404, "unknown-job"), 1],
  ]) {
    const { sharing, time, api } = await aPhoneThatShared();
    let asked = 0;
    api.remove = async () => {
      asked += 1;
      throw fault;
    };
    sharing.want(false);
    await time.pass(3_600_000);
    assert.deepEqual([asked, sharing.state, time.planned_ms], [most, "off", []]);
  }
});
