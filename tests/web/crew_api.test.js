import assert from "node:assert/strict";
import { test } from "node:test";

import { CrewApi } from "../../web/crew/state/crew_api.js";

test("a photo that was already done on a job that is no longer theirs is not sent again", async () => {
  const asked = [];
  const api = { ask: async (method, path) => (asked.push(path), { body: null }) };
  const photo = { photo_kind: "before", media_type: "image/jpeg", blob: new Blob(["x"]) };
  const job = await new CrewApi(api, () => assert.fail("nothing is to be uploaded")).send({
    kind: "photo",
    job_id: "261121-7k3m2q",
    photo,
  });
  assert.deepEqual([job, asked], [null, ["/jobs/261121-7k3m2q/photos"]]);
});
