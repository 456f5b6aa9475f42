import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryOf, signInBusiness } from "../../web/shared/ui/storage.js";

import { NoCookies, Problem, signIn } from "../../web/shared/api/api.js";
import { DEFAULTS, businessIn, readBusiness, storedBusiness } from "../../web/shared/jobs/business.js";
import { offeredLanguage } from "../../web/shared/ui/i18n.js";
import { memory } from "./fake_storage.js";

const HAUL = { name: "Haul & Co", time_zone: "America/New_York" };
const KNOWN = businessIn(HAUL);
const PATH = "/businesses/main";
const answering = (body) => ({ get: async () => ({ body }) });
const failing = (error) => ({ get: async () => Promise.reject(error) });

test("the business's time zone is read once and known without signal afterwards", async () => {
  const device = memory();
  assert.equal(storedBusiness(device, PATH), null);
  assert.deepEqual(await readBusiness(answering(HAUL), device, PATH), KNOWN);
  assert.deepEqual(storedBusiness(device, PATH), KNOWN);
  assert.deepEqual(await readBusiness(failing(new Problem(503, {})), device, PATH), KNOWN);
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

test("a field out of its range is as if it had not been told, and the rest holds", () => {
  const odd = businessIn({
    ...HAUL,
    phone: "javascript:alert(1)",
    website: "javascript:alert(1)",
    accent_color: "red;}",
    windows: [{ start: "12:00", end: "08:00" }],
    languages: ["fr"],
    lead_minutes: -5,
    closed_dates: ["2026-12-25", "Christmas"],
  });
  assert.deepEqual([odd.phone, odd.website, odd.accent_color], [null, null, null]);
  assert.deepEqual(odd.windows, DEFAULTS.windows);
  assert.deepEqual([odd.languages, odd.lead_minutes], [["en", "es"], 0]);
  assert.deepEqual(odd.closed_dates, ["2026-12-25"]);
});

test("a logo is a file of this site with its size, or none", () => {
  const logo = { path: `/logos/quick/261128-${"a".repeat(32)}.png`, width: 360, height: 120 };
  assert.deepEqual(businessIn({ ...HAUL, logo }).logo, logo);
  assert.equal(businessIn({ ...HAUL, logo: { ...logo, path: "//evil.example/x.png" } }).logo, null);
  assert.equal(businessIn({ ...HAUL, logo: { ...logo, width: 0 } }).logo, null);
  assert.equal(businessIn(HAUL).logo, null);
});

test("a visitor whose language the business does not speak reads its own", () => {
  const spanish = businessIn({ ...HAUL, languages: ["es"], language: "es" });
  assert.equal(offeredLanguage("en", spanish), "es");
  assert.equal(offeredLanguage("es", spanish), "es");
  assert.equal(offeredLanguage("en", null), "en");
});

test("what a device keeps for two businesses does not mix", () => {
  const kept = new Map();
  const memory = {
    get: (key) => kept.get(key) ?? null,
    set: (key, text) => kept.set(key, text),
    remove: (key) => kept.delete(key),
  };
  const [main, quick] = ["main", "quick"].map((each) => memoryOf(each, memory));
  main.set("draft", "of main");
  assert.equal(quick.get("draft"), null);
  quick.set("draft", "of quick");
  main.remove("draft");
  assert.deepEqual([main.get("draft"), quick.get("draft")], [null, "of quick"]);
});

test("an address names the business that a device signs in to, from then on", () => {
  const kept = new Map();
  const memory = { get: (key) => kept.get(key) ?? null, set: (key, text) => kept.set(key, text) };
  const asked = ["", "?business=quick", "", "?x=1"].map((search) => signInBusiness(memory, search));
  assert.deepEqual(asked, ["main", "quick", "quick", "quick"]);
});

test("own labels are texts in languages that pages have, and anything else is left out", () => {
  const own_labels = { "haul.on_hold": { en: "Parked", es: 7, fr: "Garé" }, "haul.completed": null };
  const known = businessIn({ ...HAUL, own_labels }).own_labels;
  assert.deepEqual(known, { "haul.on_hold": { en: "Parked" }, "haul.completed": {} });
  assert.deepEqual(businessIn(HAUL).own_labels, {});
});
