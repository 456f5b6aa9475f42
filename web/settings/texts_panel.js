// What customers read, in the business's own words: the names of the statuses, and the texts, each as
// it will read, with its length, and as a test text to one's own phone.

import { Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import {
  LANGUAGE_NAMES,
  TextTrial,
  byFlow,
  lengthText,
  ownWordsWith,
  titleOf,
} from "/settings/state/own_texts.js";
import { failureIn } from "./failures.js";
import { labelsForm } from "./labels_editor.js";
import { opened } from "./opened.js";
import { testTextForm } from "./test_text_form.js";

export class TextsPanel {
  #service;
  #notices;
  #save;
  #labels = el("div.stack", { "data-testid": "labels" });
  #list = el("div.stack", { "data-testid": "texts" });

  /** `save(change)` stores the settings that `change(settings)` makes of those that are stored. */
  constructor(service, notices, save) {
    this.#service = service;
    this.#notices = notices;
    this.#save = save;
    this.node = el(
      "section.panel.stack",
      { id: "section-texts", "aria-labelledby": "title-texts", tabindex: "-1" },
      el("h2", { id: "title-texts" }, "In your own words"),
      el("h3", {}, "Names of the statuses"),
      el("p.hint", {}, "On the customer's page, the board, and the crew's phones. Leave a field empty to keep our name."),
      this.#labels,
      el("h3", {}, "Texts"),
      el("p.hint", {}, "Say it in your own words. Each part of a text is paid for; 160 plain letters are one part."),
      this.#list,
    );
  }

  async load() {
    try {
      const { texts, labels } = await this.#service.words();
      fill(this.#labels, byFlow(labels).map((each) => this.#statuses(each)));
      fill(this.#list, texts.map((text) => this.#text(text)));
    } catch (error) {
      this.#notices.bad(`Your own words cannot be shown: ${failureIn(error)}`);
    }
  }

  #statuses([flow, labels]) {
    const changed = labels.some(({ own }) => own) ? " · your words" : "";
    const store = (change, place) => this.#run(change, "Saved. Pages have these names from now on.", place);
    const node = opened(`${titleOf(flow)}${changed}`, () => labelsForm(labels, store));
    node.dataset.flow = flow;
    return node;
  }

  #text(text) {
    const changed = text.own ? " · your words" : "";
    const node = opened(`${titleOf(text.name)}${changed}`, () => this.#form(text));
    node.dataset.text = text.name;
    return node;
  }

  #form({ name, ours, own, fields }) {
    const editors = Object.entries(LANGUAGE_NAMES).map(([language, label]) => {
      const shown = { tag: "textarea", rows: 3, lang: language, value: own?.[language] ?? ours[language] };
      return { language, length: el("p.hint", { role: "status" }), ...field(label, shown) };
    });
    const words = () =>
      Object.fromEntries(editors.map(({ language, input }) => [language, input.value.trim()]));
    const trial = new TextTrial((wanted) => this.#service.previewText(name, wanted), (shown) => {
      for (const { language, length, complain } of editors) {
        const { faults = [], example } = shown[language];
        complain(faults.join("; ") || null);
        fill(length, example && [el("q", {}, example.body), ` ${lengthText(example)}`]);
      }
    });
    const store = (wanted, said) => {
      const change = ({ own_texts }) => ({ own_texts: ownWordsWith(own_texts, name, wanted, ours) });
      return this.#run(change, said);
    };
    const submit = (event) => {
      event.preventDefault();
      return store(words(), "Saved. The next texts have these words.");
    };
    trial.ask(words());
    const form = el(
      "form.stack",
      { novalidate: true, onsubmit: submit, oninput: () => trial.ask(words()) },
      el("p.hint", {}, `Keep ${fields.map((each) => `{${each}}`).join(", ")}.`),
      editors.map(({ node, length }) => [node, length]),
      el(
        "div.row",
        {},
        el("button.button.compact.main", {}, "Save these words"),
        el("button.button.compact", { type: "button", onclick: () => store({}, "Our words are back.") }, "Use our words"),
      ),
    );
    const send = (language, phone) =>
      this.#service.sendTestText({ name, language, words: words()[language], phone });
    return [form, testTextForm(send, this.#notices)];
  }

  /** `place(problem)` says what is wrong at its field, and returns what has none. */
  async #run(change, said, place = (problem) => [failureIn(problem)]) {
    try {
      const theirs = await this.#save(change);
      if (theirs) return this.#notices.warn("Someone else changed the settings. Look again, then save again.");
      this.#notices.good(said);
      await this.load();
    } catch (error) {
      const left = error instanceof Problem && error.status === 422 ? place(error) : [failureIn(error)];
      if (left.length > 0) this.#notices.bad(left.join("; "));
    }
  }
}
