import assert from "node:assert/strict";
import { test } from "node:test";

import { base64Of, logoFault } from "../../web/settings/state/logo_file.js";

test("what cannot be a logo is said before it is sent", () => {
  assert.equal(logoFault({ type: "image/png", size: 2_000_000 }), null);
  assert.match(logoFault({ type: "image/png", size: 8_000_000 }), /8\.0 MB; a logo has at most 2 MB/);
  assert.match(logoFault({ type: "image/svg+xml", size: 100 }), /SVG is not accepted/);
  assert.match(logoFault({ type: "application/x-msdownload", size: 100 }), /PNG, JPEG, or WebP/);
});

test("the bytes are sent as they are", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256);
  const sent = await base64Of(new Blob([bytes]));
  assert.deepEqual(Buffer.from(sent, "base64"), Buffer.from(bytes));
});
