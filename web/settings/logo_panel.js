// The logo: chosen, shown, and removed. It is saved at once, not with the form.

import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { TYPES, logoFault } from "/settings/state/logo_file.js";
import { failureIn } from "./failures.js";

const HINT =
  "Customers and your people see it beside the name. PNG, JPEG, or WebP, at most 2 MB; wide logos fit best.";

export class LogoPanel {
  #notices;
  #act;
  #shown = el("div.row", {});
  #field = field("Choose a file", { type: "file", accept: TYPES.join(","), hint: HINT });

  /** `act`: {setLogo(file), removeLogo()}; both end when it is saved, or raise. */
  constructor(notices, act) {
    this.#notices = notices;
    this.#act = act;
    this.#field.input.addEventListener("change", () => this.#choose());
    this.node = el(
      "section.panel.stack",
      { id: "logo", "aria-labelledby": "title-logo", tabindex: "-1", "data-setting": "logo" },
      el("h2", { id: "title-logo" }, "Logo"),
      this.#shown,
      this.#field.node,
    );
  }

  show(logo) {
    fill(this.#shown, logo && [this.#picture(logo), this.#removal()]);
    this.#field.input.value = "";
  }

  #picture({ path, width, height }) {
    return el("span.brand", {}, el("img.logo", { src: path, width, height, alt: "Your logo" }));
  }

  #removal() {
    const remove = () => this.#save(() => this.#act.removeLogo(), "The logo is removed.");
    return el("button.button.compact", { type: "button", onclick: remove }, "Remove the logo");
  }

  async #choose() {
    const [file] = this.#field.input.files;
    if (!file) return;
    const fault = logoFault(file);
    if (fault) return this.#field.complain(fault);
    await this.#save(() => this.#act.setLogo(file), "The logo is saved. Customers see it from now on.");
  }

  async #save(act, done) {
    this.#field.input.disabled = true;
    try {
      await act();
      this.#notices.good(done);
    } catch (error) {
      this.#field.complain(failureIn(error));
    } finally {
      this.#field.input.disabled = false;
    }
  }
}
