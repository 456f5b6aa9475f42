// The form: its sections, what has changed in it, and what is wrong with it.

import { el, fill } from "/shared/ui/elements.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { icon } from "/shared/ui/icons.js";
import { setupChecklist } from "/shared/ui/setup_checklist.js";
import { same } from "/settings/state/settings_session.js";
import { conflictPanel } from "./conflict_panel.js";
import { drawPreview } from "./preview.js";
import { makeSections } from "./sections.js";

/** Settings that may be unset. Others are shown where the service has them. */
const MAY_BE_UNSET = [
  "phone",
  "legal_name",
  "email",
  "sms_number",
  "website",
  "accent_color",
  "privacy_url",
  "terms_url",
  "cancellation_policy",
  "price_guide",
];

export class SettingsForm {
  #sections = makeSections();
  #editors = new Map();
  /** What each editor read when it last showed the saved value. */
  #baseline = new Map();
  /** Settings that someone else changed while they were being typed here. */
  #contested = new Set();
  #settings = {};
  #flow = null;
  #act;
  #setup = el("div", {});
  #conflict = el("div", {});
  #panels;
  #hours = el("div.confirm-hours", {});
  #preview = el("div.preview", { "data-testid": "preview" });
  #count = el("p", { role: "status", "data-testid": "unsaved" });
  #save = el("button.button.main", { "data-testid": "save" }, "Save changes");
  #discard;

  /** `act`: {save(), confirmHours()}; `panels` {name: panel} stand below and save by themselves. */
  constructor(act, panels) {
    this.#act = act;
    this.#panels = panels;
    for (const { fields } of this.#sections) {
      for (const editor of fields) this.#editors.set(editor.key, editor);
    }
    this.#discard = el(
      "button.button.plain",
      { type: "button", onclick: () => this.#discardAll() },
      "Discard",
    );
    this.node = this.#build();
  }

  get isDirty() {
    return this.#dirty().length > 0;
  }

  #build() {
    const submit = (event) => {
      event.preventDefault();
      this.#act.save();
    };
    const form = el(
      "form.settings-form",
      { novalidate: true, onsubmit: submit, oninput: () => this.#changed() },
      this.#conflict,
      this.#sections.map((section) => this.#section(section)),
      el("div.save-bar", {}, this.#count, el("div.row", {}, this.#discard, this.#save)),
    );
    form.addEventListener("change", () => this.#changed());
    return el(
      "div.settings-page",
      {},
      el("div.settings-head", {}, el("h1", {}, "Settings"), this.#links()),
      this.#setup,
      el("div.settings-form", {}, form, Object.values(this.#panels).map(({ node }) => node)),
      el("aside", { "aria-label": "Preview" }, el("h2", {}, "What customers see"), this.#preview),
    );
  }

  #links() {
    const all = [
      ...this.#sections.map(({ name, title }) => ({ id: `section-${name}`, title })),
      { id: "logo", title: "Logo" },
      { id: "section-texts", title: "In your own words" },
      { id: "section-people", title: "People" },
      { id: "section-keys", title: "API keys" },
    ];
    return el(
      "nav",
      { "aria-label": "Sections" },
      all.map(({ id, title }) => el("a", { href: `#${id}` }, title)),
    );
  }

  #section({ name, title, fields }) {
    return el(
      "section.panel.stack",
      { id: `section-${name}`, "aria-labelledby": `title-${name}`, tabindex: "-1" },
      el("h2", { id: `title-${name}` }, title),
      fields.map(({ key, node }) => (key === "opening_hours" ? [node, this.#hours] : node)),
    );
  }

  // What is shown

  /** Show the saved settings, but for what is being typed. */
  meet(settings) {
    this.#settings = settings;
    const typed = this.#dirty();
    for (const editor of this.#editors.values()) {
      editor.node.hidden = !(editor.key in settings) && !MAY_BE_UNSET.includes(editor.key);
      if (!typed.includes(editor) || sameAs(editor, settings)) this.#reset(editor);
    }
    this.#changed();
  }

  /** All is saved: the fields show what the service made of it. */
  saved(settings) {
    fill(this.#conflict);
    this.#settings = settings;
    for (const editor of this.#editors.values()) this.#reset(editor);
    this.#changed();
  }

  #reset(editor) {
    editor.show(this.#settings[editor.key], this.#settings);
    editor.complain(null);
    this.#baseline.set(editor.key, JSON.stringify(editor.read()));
    this.#contested.delete(editor.key);
  }

  showSetup(missing, flow) {
    this.#flow = flow;
    fill(this.#setup, setupChecklist(missing));
    fill(this.#hours, missing.some(({ key }) => key === "opening_hours") && this.#confirmation());
    this.#drawPreview();
  }

  #confirmation() {
    return el(
      "button.button",
      { type: "button", onclick: () => this.#act.confirmHours(), "data-testid": "confirm-hours" },
      icon("check"),
      "These hours are right",
    );
  }

  /** `theirs` is what someone else saved, {key: value now}; what is typed here is kept. */
  showConflict(theirs, settings) {
    const mine = this.#dirty().map(({ key }) => key);
    for (const key of mine) if (key in theirs) this.#contested.add(key);
    this.meet(settings);
    const panel = conflictPanel({
      theirs,
      settings,
      labelOf: (key) => this.#labelOf(key),
      contested: [...this.#contested],
      take: (key) => {
        this.#reset(this.#editors.get(key));
        this.#changed();
      },
    });
    fill(this.#conflict, panel);
    panel.focus();
  }

  #labelOf(key) {
    const node = this.#editors.get(key)?.node;
    return node?.querySelector("label, legend")?.textContent ?? key.replaceAll("_", " ");
  }

  goTo(key) {
    if (key === "crew") return this.#panels.people.node.focus();
    if (key === "logo") return this.#panels.logo.node.focus();
    const editor = this.#editors.get(key);
    if (!editor) return;
    editor.node.scrollIntoView({ block: "center" });
    editor.focus();
  }

  busy(is) {
    this.#save.disabled = is;
    fill(this.#save, is ? "Saving…" : "Save changes");
    if (!is) this.#drawBar();
  }

  #changed() {
    this.#drawBar();
    this.#drawPreview();
  }

  #drawBar() {
    const number = this.#dirty().length;
    const unsaved = `${number} unsaved change${number > 1 ? "s" : ""}`;
    const text = number === 0 ? "All changes saved" : unsaved;
    if (this.#count.textContent !== text) fill(this.#count, text);
    this.#save.disabled = number === 0;
    this.#discard.hidden = number === 0;
  }

  #drawPreview() {
    const shown = { ...this.#settings };
    for (const editor of this.#editors.values()) {
      const { value } = editor.read();
      if (value !== undefined) shown[editor.key] = value;
    }
    drawPreview(this.#preview, shown, this.#flow);
  }

  // What has changed

  #dirty() {
    return [...this.#editors.values()].filter(
      (editor) =>
        !editor.node.hidden &&
        this.#baseline.has(editor.key) &&
        (this.#contested.has(editor.key) ||
          JSON.stringify(editor.read()) !== this.#baseline.get(editor.key)),
    );
  }

  /** {key: value} of all that was changed; null where something in it is wrong, and said so. */
  changes() {
    const readings = this.#dirty().map((editor) => [editor, editor.read()]);
    const wrong = readings.filter(([, { fault }]) => fault);
    for (const [editor, { fault }] of wrong) editor.complain(fault);
    wrong[0]?.[0].focus();
    if (wrong.length > 0) return null;
    return Object.fromEntries(readings.map(([{ key }, { value }]) => [key, value]));
  }

  /** Show what the service refused at its fields; the texts of what has no field here. */
  placeFaults(problem) {
    const places = Object.fromEntries([...this.#editors.keys()].map((key) => [key, key]));
    const placed = [];
    const left = placeErrors(problem, places, (key, text) => {
      this.#editors.get(key).complain(text);
      placed.push(key);
    });
    this.#editors.get(placed[0])?.focus();
    if (placed.length > 0 || left.length > 0) return left;
    return [problem.detail || problem.title];
  }

  #discardAll() {
    for (const editor of this.#editors.values()) this.#reset(editor);
    fill(this.#conflict);
    this.#changed();
    this.#save.closest("form").querySelector("input").focus();
  }
}

function sameAs(editor, settings) {
  const { value } = editor.read();
  return value !== undefined && same(value, settings[editor.key]);
}
