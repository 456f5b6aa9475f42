// The people of the business: who they are, what they may do, and the links by which they sign in.

import { isCrew } from "/shared/jobs/setup_checklist.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";
import { opened } from "./opened.js";
import { momentText } from "/shared/ui/time.js";
import { failureIn } from "./failures.js";
import { accountFrom, ROLE_NAMES, rolesText, signInText } from "/settings/state/people.js";

const LAST = "last-owner";

export class PeoplePanel {
  #service;
  #notices;
  #changed;
  #people = [];
  #list = el("ul.people", { "data-testid": "people" });
  #none = el("p", { hidden: true }, "No one can be sent to a job yet.");
  #add = el("div", {});

  /** `changed()` is called after everything that was saved. */
  constructor(service, notices, changed) {
    this.#service = service;
    this.#notices = notices;
    this.#changed = changed;
    this.node = el(
      "section.panel.stack",
      { id: "section-people", "aria-labelledby": "title-people", tabindex: "-1", "data-testid": "crew" },
      el("h2", { id: "title-people" }, "People"),
      this.#none,
      this.#list,
      this.#add,
    );
    this.#drawAdd();
  }

  async load() {
    try {
      this.#people = await this.#service.people();
      this.#draw();
    } catch (error) {
      this.#notices.bad(`People cannot be shown: ${failureIn(error)}`);
    }
  }

  #draw() {
    const able = this.#people.filter(({ disabled }) => !disabled);
    this.#none.hidden = able.some(isCrew);
    fill(this.#list, this.#people.map((person) => this.#person(person)));
  }

  #person(person) {
    const { account, name, roles, disabled } = person;
    return el(
      "li",
      { "data-account": account },
      el("strong", {}, name),
      ` ${rolesText(roles)}`,
      el("p.hint", {}, `Signs in as ${account}. ${signInText(person, (at) => momentText(at))}`),
      opened(`Change ${name}`, () => [this.#form(person), this.#buttons(person)]),
      el("div.invitation.stack", { "data-testid": "invitation" }),
    );
  }

  #buttons(person) {
    const { disabled, has_password } = person;
    const link = has_password ? "New password link" : "Sign-in link";
    const said = disabled ? "is enabled" : "is disabled";
    return el(
      "div.row",
      {},
      !disabled && this.#button(link, () => this.#invite(person)),
      this.#button(disabled ? "Enable" : "Disable", () =>
        this.#save(person, { disabled: !disabled }, said),
      ),
    );
  }

  #button(text, run) {
    return el("button.button.compact", { type: "button", onclick: run }, text);
  }

  /** The form of someone who is here. */
  #form(person) {
    const fields = personFields(person);
    const submit = (event) => {
      event.preventDefault();
      const { name, phone, roles } = fields.read();
      if (fields.areMissing()) return;
      this.#save(person, { name, phone: phone || null, roles }, "is changed");
    };
    return el(
      "form.stack",
      { novalidate: true, onsubmit: submit },
      fields.nodes,
      el("button.button.compact", {}, icon("check"), "Save"),
    );
  }

  #drawAdd() {
    fill(this.#add, opened("Add someone", () => this.#addForm()));
  }

  #addForm() {
    const fields = personFields({ name: "", phone: "", roles: ["driver"] });
    const account = field("Signs in as", {
      hint: "Small letters and digits; it stays.",
      autocapitalize: "none",
      spellcheck: "false",
      maxlength: 40,
    });
    fields.name.input.addEventListener("input", () => {
      if (!account.typed) account.input.value = accountFrom(fields.name.input.value);
    });
    account.input.addEventListener("input", () => (account.typed = true));
    const submit = async (event) => {
      event.preventDefault();
      if (fields.areMissing()) return;
      const { name, phone, roles } = fields.read();
      const person = { account: account.input.value.trim(), name, roles, ...(phone && { phone }) };
      await this.#run(async () => {
        await this.#service.addPerson(person);
        this.#notices.good(`${name} is added. A sign-in link lets them choose a password.`);
        this.#drawAdd();
      });
    };
    return el(
      "form.stack",
      { novalidate: true, onsubmit: submit },
      fields.nodes.slice(0, 1),
      account.node,
      fields.nodes.slice(1),
      el("button.button", {}, icon("plus"), "Add"),
    );
  }

  #save(person, changes, said) {
    return this.#run(async () => {
      await this.#service.changePerson(person.account, changes);
      this.#notices.good(`${person.name} ${said}.`);
    });
  }

  async #invite(person) {
    try {
      const { url, expires_at } = await this.#service.invite(person.account);
      const place = this.#list.querySelector(`[data-account="${person.account}"] .invitation`);
      fill(place, invitation(person, url, expires_at, this.#notices));
      place.querySelector("input").select();
    } catch (error) {
      this.#notices.bad(failureIn(error));
    }
  }

  async #run(act) {
    try {
      await act();
      await this.load();
      this.#changed();
    } catch (error) {
      const why = error.slug === LAST ? error.detail : failureIn(error);
      this.#notices.bad(why);
    }
  }
}

/** A link to send: copied, or as a text from the owner's own phone. */
function invitation({ name, phone }, url, expires_at, notices) {
  const link = field(`Link for ${name}`, {
    value: url,
    readonly: true,
    hint: `It works once, until ${momentText(expires_at)}. Give it to ${name} alone.`,
  });
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    notices.good("The link is copied.");
  };
  const text = `sms:${phone}?&body=${encodeURIComponent(`Your sign-in link / Su enlace para entrar: ${url}`)}`;
  return [
    link.node,
    el(
      "div.row",
      {},
      el("button.button.compact", { type: "button", onclick: copy }, icon("copy"), "Copy"),
      phone && el("a.button.compact", { href: text }, icon("phone"), "Send as a text"),
    ),
  ];
}

function personFields({ name, phone, roles }) {
  const named = field("Name", { value: name, autocomplete: "off", maxlength: 60 });
  const number = field("Phone", { value: phone ?? "", type: "tel", autocomplete: "off" });
  const boxes = Object.entries(ROLE_NAMES).map(([role, text]) => {
    const input = el("input", { type: "checkbox", value: role, checked: roles.includes(role) });
    return { input, node: el("label", {}, input, text) };
  });
  const fault = el("p.field-error", { hidden: true }, icon("alert"), "Choose at least one role.");
  const read = () => ({
    name: named.input.value.trim(),
    phone: number.input.value.trim(),
    roles: boxes.filter(({ input }) => input.checked).map(({ input }) => input.value),
  });
  const areMissing = () => {
    const { name: text, roles: chosen } = read();
    fault.hidden = chosen.length > 0;
    if (text === "") named.complain("Enter their name.");
    return text === "" || chosen.length === 0;
  };
  const rolesNode = el(
    "fieldset.field",
    {},
    el("legend", {}, "Roles"),
    el("div.role-choices", {}, boxes.map(({ node }) => node)),
    fault,
  );
  return { name: named, nodes: [named.node, number.node, rolesNode], read, areMissing };
}
