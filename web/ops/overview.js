// The overview of the system. Each part is drawn again only if its data has changed.

import { el, fill } from "/shared/ui/elements.js";
import { counted, flowsWithJobs, jobsInTrouble, knowsTroubles } from "/ops/state/ops_labels.js";
import { agoText, msOf } from "/shared/ui/time.js";
import { invalidationMeter, stayChart, visibleChart } from "./charts.js";
import { redraw } from "./redraw.js";
import { flowChoice, flowView } from "./flow_view.js";
import { executionList, queueTable, troubleList, unread, unreadList } from "./lists.js";

const NARROW = matchMedia("(width < 68rem)");
const MINUTE_STEPS_MS = 60_000;

export class Overview {
  #session;
  #act;
  #deadLetters;
  #chosen;
  #parts = {};
  #all = false;
  #unread = el("div.full-width", { role: "status" });
  root = el("div.parts", { "data-testid": "overview" });

  /** `act`: {repair(job), openDeadLetters(queue), flow(name)}; `chosen()` is the flow that was chosen last. */
  constructor({ session, deadLetters, act, chosen }) {
    this.#session = session;
    this.#deadLetters = deadLetters;
    this.#act = act;
    this.#chosen = chosen;
    NARROW.addEventListener("change", () => this.draw());
    fill(
      this.root,
      this.#unread,
      this.#part("trouble", "Jobs with problems", "full-width"),
      this.#part("flow", "Jobs by status", "full-width"),
      this.#part("queues", "Queues", "half-width", deadLetters.root),
      el(
        "div.half-width.parts-column",
        {},
        this.#part("executions", "Executions"),
        this.#part("snapshot", "Board"),
        this.#part("invalidations", "Cache invalidations"),
      ),
      this.#part("stays", "Time in each status", "half-width"),
      this.#part("visible", "Time until customers see a move", "half-width"),
    );
  }

  #part(name, title, kind = "inside", ...more) {
    const body = (this.#parts[name] = el("div.part-body"));
    const heading = el("h2", { id: `part-${name}`, tabindex: "-1" }, title);
    const props = { "aria-labelledby": `part-${name}`, "data-testid": `part-${name}` };
    return el(`section.panel.${kind}`, props, heading, body, more);
  }

  draw() {
    const { overview, flows, defaultFlow, now_ms } = this.#session;
    if (overview === null) return;
    const { statuses, executions, queues, incomplete = [] } = overview;
    const names = flowsWithJobs(flows, statuses ?? [], defaultFlow);
    const chosen = names.includes(this.#chosen()) ? this.#chosen() : names[0];
    const minute = Math.floor(now_ms / MINUTE_STEPS_MS);
    this.#unread.hidden = incomplete.length === 0;
    redraw(this.#unread, incomplete, () => unreadList(incomplete));
    this.#drawTrouble(minute);
    this.#drawFlow(names, chosen, minute);
    this.#draw("executions", executions, () => executionList(executions));
    redraw(this.#parts.queues, [queues, this.#deadLetters.queue], () =>
      queueTable({ queues, opened: this.#deadLetters.queue, act: this.#act }),
    );
    this.#drawNumbers(flows[chosen]);
  }

  /** Fills a part with `build()`, or says that it was not read. */
  #draw(name, value, build) {
    redraw(this.#parts[name], value ?? null, () => (value ? build() : unread()));
  }

  #drawTrouble(minute) {
    const { overview, flows, now_ms } = this.#session;
    const troubled = jobsInTrouble(overview.problem_jobs);
    const known = knowsTroubles(overview.incomplete);
    const act = { repair: this.#act.repair, showAll: () => this.#showAll() };
    redraw(this.#parts.trouble, [troubled, known, minute, this.#all], () =>
      troubleList({ troubled, known, flows, now_ms, all: this.#all, act }),
    );
  }

  #showAll() {
    this.#all = true;
    this.draw();
  }

  #drawFlow(names, chosen, minute) {
    const { overview, flows, now_ms } = this.#session;
    const { statuses } = overview;
    const down = NARROW.matches;
    if (!statuses) return this.#draw("flow", null);
    redraw(this.#parts.flow, [statuses, names, chosen, minute, down], () => [
      names.length > 1 &&
        el(
          "div.flows",
          { role: "group", "aria-label": "Kind of job" },
          flowChoice({ flows, names, chosen, statuses, onChoose: this.#act.flow }),
        ),
      flowView({ flow: flows[chosen], statuses, now_ms, down }),
    ]);
  }

  #drawNumbers(flow) {
    const { time_in_status, visibility_delays, invalidations } = this.#session.overview;
    this.#draw("stays", time_in_status && [flow.name, time_in_status], () => [
      el("p.small.quiet", {}, `${flow.label.en}: jobs that moved recently.`),
      stayChart(flow, time_in_status),
    ]);
    this.#draw("visible", visibility_delays, () => visibleChart(visibility_delays));
    this.#draw("invalidations", invalidations, () => invalidationMeter(invalidations));
    this.#draw("snapshot", this.#snapshotText, () => el("p", {}, this.#snapshotText));
  }

  get #snapshotText() {
    const { board_written_at, board_jobs } = this.#session.overview;
    if (board_jobs === undefined) return null;
    if (!board_written_at) return "The board has not been written yet.";
    const ago = agoText(this.#session.now_ms - msOf(board_written_at));
    const holds = counted(board_jobs, "job");
    return `Updated ${ago}, with ${holds}. It is updated when a job changes.`;
  }
}
