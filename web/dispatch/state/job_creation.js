// Creates one job exactly once, even if answers are lost and the form is corrected in between.
//
//     send A ──no answer──▶ correct it to B ──send B, same key──▶ 201: B is the job
//                                                │ 422: the key belongs to A
//                                                ▼
//                               send A again: 200, its job ──edit──▶ the job is as B says

import { NoAnswer, Problem, newId } from "../../shared/api/api.js";
import { errorsIn } from "../../shared/ui/field_errors.js";
import { msOf } from "../../shared/ui/time.js";

export class JobCreation {
  #service;
  #key = newId();
  #unanswered = [];

  /** `service`: {create(request, key), detail(job_id), edit(detail, changes)}. */
  constructor(service) {
    this.#service = service;
  }

  /**
   * {created, late, missed, error}: the job. `late` is true if an earlier request had arrived; then
   * `missed` names the parts of `request` that were not applied, and `error` says why, if known.
   * Raises NoAnswer or Problem if it is not known that a job was created.
   */
  async submit(request) {
    const before = [...this.#unanswered];
    if (!before.some((each) => isSame(each, request))) this.#unanswered.push(request);
    const created = await this.#created(request, before);
    const late = before.some((each) => !isSame(each, request));
    return late ? this.#corrected(created, request) : { created, late, missed: [], error: null };
  }

  async #created(request, before) {
    try {
      return await this.#service.create(request, this.#key);
    } catch (error) {
      if (isUnknown(error)) throw error;
      this.#unanswered = before;
      if (before.length === 0) this.#key = newId();
      if (before.length === 0 || !isKeyUsed(error)) throw error;
      return this.#arrived(before, error);
    }
  }

  /** The job of the request that did arrive: the same request and key get it as the answer. */
  async #arrived(before, refused) {
    for (const request of before) {
      try {
        return await this.#service.create(request, this.#key);
      } catch (error) {
        if (isUnknown(error)) throw error;
      }
    }
    throw refused;
  }

  async #corrected(created, request) {
    try {
      const detail = await this.#service.detail(created.job_id);
      const { changes, missed } = corrections(request, detail);
      if (Object.keys(changes).length > 0) await this.#service.edit(detail, changes);
      return { created, late: true, missed, error: null };
    } catch (error) {
      return { created, late: true, missed: ["your corrections"], error };
    }
  }
}

/** {changes, missed}: the edit that makes the job match `request`, and what no edit can change. */
export function corrections(request, detail) {
  const { customer = {}, place = {}, schedule = {}, notes = [] } = detail;
  const cents = request.price ? Math.round(request.price * 100) : null;
  const wanted = {
    name: request.customer_name,
    language: request.language,
    ...(request.phone && { phone: request.phone }),
  };
  const changes = {};
  if (differs(wanted, customer)) changes.customer = wanted;
  if (request.location !== place.address) changes.place = { address: request.location };
  if (cents !== null && cents !== (detail.price_cents ?? null)) changes.price_cents = cents;
  if (!isSameWindow(request.schedule ?? {}, schedule)) changes.schedule = windowOf(request.schedule);
  if (request.duration_minutes && request.duration_minutes !== detail.duration_minutes)
    changes.duration_minutes = request.duration_minutes;
  const agreed = request.agreed_to_texts ?? null;
  if (agreed !== null && agreed !== detail.texts_consent?.agreed) changes.agreed_to_texts = agreed;
  const isNew = request.notes && !notes.some(({ text }) => text === request.notes);
  if (isNew) changes.note = request.notes;
  const missed = [
    request.flow !== detail.flow && "kind of job",
    !request.phone && customer.phone && "no mobile number",
    cents === null && detail.price_cents && "no price",
    !isSameEstimate(request.estimate, detail.estimate) && "load",
  ];
  return { changes, missed: missed.filter(Boolean) };
}

function differs(wanted, known) {
  return Object.entries(wanted).some(([name, value]) => value !== known[name]);
}

/** Whether the job was booked at what is wanted now; without a price guide nothing is. */
function isSameEstimate(wanted, known) {
  if (!wanted || !known) return true;
  const { load_size = null, items = [], surcharges = [] } = known;
  const kept = {
    load_size,
    items: items.map(({ name, count }) => ({ name, count })),
    surcharges: surcharges.map(({ name }) => name),
  };
  return isSame(wanted, kept);
}

function isSameWindow(one, other) {
  return ["window_start", "window_end"].every((name) => {
    if (!one[name] || !other[name]) return !one[name] && !other[name];
    return msOf(one[name]) === msOf(other[name]);
  });
}

function windowOf(schedule) {
  return { window_start: schedule?.window_start ?? null, window_end: schedule?.window_end ?? null };
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether the request may have arrived. */
function isUnknown(error) {
  if (error instanceof NoAnswer) return true;
  return error instanceof Problem && (error.status >= 500 || error.status === 429);
}

/** The key was used for another request: here, a 422 that names no field means only that. */
function isKeyUsed(error) {
  if (!(error instanceof Problem)) return false;
  return /key/.test(error.slug) || (error.status === 422 && errorsIn(error).length === 0);
}
