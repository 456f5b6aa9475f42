import assert from "node:assert/strict";
import { test } from "node:test";

import {
  browserLanguage,
  languageFor,
  rememberLanguage,
  localized,
  translator,
} from "../../web/shared/ui/i18n.js";
import { groupsOf, spelledReference } from "../../web/shared/ui/job_reference.js";
import {
  agoText,
  aheadText,
  dateText,
  dayText,
  momentText,
  roughText,
  sentText,
  spanText,
  trueTime,
  windowText,
} from "../../web/shared/ui/time.js";
import { WORDS as BOOK } from "../../web/book/words.js";
import { WORDS as CREW } from "../../web/crew/words.js";
import { WORDS as TRACK } from "../../web/track/words.js";
import { memory } from "./fake_storage.js";

const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

for (const [page, words] of Object.entries({ book: BOOK, crew: CREW, track: TRACK })) {
  test(`${page}: both languages say the same things with the same values`, () => {
    assert.deepEqual(Object.keys(words.es), Object.keys(words.en));
    for (const [key, text] of Object.entries(words.en))
      assert.deepEqual(placeholders(words.es[key]), placeholders(text), key);
  });
}

test("the language is the one chosen before, else the browser's first supported one, else English", () => {
  assert.equal(languageFor("es", ["en-US"]), "es");
  assert.equal(languageFor(null, ["fr", "es-MX", "en"]), "es");
  assert.equal(languageFor("xx", ["fr"]), "en");
  const kept = memory();
  rememberLanguage(kept, "es");
  assert.equal(browserLanguage(kept, { languages: ["en"] }), "es");
});

test("values are filled in, and an unknown key is an error", () => {
  const t = translator({ en: { hello: "Hello {name}" } }, "en");
  assert.equal(t("hello", { name: "<b>Ada</b>" }), "Hello <b>Ada</b>");
  assert.throws(() => t("bye"));
  assert.equal(localized({ en: "Done", es: "Hecho" }, "es"), "Hecho");
  assert.equal(localized(undefined, "es"), "");
});

test("spans have at most two units and are rounded down", () => {
  const spans = [0, 59_999, 60_000, 3_599_000, 7_800_000, 7_200_000, 90_000_000, 400_000_000].map(
    spanText,
  );
  assert.deepEqual(spans, [
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "2 h 10 min",
    "2 h",
    "1 d 1 h",
    "4 d",
  ]);
  assert.equal(roughText(7_800_000), "2 h");
  assert.deepEqual(
    [agoText(12_000), agoText(12_000, "es"), agoText(900)],
    ["12 s ago", "hace 12 s", "just now"],
  );
  assert.deepEqual(
    [aheadText(1_500_000), aheadText(-1), aheadText(90_000_000)],
    ["in 25 min", null, null],
  );
});

test("a window has the shortest text, in the reader's language and zone", () => {
  const window = {
    window_start: "2026-11-21T15:00:00.000Z",
    window_end: "2026-11-21T17:00:00.000Z",
  };
  const spaced = (text) => text.replace(/[\u2009\u202f\u00a0]/g, " ");
  assert.equal(spaced(windowText(window, "en", "America/New_York")), "10:00 AM – 12:00 PM");
  assert.equal(
    spaced(windowText({ window_start: window.window_start }, "en", "UTC")),
    "from 3:00 PM",
  );
  assert.equal(windowText({}, "en"), null);
  const overnight = {
    window_start: "2026-11-21T23:00:00.000Z",
    window_end: "2026-11-22T01:00:00.000Z",
  };
  assert.equal(spaced(windowText(overnight, "en", "UTC")), "11:00 PM – 1:00 AM");
});

test("near days have names", () => {
  const now_ms = Date.parse("2026-11-21T12:00:00Z");
  const day = (moment, language = "en") => dayText(moment, now_ms, language, "UTC");
  assert.equal(day("2026-11-21T23:00:00Z"), "Today");
  assert.equal(day("2026-11-22T01:00:00Z", "es"), "Mañana");
  assert.equal(day("2026-11-24T01:00:00Z"), "Tue, Nov 24");
});

test("another year is always shown", () => {
  const now_ms = Date.parse("2026-11-21T12:00:00Z");
  const spaced = (text) => text.replace(/[\u2009\u202f\u00a0]/g, " ");
  const then = "2025-12-01T14:00:00Z";
  assert.equal(dateText(then, "en", "UTC", now_ms), "Mon, Dec 1, 2025");
  assert.equal(dayText(then, now_ms, "en", "UTC"), "Mon, Dec 1, 2025");
  assert.equal(spaced(momentText(then, "en", "UTC", now_ms)), "Mon, Dec 1, 2025, 2:00 PM");
  assert.equal(dateText("2026-12-01T14:00:00Z", "en", "UTC", now_ms), "Tue, Dec 1");
});

test("a window of several days names its last day", () => {
  const now_ms = Date.parse("2026-11-21T12:00:00Z");
  const window = { window_start: "2026-12-01T14:00:00Z", window_end: "2026-12-03T22:00:00Z" };
  const said = windowText(window, "en", "America/New_York", now_ms).replace(/\u202f/g, " ");
  assert.equal(said, "9:00 AM – Thu, Dec 3, 5:00 PM");
});

test("a reference is spelled in groups of three", () => {
  assert.deepEqual(groupsOf("261121-7k3m2q"), [
    ["261", "121"],
    ["7K3", "M2Q"],
  ]);
  assert.equal(spelledReference("261121-7k3m2q", "guion"), "2 6 1, 1 2 1, guion, 7 K 3, M 2 Q");
});

test("an action without signal has its own time and the time when it was sent", () => {
  const zone = "America/New_York";
  const [one, five] = ["2026-11-21T18:00:00Z", "2026-11-21T22:05:00Z"];
  const told = (occurred_at, recorded_at) => {
    const record = { occurred_at, recorded_at };
    const sent = sentText(record, zone, Date.parse(one));
    return [trueTime(record), sent?.replace(/\u202f/g, " ") ?? null];
  };
  assert.deepEqual(told(one, five), [one, "sent 5:05 PM"]);
  assert.deepEqual(told(one, "2026-11-22T22:05:00Z"), [one, "sent Sun, Nov 22, 5:05 PM"]);
  const soon = "2026-11-21T18:01:00Z";
  assert.deepEqual(told(one, soon), [soon, null]);
  assert.deepEqual(told(five, one), [one, null]);
  assert.deepEqual(told(undefined, one), [one, null]);
});
