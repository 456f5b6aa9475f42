// The words of the booking page about texts, and what the board says of texts that were not sent.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { WORDS } from "../../web/book/words.js";
import { unsentText } from "../../web/dispatch/state/unsent_text.js";
import { CONSENT_WORDING } from "../../web/shared/jobs/booking.js";

const REGISTRATION = readFileSync(new URL("../../docs/messages.md", import.meta.url), "utf8");

test("the words that a customer agrees to are in the registration, under the version that is sent", () => {
  const { en, es } = WORDS;
  const line = `| \`${CONSENT_WORDING}\` | ${en.texts_consent} | ${es.texts_consent} |`;
  assert.ok(REGISTRATION.includes(line), "a change of the words needs a new version and a new line");
});

test("a held text and a refused number are said; what was decided is not", () => {
  const short = (state, why) => unsentText({ mark: "0", state, why })?.short;
  assert.equal(short("held", "over_budget"), "text held");
  assert.equal(short("refused", "costly_number"), "call");
  assert.match(unsentText({ mark: "0", state: "refused", why: "country_not_served" }).long, /country/);
  assert.equal(short("send", "over_budget"), undefined);
  assert.equal(unsentText(undefined), null);
});
