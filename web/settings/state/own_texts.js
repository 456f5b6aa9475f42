// A business's own words for texts and statuses: what is stored, and how long a text is.

export const LANGUAGE_NAMES = Object.freeze({ en: "English", es: "Spanish" });
const TITLES = {
  link: "The link, to a corrected number",
  scheduled: "A window is given",
  rescheduled: "The window has changed",
  asked_again: "Another window is asked for",
  unscheduled: "The window is taken away",
  on_my_way: "The crew is on its way",
  arriving: "The crew is almost there",
  late: "Running late",
  sooner: "Earlier than expected",
  crew_changed: "The crew has changed",
  other_time: "Another time is wanted",
  day_before: "Reminder, the day before",
  hours_before: "Reminder, hours before",
};
const WAIT_MS = 300;

/** `haul.on_hold` as "Haul: on hold"; a flow alone as "Haul". */
export function titleOf(name) {
  if (TITLES[name]) return TITLES[name];
  const [flow, ...rest] = name.replaceAll("_", " ").split(".");
  const kind = `${flow[0].toUpperCase()}${flow.slice(1)}`;
  return rest.length > 0 ? `${kind}: ${rest.join(", ")}` : kind;
}

/** The setting with these words for one text or status. Ours, or empty ones, are not stored. */
export function ownWordsWith(known, name, words, ours) {
  const { [name]: _, ...others } = known ?? {};
  const own = Object.entries(words).filter(([language, text]) => text && text !== ours[language]);
  return own.length > 0 ? { ...others, [name]: Object.fromEntries(own) } : others;
}

/** [[flow, labels]] of the labels {name, ours, own}, for one form each. */
export function byFlow(labels) {
  const flows = new Map();
  for (const label of labels) {
    const flow = label.name.split(".")[0];
    flows.set(flow, [...(flows.get(flow) ?? []), label]);
  }
  return [...flows];
}

/** "141 letters, 1 part"; why it is more than it seems, if it is. */
export function lengthText({ body, parts, alphabet }) {
  const length = `${[...body].length} letters, ${parts} ${parts === 1 ? "part" : "parts"}`;
  return alphabet === "ucs_2" ? `${length}: letters such as á or emoji leave room for only 70` : length;
}

/** Asks for a preview once typing pauses; an answer to older words is not shown. */
export class TextTrial {
  #preview;
  #show;
  #timer = null;
  #asked = 0;

  constructor(preview, show) {
    this.#preview = preview;
    this.#show = show;
  }

  ask(words) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(words), WAIT_MS);
  }

  async #read(words) {
    const number = (this.#asked += 1);
    try {
      const shown = await this.#preview(words);
      if (number === this.#asked) this.#show(shown);
    } catch {
      return; // the words are checked again when they are saved
    }
  }
}
