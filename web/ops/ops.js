// The ops page: connects the session (state) with the overview, a job's timeline, and the dialogs.

import { browserTiming, followBrowser } from "/shared/api/browser_session.js";
import { signInForm } from "/shared/ui/sign_in_form.js";
import { Notices } from "/shared/ui/notices.js";
import { field } from "/shared/ui/fields.js";
import { byId, el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { labelOf } from "/shared/jobs/moves.js";
import { OpsApi } from "/ops/state/ops_api.js";
import { OpsSession, failureText } from "/ops/state/ops_session.js";
import { headline, repairsText } from "/ops/state/ops_labels.js";
import { addressOf, jobIdIn, jobInAddress } from "/ops/state/timeline.js";
import { SECOND_MS, setZone } from "/shared/ui/time.js";
import { loading, refused, unreachable } from "./empty_states.js";
import { aboutRepair, confirmed } from "./confirm_dialog.js";
import { DeadLettersView } from "./dead_letters_view.js";
import { Overview } from "./overview.js";
import { TimelineView } from "./timeline_view.js";
import { PageHeader } from "./page_header.js";

const FLOW = "haulway.ops.flow";
const WELCOME = "This page shows jobs, queues, and executions. It needs the role ops.";

class OpsPage {
  #root = byId("ops");
  #memory = deviceMemory();
  #notices = new Notices();
  #session = new OpsSession({
    ...browserTiming("haulway.ops"),
    service: new OpsApi(),
    onChange: () => this.#draw(),
  });
  #header = new PageHeader(byId("toolbar"), byId("banner"), { signOut: () => this.#signOut() });
  #health = el("p.health", { role: "status", "data-testid": "health" });
  #deadLetters = new DeadLettersView({
    session: this.#session,
    notices: this.#notices,
    onClose: () => this.#deadLettersClosed(),
  });
  #overview = new Overview({
    session: this.#session,
    deadLetters: this.#deadLetters,
    chosen: () => this.#memory.get(FLOW),
    act: {
      repair: (job) => this.#repair(job),
      openDeadLetters: (queue) => this.#openDeadLetters(queue),
      flow: (name) => this.#chooseFlow(name),
    },
  });
  #timeline = new TimelineView({ session: this.#session, repair: (job) => this.#repair(job) });
  #signedInAs = "";

  async start() {
    window.addEventListener("hashchange", () => this.#draw());
    setInterval(() => this.#drawFreshness(), SECOND_MS);
    followBrowser(this.#session);
    await this.#resume();
  }

  async #resume() {
    try {
      await this.#session.resume();
      this.#draw();
    } catch {
      this.#show("trouble", () => unreachable());
    }
  }

  // What is shown

  #draw() {
    const { scene, user } = this.#session;
    if (scene === "signed_out" || scene === "expired") return this.#drawSignIn(scene);
    setZone(this.#session.zone);
    this.#header.show(user);
    if (scene === "refused") return this.#drawRefused();
    this.#drawFreshness();
    if (scene === "loading") return this.#show("loading", () => loading());
    this.#show("shown", () => this.#frame());
    this.#drawHealth();
    this.#overview.draw();
    this.#drawAddressed();
  }

  /** Builds the scene if it is not already shown. */
  #show(scene, build) {
    if (this.#root.dataset.scene === scene) return;
    this.#root.dataset.scene = scene;
    fill(this.#root, build());
  }

  #frame() {
    return [
      el("div.ops-head", {}, el("div", {}, el("h1", {}, "Ops"), this.#health), this.#search()),
      this.#timeline.root,
      this.#overview.root,
    ];
  }

  #search() {
    const { node, input, complain } = field("Show a job", {
      type: "search",
      name: "job",
      placeholder: "261121-7k3m2q",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    });
    const submit = (event) => {
      event.preventDefault();
      const job_id = jobIdIn(input.value);
      if (job_id === null) {
        complain("A job id looks like 261121-7k3m2q.");
        return input.focus();
      }
      location.hash = addressOf(job_id);
    };
    return el(
      "form.job-search",
      { role: "search", novalidate: true, onsubmit: submit },
      node,
      el("button.button", {}, icon("search"), "Show"),
    );
  }

  #drawHealth() {
    const { well, text } = headline(this.#session.overview);
    document.title = `${well ? "" : `${text} · `}Ops · Haulway`;
    if (this.#health.dataset.says === text) return;
    this.#health.dataset.says = text;
    this.#health.dataset.tone = well ? "good" : "bad";
    fill(this.#health, icon(well ? "check" : "alert"), el("span", {}, text));
  }

  /** Shows the timeline of the job that the address names, or the overview. */
  #drawAddressed() {
    const job_id = jobInAddress(location.hash);
    this.#timeline.root.hidden = job_id === null;
    this.#overview.root.hidden = job_id !== null;
    if (job_id === this.#timeline.job_id) return;
    const left = this.#timeline.job_id;
    this.#timeline.open(job_id);
    if (job_id === null) this.#focus(`show-${left}`);
  }

  #focus(name) {
    this.#root.querySelector(`[data-focus="${name}"]`)?.focus();
  }

  #drawFreshness() {
    const { scene, freshness, age_ms } = this.#session;
    if (scene === "loading" || scene === "shown") this.#header.drawFreshness({ ...freshness, age_ms });
  }

  #drawRefused() {
    this.#header.hideFreshness();
    this.#show("refused", () => refused(this.#session.user));
    document.title = "Ops · Haulway";
  }

  #drawSignIn(scene) {
    this.#header.showBrandOnly();
    document.title = "Sign in · Haulway";
    if (this.#root.dataset.scene === "sign-in") return;
    this.#show("sign-in", () =>
      signInForm({
        account: this.#signedInAs,
        reason: scene === "expired" ? "Your session has ended. Sign in to continue." : null,
        welcome: WELCOME,
        signIn: (account, password) => this.#signIn(account, password),
      }),
    );
    this.#root.querySelector("input").focus();
  }

  // Actions

  #chooseFlow(name) {
    this.#memory.set(FLOW, name);
    this.#overview.draw();
  }

  #openDeadLetters(queue) {
    this.#deadLetters.open(queue);
    this.#overview.draw();
  }

  #deadLettersClosed() {
    this.#overview.draw();
    byId("part-queues").scrollIntoView({ block: "nearest" });
  }

  /** Asks, repairs, and reports. True if something may have changed. */
  async #repair({ job_id, flow, status }) {
    const known = this.#session.flows[flow];
    const label = known && status ? labelOf(known, status) : null;
    if (!(await confirmed(aboutRepair(job_id, label)))) return false;
    try {
      this.#notices.good(repairsText(job_id, await this.#session.repair(job_id)));
    } catch (error) {
      this.#notices.bad(failureText(error, `${job_id} was not repaired`));
    }
    return true;
  }

  /** An open timeline is read again after the sign-in. */
  async #signIn(account, password) {
    const open = this.#timeline.job_id;
    await this.#session.signIn(account, password);
    this.#signedInAs = account;
    this.#draw();
    if (open !== null && this.#session.scene !== "refused") await this.#timeline.read();
  }

  async #signOut() {
    try {
      await this.#session.signOut();
      await this.#timeline.open(null);
      await this.#deadLetters.open(null);
    } catch {
      this.#notices.bad("You are still signed in because there is no connection. Please try again.");
    }
  }
}

new OpsPage().start();
