import assert from "node:assert/strict";
import { test } from "node:test";

import { READY_REPLIES, entriesOf, unreadIn } from "../../web/dispatch/state/conversation.js";
import { textLength } from "../../web/shared/jobs/text_length.js";

const said = (seq, values = {}) => ({
  seq,
  message_id: `in-${seq}`,
  at: `2026-11-21T12:0${seq}:00Z`,
  sender: "customer",
  text: `Text ${seq}`,
  to_read: true,
  ...values,
});

test("messages and texts of the system are in the order of time, with what became of them", () => {
  const messages = [
    said(1),
    said(3, { sender: "office", by: "dana", state: "refused" }),
    said(4, { text: "STOP", meant: "stop", to_read: false }),
    said(5, { text: "" }),
  ];
  const system_texts = [
    { job_id: "j", kind: "move", status: "ready", state: "sent", at: "2026-11-21T12:02:00Z" },
    { job_id: "j", kind: "late", state: "unknown", at: "2026-11-21T12:00:00Z" },
  ];
  const shown = entriesOf({ messages, system_texts }, (status) => `Label of ${status}`);
  assert.deepEqual(
    shown.map(({ from, text, about, failed }) => [from, text, about, failed]),
    [
      ["system", "Text by the system: running late", "perhaps not sent: call if it matters", true],
      ["customer", "Text 1", "", false],
      ["system", "Text by the system: Label of ready", "sent", false],
      ["office", "Text 3", "dana · not sent: the service refused it", true],
      ["customer", "STOP", "wants no more texts", false],
      [
        "customer",
        "1 picture. It cannot be shown: our text service does not pass pictures on.",
        "",
        false,
      ],
    ],
  );
});

test("unread messages count for their job, and those without a job in all", () => {
  const listed = [
    { job_id: "a", unread: 2 },
    { job_id: "a", unread: 1 },
    { job_id: "b", unread: 0 },
    { unread: 4 },
  ];
  const { byJob, all } = unreadIn(listed);
  assert.deepEqual([...byJob], [["a", 3]]);
  assert.equal(all, 7);
});

test("a text has as many parts as the server counts", () => {
  const lengths = {
    "": [0, 1],
    ["a".repeat(160)]: [160, 1],
    ["a".repeat(161)]: [161, 2],
    ["€".repeat(80)]: [160, 1],
    "José Martínez": [13, 1],
    ["ж".repeat(70)]: [70, 1],
    ["ж".repeat(71)]: [71, 2],
    ["😀".repeat(36)]: [72, 2],
  };
  for (const [text, [characters, parts]] of Object.entries(lengths))
    assert.deepEqual(textLength(text), { characters, parts }, text);
});

test("every ready reply fits one part behind a long name, in both languages", () => {
  assert.equal(READY_REPLIES.en.length, READY_REPLIES.es.length);
  for (const text of [...READY_REPLIES.en, ...READY_REPLIES.es])
    assert.equal(textLength(`${"N".repeat(40)}: ${text}`).parts, 1, text);
});
