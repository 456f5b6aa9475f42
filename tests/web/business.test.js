import assert from "node:assert/strict";
import { test } from "node:test";

import { NoCookies, Problem, signIn } from "../../web/shared/api/api.js";
import { storedBusiness, readBusiness } from "../../web/shared/jobs/business.js";
import { memory } from "./fake_storage.js";

const HAUL = { business: "Haul & Co", time_zone: "America/New_York" };
const PATH = "/businesses/main";
const answering = (body) => ({ get: async () => ({ body }) });
const failing = (error) => ({ get: async () => Promise.reject(error) });

test("the business's time zone is read once and known without signal afterwards", async () => {
  const device = memory();
  assert.equal(storedBusiness(device, PATH), null);
  assert.deepEqual(await readBusiness(answering(HAUL), device, PATH), HAUL);
  assert.deepEqual(storedBusiness(device, PATH), HAUL);
  assert.deepEqual(await readBusiness(failing(new Problem(503, {})), device, PATH), HAUL);
});

test("an unknown zone and invalid text in the storage are ignored", async () => {
  const device = memory();
  assert.equal(await readBusiness(answering({ time_zone: "Moon/Sea" }), device, PATH), null);
  device.set(`haulway.business.${PATH}`, "{");
  assert.equal(storedBusiness(device, PATH), null);
});

test("a correct sign-in without a session means that cookies are blocked", async () => {
  const ask = async () => ({ body: { account: "dana" } });
  const signedOut = new Problem(401, { type: "/problems/signed-out" });
  const blocked = { ask, ...failing(signedOut) };
  await assert.rejects(signIn(blocked, "dana", "secret"), NoCookies);
  assert.deepEqual(await signIn({ ask, ...answering({}) }, "dana", "secret"), { account: "dana" });
});
