import assert from "node:assert/strict";
import { test } from "node:test";

import { preferredDayText } from "../../web/shared/jobs/preferred_day.js";

const ZONE = "America/New_York";

test("the preferred day is named until the job has a window", () => {
  const job = { preferred_day: "2026-12-03" };
  assert.equal(preferredDayText(job, ZONE), "Requested: Thu, Dec 3, any time");
  assert.equal(preferredDayText({ ...job, schedule: { window_start: "2026-12-04T14:00Z" } }, ZONE), null);
  assert.equal(preferredDayText({ schedule: {} }, ZONE), null);
});
