// API keys: made, shown once, and revoked.

import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { opened } from "./opened.js";
import { momentText } from "/shared/ui/time.js";
import { failureIn } from "./failures.js";
import { ROLE_NAMES, rolesText } from "/settings/state/people.js";

const DAYS = [30, 90, 180, 365];

export class KeysPanel {
  #service;
  #notices;
  #list = el("ul.people", { "data-testid": "keys" });
  #made = el("div.stack", { "data-testid": "new-key" });

  constructor(service, notices) {
    this.#service = service;
    this.#notices = notices;
    this.node = el(
      "section.panel.stack",
      { id: "section-keys", "aria-labelledby": "title-keys", tabindex: "-1" },
      el("h2", { id: "title-keys" }, "API keys"),
      el("p.hint", {}, "A program, such as your website's form, uses the API with a key of its own."),
      this.#list,
      this.#made,
      opened("Make a key", () => this.#form()),
    );
  }

  async load() {
    try {
      const keys = await this.#service.keys();
      fill(this.#list, keys.map((key) => this.#key(key)));
    } catch (error) {
      this.#notices.bad(`API keys cannot be shown: ${failureIn(error)}`);
    }
  }

  #key({ key_id, name, roles, last_used_at, expires_at }) {
    const used = last_used_at ? `last used ${momentText(last_used_at)}` : "never used";
    const revoke = () => this.#run(() => this.#service.revokeKey(key_id), `${name} is revoked.`);
    return el(
      "li",
      { "data-key": key_id },
      el("strong", {}, name),
      ` ${rolesText(roles)}`,
      el("p.hint", {}, `${key_id}, ${used}, expires ${momentText(expires_at)}`),
      el("button.button.compact", { type: "button", onclick: revoke }, icon("cross"), "Revoke"),
    );
  }

  #form() {
    const name = field("What it is for", { maxlength: 60, autocomplete: "off" });
    const role = field("Role", { options: Object.entries(ROLE_NAMES), value: "dispatcher" });
    const days = field("Valid for", { options: DAYS.map((each) => [each, `${each} days`]), value: 90 });
    const submit = (event) => {
      event.preventDefault();
      if (name.input.value.trim() === "") return name.complain("Say what the key is for.");
      const wanted = {
        name: name.input.value.trim(),
        roles: [role.input.value],
        days: Number(days.input.value),
      };
      return this.#run(async () => {
        this.#show(await this.#service.addKey(wanted));
        name.input.value = "";
      }, `The key for ${wanted.name} is made.`);
    };
    return el(
      "form.stack",
      { novalidate: true, onsubmit: submit },
      name.node,
      role.node,
      days.node,
      el("button.button", {}, icon("plus"), "Make the key"),
    );
  }

  #show({ name, key }) {
    const shown = field(`Key for ${name}`, {
      value: key,
      readonly: true,
      hint: "Copy it now: it is not shown again.",
    });
    const copy = async () => {
      await navigator.clipboard.writeText(key);
      this.#notices.good("The key is copied.");
    };
    const button = el("button.button.compact", { type: "button", onclick: copy }, icon("copy"), "Copy");
    fill(this.#made, shown.node, button);
    shown.input.select();
  }

  async #run(act, said) {
    try {
      await act();
      this.#notices.good(said);
      await this.load();
    } catch (error) {
      this.#notices.bad(failureIn(error));
    }
  }
}
