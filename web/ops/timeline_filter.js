// The filter of a job's timeline: by kind of event, time, actor, and rev.

import { field } from "/shared/ui/fields.js";
import { el, fill } from "/shared/ui/elements.js";
import { NO_FILTER, actorsIn, kindText, kindsIn } from "/ops/state/timeline.js";
import { currentZone } from "/shared/ui/time.js";
import { momentIn } from "/shared/ui/business_time.js";

const WIDE = matchMedia("(width >= 48rem)");

export class TimelineFilter {
  #onChange;
  #value = { ...NO_FILTER };
  root = el("details.filter", { "data-testid": "timeline-filter", open: WIDE.matches });

  constructor(onChange) {
    this.#onChange = onChange;
  }

  get value() {
    return this.#value;
  }

  /** Offers the choices that occur in `lines`, and removes the filter of another job. */
  offer(lines) {
    this.#value = { ...NO_FILTER };
    const revs = lines.flatMap(({ rev }) => (rev === undefined || rev === null ? [] : [rev]));
    fill(
      this.root,
      el("summary", {}, "Filter"),
      el(
        "div.stack",
        {},
        el(
          "div.chips",
          { role: "group", "aria-label": "Kinds of events" },
          kindsIn(lines).map((what) => this.#kindButton(what)),
        ),
        el(
          "div.filter-fields",
          {},
          this.#field("Actor", { options: choices("Everyone", actorsIn(lines)) }, "actor"),
          this.#field("Rev", { options: choices("Any", [...new Set(revs)]) }, "rev", numberIn),
          this.#field("From", { type: "datetime-local", step: 1 }, "from", momentTyped),
          this.#field("Until", { type: "datetime-local", step: 1 }, "until", momentTyped),
        ),
      ),
    );
  }

  #kindButton(what) {
    const toggle = ({ currentTarget: chip }) => {
      const { kinds } = this.#value;
      const on = !kinds.includes(what);
      chip.setAttribute("aria-pressed", String(on));
      this.#set({ kinds: on ? [...kinds, what] : kinds.filter((one) => one !== what) });
    };
    const props = { type: "button", "aria-pressed": "false", onclick: toggle };
    return el("button.chip", props, kindText(what));
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
  return momentIn(text, currentZone());
}

function numberIn(text) {
  return text === "" ? null : Number(text);
}
