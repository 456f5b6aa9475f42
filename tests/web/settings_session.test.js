import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import { SettingsSession, changedIn, same } from "../../web/settings/state/settings_session.js";

const OWNER = { account: "olivia", roles: ["owner"], tenant: "main" };

/** Settings behind an API, each version under its number. */
class Business {
  settings = { name: "Haul & Co", languages: ["en"] };
  version = 7;
  answers = true;
  who = OWNER;
  asked = [];

  async session() {
    if (this.who === null) throw new Problem(401, { type: "/problems/signed-out" });
    return this.who;
  }

  async settings_() {
    return { settings: this.settings, etag: `"${this.version}"` };
  }

  async save(changes, etag) {
    this.asked.push(etag);
    if (etag !== `"${this.version}"`) throw new Problem(412, { version: this.version });
    this.change(changes);
    if (!this.answers) throw new NoAnswer("timeout");
    return this.settings_();
  }

  change(changes) {
    this.settings = { ...this.settings, ...changes };
    this.version += 1;
  }
}

function opened(business = new Business()) {
  const service = { session: () => business.session(), save: (...all) => business.save(...all) };
  return new SettingsSession({ ...service, settings: () => business.settings_() });
}

test("only an owner sees the settings", async () => {
  const business = new Business();
  business.who = { account: "dana", roles: ["dispatcher"] };
  const session = opened(business);
  assert.equal(session.scene, "signed_out");
  await session.resume();
  assert.equal(session.scene, "refused");
  business.who = OWNER;
  await session.resume();
  assert.equal(session.scene, "shown");
});

test("what changed is saved against the version that was read, and the next against the new one", async () => {
  const business = new Business();
  const session = opened(business);
  await session.resume();
  assert.equal(await session.save({ phone: "+15555550123" }), null);
  assert.equal(await session.save({ name: "Quick Dump" }), null);
  assert.deepEqual(business.asked, ['"7"', '"8"']);
  assert.equal(session.settings.phone, "+15555550123");
});

test("what someone else saved meanwhile is told, nothing of ours is saved, and the next try can", async () => {
  const business = new Business();
  const session = opened(business);
  await session.resume();
  business.change({ name: "Haul & Sons", website: "https://haul.example/" });
  const theirs = await session.save({ name: "Quick Dump" });
  assert.deepEqual(theirs, { name: "Haul & Sons", website: "https://haul.example/" });
  assert.equal(session.settings.name, "Haul & Sons");
  assert.equal(await session.save({ name: "Quick Dump" }), null);
  assert.equal(business.settings.name, "Quick Dump");
});

test("a change whose answer was lost is found to be done, and is no conflict", async () => {
  const business = new Business();
  const session = opened(business);
  await session.resume();
  business.answers = false;
  await assert.rejects(session.save({ name: "Quick Dump" }), NoAnswer);
  assert.equal(await session.save({ name: "Quick Dump" }), null);
  assert.equal(business.version, 8);
});

test("two values are the same in whatever order their fields come", () => {
  assert.ok(same({ begin: "21:00", end: "08:00" }, { end: "08:00", begin: "21:00" }));
  assert.ok(same(null, undefined));
  assert.ok(!same(["a", "b"], ["b", "a"]));
  assert.deepEqual(changedIn({ phone: "+1", name: "A" }, { name: "A" }), { phone: null });
});
