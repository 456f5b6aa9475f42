import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choicesOf,
  currentStep,
  freshnessOf,
  isTooLateToReschedule,
  labeledView,
  loadOf,
  mayReschedule,
  photosOf,
  rememberedText,
  stateOf,
  stepsOf,
  tokenIn,
} from "../../web/shared/jobs/tracking.js";
import { rememberedIn } from "../../web/shared/reader/saved_view.js";
import { flow } from "./flows.js";

const TOKEN = "Zk3rW8qQ1vN6tYb0xJp_Lg";
const NOW_MS = 1_795_262_400_000;

function aView(status = "ready_for_pickup", values = {}) {
  const { statuses } = flow();
  const here = statuses.findIndex(({ name }) => name === status);
  const steps = statuses
    .filter(({ name, aside }) => (name !== "cancelled" && !aside) || status === name)
    .map(({ name }, index) => ({
      status: name,
      ...(index <= here && { at: "2026-11-21T10:00:00.000Z" }),
    }));
  return {
    rev: 3,
    status,
    terminal: ["completed", "cancelled"].includes(status),
    steps,
    choices: [],
    ...values,
  };
}

function shown(kind, view = null, values = {}) {
  return { kind, view, checked_at_ms: view ? NOW_MS - 12_000 : null, reason: null, ...values };
}

test("without a view every kind of the reader has its own scene", () => {
  const kinds = ["asking", "preparing", "offline", "trouble", "not_found", "gone"];
  assert.deepEqual(
    kinds.map((kind) => stateOf(shown(kind)).scene),
    kinds,
  );
});

test("with a view the job is shown, with a notice if it cannot be updated", () => {
  const notices = ["current", "remembered", "offline", "trouble"].map((kind) =>
    stateOf(shown(kind, aView())),
  );
  assert.deepEqual(
    notices.map(({ scene }) => scene),
    Array(4).fill("job"),
  );
  assert.deepEqual(
    notices.map(({ notice }) => notice),
    [null, null, "offline", "trouble"],
  );
});

test("an older copy at the edge has no notice, a missing one does", () => {
  assert.equal(stateOf(shown("stale", aView(), { reason: "older" })).notice, null);
  assert.equal(stateOf(shown("stale", aView(), { reason: "missing" })).notice, "stale");
});

test("an expired link shows no job, even if this device remembers one", () => {
  assert.deepEqual(stateOf(shown("gone", aView())), { scene: "gone", notice: null });
});

test("old data is marked", () => {
  assert.deepEqual(freshnessOf(shown("current", aView()), NOW_MS), {
    tone: "live",
    age_ms: 12_000,
  });
  assert.deepEqual(freshnessOf(shown("offline", aView()), NOW_MS), { tone: "old", age_ms: 12_000 });
  assert.equal(freshnessOf(shown("current", aView()), NOW_MS + 120_000).tone, "old");
  assert.equal(freshnessOf(shown("current", aView("completed")), NOW_MS).tone, "done");
  assert.equal(
    freshnessOf(shown("remembered", aView(), { checked_at_ms: null }), NOW_MS).tone,
    "unknown",
  );
});

test("the steps are done, current, and coming", () => {
  const states = stepsOf(aView("in_progress")).map(({ status, state }) => [status, state]);
  assert.deepEqual(states, [
    ["pending_pickup", "done"],
    ["ready_for_pickup", "done"],
    ["in_progress", "current"],
    ["completed", "coming"],
  ]);
  assert.equal(currentStep(aView("in_progress")).status, "in_progress");
});

test("a cancelled job shows only what happened", () => {
  const steps = [
    { status: "pending_pickup", at: "2026-11-21T10:00:00.000Z" },
    { status: "ready_for_pickup" },
    { status: "cancelled", at: "2026-11-21T11:00:00.000Z" },
  ];
  const view = aView("cancelled", { steps });
  assert.deepEqual(
    stepsOf(view).map(({ status }) => status),
    ["pending_pickup", "cancelled"],
  );
});

test("only moves that the API supports are offered", () => {
  const choices = ["confirm", "pay", "cancel"].map((move) => ({ move }));
  assert.deepEqual(
    choicesOf(aView("pending_pickup", { choices })).map(({ move }) => move),
    ["confirm", "cancel"],
  );
  assert.deepEqual(choicesOf({}), []);
});

test("characters around the token are ignored, encoded or not", () => {
  const after = [...".,;:!)]>\"'`”’»…*|", " ", "%22", "%20", "%E2%80%9D", "%", "_", "-", ").", "//"];
  for (const more of after) {
    assert.equal(tokenIn(`https://haul.example/track/${TOKEN}${more}`), TOKEN, more);
    assert.equal(tokenIn(`https://haul.example/track/?token=${TOKEN}${more}`), TOKEN, more);
  }
  for (const before of ["%22", "(", "“", "<"]) {
    assert.equal(tokenIn(`https://haul.example/track/${before}${TOKEN}`), TOKEN, before);
  }
});

test("the token is in the path or in ?token=", () => {
  const tokens = [
    `/track/${TOKEN}`,
    `/track/${TOKEN}/`,
    `/track/?token=${TOKEN}`,
    `/track/index.html?token=${TOKEN}`,
  ];
  for (const path of tokens) assert.equal(tokenIn(`https://haul.example${path}`), TOKEN);
  for (const path of ["/track/", "/track/abc", `/track/${TOKEN}x`, `/track/x?token=${TOKEN}`]) {
    assert.equal(tokenIn(`https://haul.example${path}`), null);
  }
});

test("the answer to a customer's own move is stored like the reader's views", () => {
  const view = aView();
  assert.deepEqual(rememberedIn(rememberedText(view, NOW_MS)), {
    view,
    etag: null,
    checked_at_ms: NOW_MS,
  });
});

const A_PHOTO = `/t/p/${"0a".repeat(16)}.jpg`;

test("photos from before come first, and each is numbered within its kind", () => {
  const photos = ["after", "before", "after"].map((kind) => ({ kind, path: A_PHOTO }));
  assert.deepEqual(
    photosOf({ photos }).map(({ kind, number, of }) => [kind, number, of]),
    [
      ["before", 1, 1],
      ["after", 1, 2],
      ["after", 2, 2],
    ],
  );
  assert.deepEqual(photosOf({}), []);
});

test("only paths of our photos are shown", () => {
  const paths = ["https://elsewhere.test/x.jpg", "javascript:alert(1)", "/t/p/../x.jpg", 7, null];
  assert.deepEqual(photosOf({ photos: [null, ...paths.map((path) => ({ kind: "before", path }))] }), []);
  assert.deepEqual(photosOf({ photos: [{ kind: "selfie", path: A_PHOTO }] }), []);
});

test("only known load sizes are shown", () => {
  assert.deepEqual(
    ["half", "three_quarters", "constructor", undefined].map((load_size) => loadOf({ load_size })),
    ["half", "three_quarters", null, null],
  );
});

test("for a link without a view, the page claims only what it knows", () => {
  const preparing = { kind: "preparing", view: null, checked_at_ms: null, reason: null };
  const scene = (known) => stateOf(preparing, known);
  assert.equal(scene({ expected: true, waited_ms: 30_000 }).scene, "preparing");
  assert.deepEqual(scene({ expected: false, waited_ms: 1_000 }), {
    scene: "preparing",
    notice: null,
    looking: true,
  });
  assert.deepEqual(scene({ expected: false, waited_ms: 5_000 }), {
    scene: "not_found",
    notice: null,
    looking: true,
  });
});

test("a step has the business's own label, in the languages in which there is one", () => {
  const label = { en: "Ours", es: "Nuestro" };
  const before = aView("pending_pickup", { flow: "haul" });
  const view = { ...before, steps: before.steps.map((step) => ({ ...step, label })) };
  const own = {
    "haul.pending_pickup": { en: "Waiting" },
    "haul.pending_pickup.requested": { es: "Pedido" },
    "dumpster.completed": { en: "Gone" },
  };
  const labels = (each) => labeledView(each, own).steps.map((step) => step.label);
  assert.deepEqual(labels(view)[0], { en: "Waiting", es: "Nuestro" });
  assert.deepEqual(labels({ ...view, requested: true })[0], { en: "Ours", es: "Pedido" });
  assert.ok(labels(view).slice(1).every((each) => each.en === "Ours"));
  assert.deepEqual(labeledView(view), view);
  assert.equal(labeledView(null, own), null);
});

test("another time is offered where the flow allows it, until the cut-off", () => {
  const business = { reschedule_cutoff_minutes: 60 };
  const from = (minutes) => new Date(NOW_MS + minutes * 60_000).toISOString();
  const offers = (values, of = business) => mayReschedule(aView("ready_for_pickup", values), of, NOW_MS);
  const soon = { may_reschedule: true, schedule: { window_start: from(60) } };
  assert.equal(offers({ may_reschedule: true }), true);
  assert.equal(offers({ may_reschedule: false }), false);
  assert.equal(offers(soon), true);
  assert.equal(offers({ ...soon, schedule: { window_start: from(59) } }), false);
  assert.equal(offers(soon, null), false);
});

test("only where the cut-off alone is in the way, the customer is told that it is too late", () => {
  const soon = { schedule: { window_start: new Date(NOW_MS + 60_000).toISOString() } };
  const isTooLate = (values, business = { reschedule_cutoff_minutes: 60 }) =>
    isTooLateToReschedule(aView("ready_for_pickup", values), business, NOW_MS);
  assert.equal(isTooLate({ ...soon, may_reschedule: true }), true);
  assert.equal(isTooLate({ ...soon, may_reschedule: false }), false);
  assert.equal(isTooLate({ may_reschedule: true }), false);
  assert.equal(isTooLate({ ...soon, may_reschedule: true }, null), false);
});

test("a view of before says nothing of it: then not while the crew is at work", () => {
  const offers = (values) => mayReschedule(aView("ready_for_pickup", values), {}, NOW_MS);
  assert.equal(offers({}), true);
  assert.equal(offers({ under_way: true }), false);
  assert.equal(offers({ terminal: true }), false);
});
