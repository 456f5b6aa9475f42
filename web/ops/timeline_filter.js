// Which part of a job's story is shown: by chapter, time, actor and rev.

import { field } from "/shared/ui/fields.js";
import { el, fill } from "/shared/ui/elements.js";
import { NO_STORY_FILTER, actorsIn, chapterText, chaptersIn } from "/ops/state/timeline.js";
import { zoneInUse } from "/shared/ui/time.js";
import { momentIn } from "/shared/ui/business_time.js";

const ROOMY = matchMedia("(width >= 48rem)");

export class StoryFilter {
  #onChange;
  #value = { ...NO_STORY_FILTER };
  root = el("details.filter", { "data-testid": "story-filter", open: ROOMY.matches });

  constructor(onChange) {
    this.#onChange = onChange;
  }

  get value() {
    return this.#value;
  }

  /** Choices from these lines; what was chosen for another job is forgotten. */
  offer(lines) {
    this.#value = { ...NO_STORY_FILTER };
    const revs = lines.flatMap(({ rev }) => (rev === undefined || rev === null ? [] : [rev]));
    fill(
      this.root,
      el("summary", {}, "Filter"),
      el(
        "div.stack",
        {},
        el(
          "div.chips",
          { role: "group", "aria-label": "Chapters" },
          chaptersIn(lines).map((what) => this.#chapter(what)),
        ),
        el(
          "div.filter-fields",
          {},
          this.#field("Who", { options: choices("Everybody", actorsIn(lines)) }, "actor"),
          this.#field("Rev", { options: choices("Any", [...new Set(revs)]) }, "rev", numberIn),
          this.#field("From", { type: "datetime-local", step: 1 }, "from", momentTyped),
          this.#field("Until", { type: "datetime-local", step: 1 }, "until", momentTyped),
        ),
      ),
    );
  }

  #chapter(what) {
    const toggle = ({ currentTarget: chip }) => {
      const { chapters } = this.#value;
      const on = !chapters.includes(what);
      chip.setAttribute("aria-pressed", String(on));
      this.#set({ chapters: on ? [...chapters, what] : chapters.filter((one) => one !== what) });
    };
    const props = { type: "button", "aria-pressed": "false", onclick: toggle };
    return el("button.chip", props, chapterText(what));
  }

  #field(label, props, name, read = (text) => text) {
    const { node, input } = field(label, props);
    input.addEventListener("input", () => this.#set({ [name]: read(input.value) }));
    return node;
  }

  #set(part) {
    this.#value = { ...this.#value, ...part };
    this.#onChange();
  }
}

function choices(all, values) {
  return [["", all], ...values.map((value) => [String(value), String(value)])];
}

function momentTyped(text) {
  return momentIn(text, zoneInUse());
}

function numberIn(text) {
  return text === "" ? null : Number(text);
}
