// The business of the person who is signed in: known without signal once it was read.

import { storedBusiness, readBusiness } from "./business.js";

export class StaffBusiness {
  /** As far as it is known; null before. */
  business = null;
  #api;
  #memory;
  #onLearned;
  #tenant = null;

  constructor({ api, memory, onLearned }) {
    this.#api = api;
    this.#memory = memory;
    this.#onLearned = onLearned;
  }

  /** Called as often as one likes: it is read once for each business. */
  follow(session) {
    const tenant = session?.tenant ?? null;
    if (tenant === null || tenant === this.#tenant) return;
    this.#tenant = tenant;
    this.#read(tenant);
  }

  async #read(tenant) {
    const path = `/businesses/${encodeURIComponent(tenant)}`;
    this.business = storedBusiness(this.#memory, path);
    const found = await readBusiness(this.#api, this.#memory, path, { tries: 1, kept: looksOf });
    if (tenant !== this.#tenant || found === null) return;
    this.business = found;
    this.#onLearned();
  }
}

/** What a page of those who work here shows. */
function looksOf({ name, time_zone, phone, accent_color, currency }) {
  return { name, time_zone, phone, accent_color, currency };
}
