import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { NoAnswer, Problem } from "../../web/shared/api/api.js";
import {
  actorKind,
  doubtAbout,
  isLostRace,
  missingFor,
  moveTo,
  movesFrom,
  refusalText,
  whyNot,
} from "../../web/shared/jobs/moves.js";
import { NOON_MS, aCard, at, flow } from "./flows.js";

const DRIVEN = [{ role: "driver", first_name: "Mike" }];

test("a card moves only along its flow, and only for allowed people", () => {
  const working = aCard({ status: "in_progress" });
  assert.equal(moveTo(flow(), aCard(), "ready_for_pickup", "dispatcher").name, "confirm");
  assert.equal(moveTo(flow(), aCard(), "completed", "dispatcher"), null);
  assert.deepEqual(
    movesFrom(flow(), "in_progress", "crew").map(({ name }) => name),
    ["complete", "no_access"],
  );
  assert.equal(moveTo(flow(), working, "cancelled", "crew"), null);
});

test("only the role dispatcher makes a dispatcher", () => {
  assert.deepEqual([["dispatcher"], ["driver"], ["ops"], undefined, ["owner"]].map(actorKind), [
    "dispatcher",
    "crew",
    "crew",
    "crew",
    "dispatcher",
  ]);
});

test("a move lists what it still needs", () => {
  const start = flow("crewed").moves.find(({ name }) => name === "start");
  assert.deepEqual(missingFor(start, aCard()), ["driver"]);
  assert.deepEqual(missingFor(start, aCard({ crew: DRIVEN })), []);
  assert.deepEqual(
    missingFor(
      flow().moves.find(({ name }) => name === "cancel"),
      aCard(),
    ),
    ["reason"],
  );
});

test("a drop on a wrong column explains where the card can go", () => {
  const text = whyNot(flow(), aCard(), "completed", "dispatcher");
  assert.equal(
    text,
    "A job in “Pending pickup” cannot move to “Completed”. It can move to “Ready for pickup”, “On hold” or “Cancelled”.",
  );
  assert.equal(
    whyNot(flow(), aCard({ status: "cancelled" }), "completed", "dispatcher"),
    "A job in “Cancelled” cannot move to “Completed”. It can move to “Pending pickup”.",
  );
});

const context = {
  flow: flow(),
  card: aCard(),
  to: "ready_for_pickup",
  account: "dana",
  now_ms: NOON_MS,
};

function overtaken(id) {
  const document = {
    type: "/problems/overtaken",
    moved_by: { kind: "dispatcher", id },
    moved_to: "cancelled",
    moved_at: at(-1),
  };
  return new Problem(409, document);
}

test("after a lost race the text says who moved the card, where to, and when", () => {
  assert.equal(isLostRace(overtaken("omar")), true);
  assert.equal(
    refusalText(overtaken("omar"), context),
    "omar moved Ada Wong to “Cancelled” 1 min ago. Your move to “Ready for pickup” was not made.",
  );
  assert.match(
    refusalText(overtaken("dana"), context),
    /^You, in another tab or on another device, moved/,
  );
});

test("every other error has a text", () => {
  const say = (status, document = {}) => refusalText(new Problem(status, document), context);
  assert.equal(
    say(409, { detail: "that move needs a reason." }),
    "Ada Wong was not moved: that move needs a reason.",
  );
  assert.match(say(401), /session has ended/);
  assert.match(say(503), /Try again/);
  assert.match(refusalText(new NoAnswer("timeout"), context), /No answer/);
});

const DOUBTS = JSON.parse(readFileSync(new URL("../data/start_doubts.json", import.meta.url), "utf8"));

function seen({ window_start, status = "ready_for_pickup", ...crew }, index = 0) {
  const named = Object.entries(crew).map(([role, member]) => ({ role, member, first_name: member }));
  return aCard({ job_id: `261121-aaaaa${index}`, status, schedule: window_start ? { window_start } : {}, crew: named });
}

for (const { case: name, move = "start", now, job, others, doubt } of DOUBTS) {
  test(`a start is doubted as statemachine/views/start_doubt.py does: ${name}`, () => {
    const told = {
      flowOf: () => flow(),
      others: others.map((other, index) => seen(other, index + 1)),
      now_ms: now ? Date.parse(now) : NOON_MS,
      zone: "America/New_York",
    };
    const found = doubtAbout(flow().moves.find((each) => each.name === move), seen(job), told);
    assert.equal(found && (found.planned ? "early" : "busy"), doubt);
  });
}
