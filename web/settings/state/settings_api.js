// What the settings page asks of the API, by name.

import { Api, newId, signIn } from "../../shared/api/api.js";

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

  /** {settings, etag} with the logo; `image` is a file in Base64. Raises Problem 422 with the reason. */
  async setLogo(image) {
    const options = { body: { image }, repeatable: true };
    return settingsIn(await this.#api.ask("PUT", "/business/logo", options));
  }

  /** {texts, labels}: what customers read, in our words and in the business's own. */
  async words() {
    return (await this.#api.get("/business/texts")).body;
  }

  /** {en, es}, each {faults, example: {body, parts, alphabet}}; nothing is changed. */
  async previewText(name, words) {
    const options = { body: { name, words: given(words) }, repeatable: true };
    return (await this.#api.ask("POST", "/business/texts/preview", options)).body;
  }

  /** Sends `test`, {name, language, words, phone}, to one's own phone, once: {state, to, parts}. */
  async sendTestText(test) {
    const options = { body: given(test), headers: { "idempotency-key": newId() }, repeatable: true };
    return (await this.#api.ask("POST", "/business/texts/test", options)).body;
  }

  /** Signs in by an invitation's link, with the password that was chosen. */
  async acceptInvitation(token, password) {
    return (await this.#api.ask("POST", "/invitation", { body: { token, password } })).body;
  }

  async people() {
    return (await this.#api.get("/people")).body.people;
  }

  async addPerson(person) {
    return (await this.#api.ask("POST", "/people", { body: person })).body;
  }

  async changePerson(account, changes) {
    const options = { body: changes, repeatable: true };
    return (await this.#api.ask("PATCH", `/people/${account}`, options)).body;
  }

  /** {url, expires_at} of a link that works once. */
  async invite(account) {
    const options = { repeatable: true };
    return (await this.#api.ask("POST", `/people/${account}/invitation`, options)).body;
  }

  async keys() {
    return (await this.#api.get("/keys")).body.keys;
  }

  /** With the key itself, which is not shown again. */
  async addKey(wanted) {
    return (await this.#api.ask("POST", "/keys", { body: wanted })).body;
  }

  async revokeKey(key_id) {
    await this.#api.ask("DELETE", `/keys/${key_id}`);
  }

  /** Everyone who can be on a job. */
  async members() {
    return (await this.#api.get("/crew")).body.members;
  }
}

/** An empty text is none. */
function given(words) {
  return Object.fromEntries(Object.entries(words).filter(([, text]) => text));
}

function settingsIn({ body, etag }) {
  return { settings: body, etag };
}
