// The business on the dispatch page: its name and color at the top, and for its owner what is still
// to be set up.

import { Api } from "/shared/api/api.js";
import { areHoursConfirmed, isCrew, missingIn } from "/shared/jobs/setup_checklist.js";
import { StaffBusiness } from "/shared/jobs/staff_business.js";
import { showBrand } from "/shared/ui/business_brand.js";
import { byId, fill } from "/shared/ui/elements.js";
import { setupChecklist } from "/shared/ui/setup_checklist.js";
import { deviceMemory } from "/shared/ui/storage.js";

export class BusinessBar {
  #api = new Api();
  #memory = deviceMemory();
  #staff;
  #setupOf = null;

  /** `redraw()` is called once more of the business is known. */
  constructor({ redraw }) {
    this.#staff = new StaffBusiness({ api: this.#api, memory: this.#memory, onLearned: redraw });
  }

  get name() {
    return this.#staff.business?.name || null;
  }

  show(session) {
    this.#staff.follow(session);
    showBrand(this.#staff.business);
    if (this.#setupOf === session.account) return;
    this.#setupOf = session.account;
    if ((session.roles ?? []).includes("owner")) this.#showSetup(session);
  }

  /** No one is signed in. */
  clear() {
    this.#setupOf = null;
    fill(byId("setup"));
  }

  async #showSetup({ account, tenant }) {
    try {
      const paths = ["/business", "/crew"];
      const [settings, crew] = await Promise.all(paths.map((path) => this.#api.get(path)));
      if (this.#setupOf !== account) return;
      const has_crew = crew.body.members.some(isCrew);
      const hours_confirmed = areHoursConfirmed(this.#memory, tenant);
      const missing = missingIn(settings.body, { has_crew, hours_confirmed });
      fill(byId("setup"), setupChecklist(missing));
    } catch {
      // the board does without it; the settings page has the same list
    }
  }
}
