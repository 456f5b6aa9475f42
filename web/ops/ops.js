// The ops page: wires the state (lib/ops.js) to the overview, the story of a job and the dialogs.

import { signInForm } from "/shared/ui/sign_in_form.js";
import { Notices } from "/shared/ui/notices.js";
import { field } from "/shared/ui/fields.js";
import { byId, el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { deviceMemory } from "/shared/ui/storage.js";
import { labelOf } from "/shared/jobs/moves.js";
import { Operating } from "/ops/state/ops_api.js";
import { Ops, failureText } from "/ops/state/ops_session.js";
import { headline, repairsText } from "/ops/state/ops_labels.js";
import { addressOf, jobIdIn, jobInAddress } from "/ops/state/timeline.js";
import { SECOND_MS, goBy } from "/shared/ui/time.js";
import { asking, refused, unreachable } from "./empty_states.js";
import { aboutRedrive, confirmed } from "./confirm_dialog.js";
import { LettersView } from "./dead_letters_view.js";
import { Overview } from "./overview.js";
import { StoryView } from "./timeline_view.js";
import { Top } from "./page_header.js";

const FLOW = "haulway.ops.flow";
const WELCOME = "How jobs, queues and executions are doing is for people with the role ops.";

class OpsPage {
  #root = byId("ops");
  #memory = deviceMemory();
  #notices = new Notices();
  #ops = makeOps(() => this.#draw());
  #top = new Top(byId("toolbar"), byId("banner"), { signOut: () => this.#signOut() });
  #health = el("p.health", { role: "status", "data-testid": "health" });
  #letters = new LettersView({
    ops: this.#ops,
    notices: this.#notices,
    onClose: () => this.#lettersClosed(),
  });
  #overview = new Overview({
    ops: this.#ops,
    letters: this.#letters,
    chosen: () => this.#memory.get(FLOW),
    act: {
      repair: (job) => this.#repair(job),
      openLetters: (queue) => this.#openLetters(queue),
      flow: (name) => this.#chooseFlow(name),
    },
  });
  #story = new StoryView({ ops: this.#ops, repair: (job) => this.#repair(job) });
  #signedInAs = "";

  async start() {
    document.addEventListener("visibilitychange", () =>
      this.#ops.signal(document.hidden ? "hidden" : "visible"),
    );
    window.addEventListener("online", () => this.#ops.signal("online"));
    window.addEventListener("offline", () => this.#ops.signal("offline"));
    window.addEventListener("hashchange", () => this.#draw());
    setInterval(() => this.#drawFreshness(), SECOND_MS);
    if (document.hidden) this.#ops.signal("hidden");
    if (navigator.onLine === false) this.#ops.signal("offline");
    await this.#resume();
  }

  async #resume() {
    try {
      await this.#ops.resume();
      this.#draw();
    } catch {
      this.#show("trouble", () => unreachable());
    }
  }

  // What is shown

  #draw() {
    const { scene, session } = this.#ops;
    if (scene === "signed_out" || scene === "expired") return this.#drawSignIn(scene);
    goBy(this.#ops.zone);
    this.#top.show(session);
    if (scene === "refused") return this.#drawRefused();
    this.#drawFreshness();
    if (scene === "asking") return this.#show("asking", () => asking());
    this.#show("shown", () => this.#frame());
    this.#drawHealth();
    this.#overview.draw();
    this.#drawPlace();
  }

  /** The scene, built only when it is another one. */
  #show(scene, build) {
    if (this.#root.dataset.scene === scene) return;
    this.#root.dataset.scene = scene;
    fill(this.#root, build());
  }

  #frame() {
    return [
      el("div.ops-head", {}, el("div", {}, el("h1", {}, "Ops"), this.#health), this.#search()),
      this.#story.root,
      this.#overview.root,
    ];
  }

  #search() {
    const { node, input, complain } = field("Explain a job", {
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
      "form.explain",
      { role: "search", novalidate: true, onsubmit: submit },
      node,
      el("button.button", {}, icon("search"), "Explain"),
    );
  }

  #drawHealth() {
    const { well, text } = headline(this.#ops.overview);
    document.title = `${well ? "" : `${text} · `}Ops · Haulway`;
    if (this.#health.dataset.says === text) return;
    this.#health.dataset.says = text;
    this.#health.dataset.tone = well ? "good" : "bad";
    fill(this.#health, icon(well ? "check" : "alert"), el("span", {}, text));
  }

  /** The overview, or the job that the address names. */
  #drawPlace() {
    const job_id = jobInAddress(location.hash);
    this.#story.root.hidden = job_id === null;
    this.#overview.root.hidden = job_id !== null;
    if (job_id === this.#story.job_id) return;
    const left = this.#story.job_id;
    this.#story.open(job_id);
    if (job_id === null) this.#focus(`explain-${left}`);
  }

  #focus(name) {
    this.#root.querySelector(`[data-focus="${name}"]`)?.focus();
  }

  #drawFreshness() {
    const { scene, fresh, age_ms } = this.#ops;
    if (scene === "asking" || scene === "shown") this.#top.drawFreshness({ ...fresh, age_ms });
  }

  #drawRefused() {
    this.#top.hideFreshness();
    this.#show("refused", () => refused(this.#ops.session));
    document.title = "Ops · Haulway";
  }

  #drawSignIn(scene) {
    this.#top.showBare();
    document.title = "Sign in · Haulway";
    if (this.#root.dataset.scene === "sign-in") return;
    this.#show("sign-in", () =>
      signInForm({
        account: this.#signedInAs,
        reason: scene === "expired" ? "Your session has ended. Sign in to carry on." : null,
        welcome: WELCOME,
        signIn: (account, password) => this.#signIn(account, password),
      }),
    );
    this.#root.querySelector("input").focus();
  }

  // What is done

  #chooseFlow(name) {
    this.#memory.set(FLOW, name);
    this.#overview.draw();
  }

  #openLetters(queue) {
    this.#letters.open(queue);
    this.#overview.draw();
  }

  #lettersClosed() {
    this.#overview.draw();
    byId("part-queues").scrollIntoView({ block: "nearest" });
  }

  /** Ask, do, and say what came of it; whether something may have changed. */
  async #repair({ job_id, flow, status }) {
    const known = this.#ops.flows[flow];
    const label = known && status ? labelOf(known, status) : null;
    if (!(await confirmed(aboutRedrive(job_id, label)))) return false;
    try {
      this.#notices.good(repairsText(job_id, await this.#ops.repair(job_id)));
    } catch (error) {
      this.#notices.bad(failureText(error, `${job_id} was not redriven`));
    }
    return true;
  }

  /** A story that was open goes on with what is known now. */
  async #signIn(account, password) {
    const open = this.#story.job_id;
    await this.#ops.signIn(account, password);
    this.#signedInAs = account;
    this.#draw();
    if (open !== null && this.#ops.scene !== "refused") await this.#story.read();
  }

  async #signOut() {
    try {
      await this.#ops.signOut();
      await this.#story.open(null);
      await this.#letters.open(null);
    } catch {
      this.#notices.bad("You are still signed in: no connection. Please try again.");
    }
  }
}

function makeOps(onChange) {
  return new Ops({
    service: new Operating(),
    clock: () => Date.now(),
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
    onChange,
  });
}

new OpsPage().start();
