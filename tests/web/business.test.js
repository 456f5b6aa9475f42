import assert from "node:assert/strict";
import { test } from "node:test";

import { NoCookies, Problem, signIn } from "../../web/shared/api/api.js";
import { storedBusiness, readBusiness } from "../../web/shared/jobs/business.js";
import { memory } from "./storages.js";

const HAUL = { business: "Haul & Co", time_zone: "America/New_York" };
const PATH = "/businesses/main";
const answering = (body) => ({ get: async () => ({ body }) });
const failing = (error) => ({ get: async () => Promise.reject(error) });

test("the business's clock is learned once and known without signal afterwards", async () => {
  const device = memory();
  assert.equal(storedBusiness(device, PATH), null);
  assert.deepEqual(await readBusiness(answering(HAUL), device, PATH), HAUL);
  assert.deepEqual(storedBusiness(device, PATH), HAUL);
  assert.deepEqual(await readBusiness(failing(new Problem(503, {})), device, PATH), HAUL);
});

test("a zone that this browser does not know is none, and rubbish in the memory too", async () => {
  const device = memory();
  assert.equal(await readBusiness(answering({ time_zone: "Moon/Sea" }), device, PATH), null);
  device.set(`haulway.business.${PATH}`, "{");
  assert.equal(storedBusiness(device, PATH), null);
});

test("a sign-in that was right but leaves no session is the cookies' fault", async () => {
  const ask = async () => ({ body: { account: "dana" } });
  const signedOut = new Problem(401, { type: "/problems/signed-out" });
  const blocked = { ask, ...failing(signedOut) };
  await assert.rejects(signIn(blocked, "dana", "secret"), NoCookies);
  assert.deepEqual(await signIn({ ask, ...answering({}) }, "dana", "secret"), { account: "dana" });
});
