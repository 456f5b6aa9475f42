// What the settings page asks of the API, by name.

import { Api, signIn } from "../../shared/api/api.js";

export class SettingsService {
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

  async flows() {
    return (await this.#api.get("/flows")).body;
  }

  /** {settings, etag}. */
  async settings() {
    return settingsIn(await this.#api.get("/business"));
  }

  /**
   * {settings, etag} after `changes`. Raises Problem 412 where they are no longer at `etag`, 422 with
   * the fields. A copy of the request is harmless: it finds another version and changes nothing.
   */
  async save(changes, etag) {
    const headers = { "if-match": etag };
    const options = { body: changes, headers, repeatable: true };
    return settingsIn(await this.#api.ask("PATCH", "/business", options));
  }

  /** Everyone who can be on a job. */
  async members() {
    return (await this.#api.get("/crew")).body.members;
  }
}

function settingsIn({ body, etag }) {
  return { settings: body, etag };
}
