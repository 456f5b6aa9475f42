// The timeline of one job: everything that happened to it, what is wrong with it, and a repair.

import { el, fill, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { labelOf } from "/shared/jobs/moves.js";
import { failureText } from "/ops/state/ops_session.js";
import { counted } from "/ops/state/ops_labels.js";
import { actorName, kindText, linesOf, verdictOf } from "/ops/state/timeline.js";
import { exactText } from "/shared/ui/time.js";
import { zoneText } from "/shared/ui/business_time.js";
import { TimelineFilter } from "./timeline_filter.js";

export class TimelineView {
  #session;
  #repair;
  #job_id = null;
  #timeline = null;
  #filter = new TimelineFilter(() => this.#drawLines());
  #lines = el("ol.lines", { "data-testid": "timeline-lines" });
  #count = el("p.small.quiet", { role: "status", "data-testid": "timeline-count" });
  root = el("section.panel.timeline", { "aria-labelledby": "timeline-title", "data-testid": "timeline" });

  /** `repair({job_id, flow, status})` asks and repairs; true if something may have changed. */
  constructor({ session, repair }) {
    this.#session = session;
    this.#repair = repair;
  }

  get job_id() {
    return this.#job_id;
  }

  async open(job_id) {
    this.#job_id = job_id;
    this.#timeline = null;
    if (job_id === null) return fill(this.root);
    fill(this.root, this.#head(), el("p.quiet", {}, "Loading…"));
    this.root.querySelector("h2").focus({ preventScroll: true });
    await this.read();
  }

  async read() {
    const job_id = this.#job_id;
    try {
      const timeline = await this.#session.timeline(job_id);
      if (job_id !== this.#job_id) return;
      this.#show(timeline);
    } catch (error) {
      if (job_id === this.#job_id) this.#fail(error);
    }
  }

  #fail(error) {
    const what = `${this.#job_id} could not be read`;
    const text = failureText(error, what, { changes: false });
    fill(
      this.root,
      this.#head(),
      el("div.notice.bad", { role: "alert" }, icon("alert"), el("p", {}, text)),
      el("div.row", {}, this.#button("Try again", () => this.read()), this.#repairButton()),
    );
  }

  #show(timeline) {
    const another = this.#timeline === null;
    this.#timeline = timeline;
    if (another) this.#filter.offer(timeline.events);
    this.#drawLines();
    fill(
      this.root,
      this.#head(),
      this.#verdict(),
      el(
        "div.row",
        {},
        this.#repairButton(),
        this.#button("Refresh", () => this.read(), "reload"),
        el("p.small.quiet.numbers", {}, `As of ${exactText(this.#session.now_ms)}`),
        zoneText(this.#session.zone) && el("p.small.quiet", {}, zoneText(this.#session.zone)),
      ),
      this.#filter.root,
      this.#count,
      this.#lines,
    );
  }

  #head() {
    const { flow, status, rev } = this.#timeline ?? {};
    const known = this.#session.flows[flow];
    const label = labelOf(known ?? { statuses: [] }, status);
    return el(
      "div.timeline-head",
      {},
      el("a", { href: "#" }, "← Overview"),
      el("h2", { id: "timeline-title", tabindex: "-1" }, "Job ", el("span.job-id", {}, this.#job_id)),
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
    const { diagnosis, incomplete } = this.#timeline;
    const kind = verdictOf(this.#timeline);
    return el(
      "div.stack",
      { "data-testid": "verdict", "data-verdict": kind },
      diagnosis.length > 0 && notice("bad", "alert", "Problems", diagnosis),
      incomplete.length > 0 && notice("warn", "clock", "This timeline is incomplete", incomplete),
      kind === "well" && notice("good", "check", "This job has no problems.", []),
    );
  }

  #repairButton() {
    const job_id = this.#job_id;
    const job = { job_id, flow: this.#timeline?.flow, status: this.#timeline?.status };
    const run = async () => {
      if ((await this.#repair(job)) && job_id === this.#job_id) await this.read();
    };
    return this.#button("Repair", run, "reload");
  }

  #button(text, onclick, sign = null) {
    return el("button.button.compact", { type: "button", onclick }, sign && icon(sign), text);
  }

  #drawLines() {
    const { events } = this.#timeline;
    const shown = linesOf(events, this.#filter.value);
    const part = shown.length < events.length ? `${shown.length} of ` : "";
    fill(this.#count, `${part}${counted(events.length, "event")}`);
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
    { "data-testid": "line", "data-kind": what },
    el("time.small.quiet.numbers", { datetime: at }, exactText(at)),
    el("span.kind", {}, kindText(what)),
    el(
      "div",
      {},
      el("p", {}, !ok && [icon("alert"), el("span.unseen", {}, "Problem: ")], text),
      about.length > 0 && el("p.small.quiet.numbers", {}, about.join(" · ")),
    ),
  );
}

function notice(tone, sign, title, sentences) {
  const items = sentences.map((text) => el("li", {}, text));
  const list = items.length > 0 && el("ul.sentences", {}, items);
  return el(`div.notice.${tone}`, {}, icon(sign), el("div", {}, el("strong", {}, title), list));
}

function colourOf(flow, status) {
  return statusColour(flow?.statuses.find(({ name }) => name === status)?.colour);
}
