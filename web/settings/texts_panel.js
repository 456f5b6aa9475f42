// The texts to customers: each in the business's own words, as it will read, and with its length.

import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { TextTrial, lengthText, ownTextsWith, titleOf } from "/settings/state/own_texts.js";
import { failureIn } from "./failures.js";
import { opened } from "./opened.js";

const LANGUAGE_NAMES = { en: "English", es: "Spanish" };

export class TextsPanel {
  #service;
  #notices;
  #save;
  #list = el("div.stack", { "data-testid": "texts" });

  /** `save(change)` stores what `change(own_texts)` makes of the words that are stored. */
  constructor(service, notices, save) {
    this.#service = service;
    this.#notices = notices;
    this.#save = save;
    this.node = el(
      "section.panel.stack",
      { id: "section-texts", "aria-labelledby": "title-texts", tabindex: "-1" },
      el("h2", { id: "title-texts" }, "Words of the texts"),
      el("p.hint", {}, "Say it in your own words. Each part of a text is paid for; 160 plain letters are one part."),
      this.#list,
    );
  }

  async load() {
    try {
      const texts = await this.#service.texts();
      fill(this.#list, texts.map((text) => this.#text(text)));
    } catch (error) {
      this.#notices.bad(`Texts cannot be shown: ${failureIn(error)}`);
    }
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
    const store = (wanted, said) => this.#run(name, ours, wanted, said);
    const submit = (event) => {
      event.preventDefault();
      return store(words(), "Saved. The next texts have these words.");
    };
    trial.ask(words());
    return el(
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
  }

  async #run(name, ours, wanted, said) {
    try {
      const theirs = await this.#save((known) => ownTextsWith(known, name, wanted, ours));
      if (theirs) return this.#notices.warn("Someone else changed the settings. Look again, then save again.");
      this.#notices.good(said);
      await this.load();
    } catch (error) {
      this.#notices.bad(failureIn(error));
    }
  }
}
