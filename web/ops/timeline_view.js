// Explain: everything that happened to one job, what is wrong with it, and a repair.

import { el, fill, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { labelOf } from "/shared/jobs/moves.js";
import { failureText } from "/ops/state/ops_session.js";
import { counted } from "/ops/state/ops_labels.js";
import { actorName, chapterText, linesOf, verdictOf } from "/ops/state/timeline.js";
import { exactText } from "/shared/ui/time.js";
import { zoneText } from "/shared/ui/business_time.js";
import { StoryFilter } from "./timeline_filter.js";

export class StoryView {
  #ops;
  #repair;
  #job_id = null;
  #story = null;
  #filter = new StoryFilter(() => this.#drawLines());
  #lines = el("ol.lines", { "data-testid": "story-lines" });
  #count = el("p.small.quiet", { role: "status", "data-testid": "story-count" });
  root = el("section.panel.story", { "aria-labelledby": "story-title", "data-testid": "story" });

  /** `repair({job_id, flow, status})` asks and does; true where something may have changed. */
  constructor({ ops, repair }) {
    this.#ops = ops;
    this.#repair = repair;
  }

  get job_id() {
    return this.#job_id;
  }

  async open(job_id) {
    this.#job_id = job_id;
    this.#story = null;
    if (job_id === null) return fill(this.root);
    fill(this.root, this.#head(), el("p.quiet", {}, "Reading…"));
    this.root.querySelector("h2").focus({ preventScroll: true });
    await this.read();
  }

  async read() {
    const job_id = this.#job_id;
    try {
      const story = await this.#ops.story(job_id);
      if (job_id !== this.#job_id) return;
      this.#show(story);
    } catch (error) {
      if (job_id === this.#job_id) this.#fail(error);
    }
  }

  #fail(error) {
    const what = `${this.#job_id} could not be explained`;
    const text = failureText(error, what, { changes: false });
    fill(
      this.root,
      this.#head(),
      el("div.notice.bad", { role: "alert" }, icon("alert"), el("p", {}, text)),
      el("div.row", {}, this.#button("Try again", () => this.read()), this.#redriveButton()),
    );
  }

  #show(story) {
    const another = this.#story === null;
    this.#story = story;
    if (another) this.#filter.offer(story.events);
    this.#drawLines();
    fill(
      this.root,
      this.#head(),
      this.#verdict(),
      el(
        "div.row",
        {},
        this.#redriveButton(),
        this.#button("Read again", () => this.read(), "reload"),
        el("p.small.quiet.numbers", {}, `As of ${exactText(this.#ops.now_ms)}`),
        zoneText(this.#ops.zone) && el("p.small.quiet", {}, zoneText(this.#ops.zone)),
      ),
      this.#filter.root,
      this.#count,
      this.#lines,
    );
  }

  #head() {
    const { flow, status, rev } = this.#story ?? {};
    const known = this.#ops.flows[flow];
    const label = labelOf(known ?? { statuses: [] }, status);
    return el(
      "div.story-head",
      {},
      el("a", { href: "#" }, "← Overview"),
      el("h2", { id: "story-title", tabindex: "-1" }, "Job ", el("span.job-id", {}, this.#job_id)),
      status &&
        el(
          "p.row",
          {},
          el("span.pill.toned", { vars: colourOf(known, status) }, label),
          el("span.small.quiet.numbers", {}, `${known?.label.en ?? flow} · rev ${rev}`),
        ),
    );
  }

  #verdict() {
    const { diagnosis, incomplete } = this.#story;
    const kind = verdictOf(this.#story);
    return el(
      "div.stack",
      { "data-testid": "verdict", "data-verdict": kind },
      diagnosis.length > 0 && said("bad", "alert", "Wrong with it now", diagnosis),
      incomplete.length > 0 && said("warn", "clock", "This story is incomplete", incomplete),
      kind === "well" && said("good", "check", "Nothing is wrong with this job.", []),
    );
  }

  #redriveButton() {
    const job_id = this.#job_id;
    const job = { job_id, flow: this.#story?.flow, status: this.#story?.status };
    const run = async () => {
      if ((await this.#repair(job)) && job_id === this.#job_id) await this.read();
    };
    return this.#button("Redrive", run, "reload");
  }

  #button(text, onclick, sign = null) {
    return el("button.button.compact", { type: "button", onclick }, sign && icon(sign), text);
  }

  #drawLines() {
    const { events } = this.#story;
    const shown = linesOf(events, this.#filter.value);
    const part = shown.length < events.length ? `${shown.length} of ` : "";
    fill(this.#count, `${part}${counted(events.length, "line")}`);
    fill(this.#lines, shown.map(drawnLine));
  }
}

function drawnLine(line) {
  const { at, what, text, actor, rev, seq, ok } = line;
  const about = [
    actor && actorName(actor),
    rev !== undefined && rev !== null && `rev ${rev}`,
    seq !== undefined && seq !== null && `entry ${seq}`,
  ].filter(Boolean);
  return el(
    `li.line${ok ? "" : ".failed"}`,
    { "data-testid": "line", "data-chapter": what },
    el("time.small.quiet.numbers", { datetime: at }, exactText(at)),
    el("span.chapter", {}, chapterText(what)),
    el(
      "div",
      {},
      el("p", {}, !ok && [icon("alert"), el("span.unseen", {}, "Not well: ")], text),
      about.length > 0 && el("p.small.quiet.numbers", {}, about.join(" · ")),
    ),
  );
}

function said(tone, sign, title, sentences) {
  const items = sentences.map((text) => el("li", {}, text));
  const list = items.length > 0 && el("ul.sentences", {}, items);
  return el(`div.notice.${tone}`, {}, icon(sign), el("div", {}, el("strong", {}, title), list));
}

function colourOf(flow, status) {
  return statusColour(flow?.statuses.find(({ name }) => name === status)?.colour);
}
