// The flows as the API serves them, and cards for tests.

import { readFileSync } from "node:fs";

export const NOON_MS = Date.parse("2026-11-21T12:00:00.000Z");

export function flow(name = "haul") {
  const file = new URL(`../../statemachine/flows/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

export function aCard(values = {}) {
  return {
    rev: 1,
    job_id: "261121-7k3m2q",
    flow: "haul",
    status: "pending_pickup",
    terminal: false,
    customer: "Ada Wong",
    address: "12 Harbor Road",
    phone_end: null,
    load: null,
    schedule: {},
    duration_minutes: 60,
    crew: [],
    truck: null,
    notes: 0,
    entered_at: at(-30),
    due_at: at(60),
    created_at: at(-30),
    ...values,
  };
}

/** The moment that many minutes after noon, as documents write it. */
export function at(minutes) {
  return new Date(NOON_MS + minutes * 60_000).toISOString();
}

/** The details of a card's job, as `GET /api/jobs/{id}` answers. */
export function aDetail({ customer, address, phone_end: _, load: __, ...card } = aCard()) {
  return {
    ...card,
    customer: { name: customer, language: "en" },
    place: { address },
    notes: [],
    history: [],
    refusals: [],
    early_moves: [],
    moves: [],
  };
}
