// What the page of reports asks of the API, by name.

import { Api, signIn } from "../../shared/api/api.js";

export class ReportsApi {
  #api;

  constructor(api = new Api()) {
    this.#api = api;
  }

  async session() {
    return (await this.#api.get("/session")).body;
  }

  async signIn(account, password) {
    return signIn(this.#api, account, password);
  }

  async signOut() {
    await this.#api.ask("DELETE", "/session", { repeatable: true });
  }

  /** {flows, time_zone, currency, …}. */
  async flows() {
    return (await this.#api.get("/flows")).body;
  }

  /** Raises Problem 422 if the days are too many, or in the wrong order. */
  async report({ first, last, by }) {
    return (await this.#api.get(`/reports?${new URLSearchParams({ first, last, by })}`)).body;
  }
}

/** The accountant's file, for a link: the browser sends the session itself. */
export function csvAddress({ first, last }) {
  return `/api/reports/jobs.csv?${new URLSearchParams({ first, last })}`;
}
