// The dialog for a new job.

import { NoAnswer, Problem, newId } from "/lib/api.js";
import { phoneNumber } from "/lib/booking.js";
import { copyText, el, fill } from "/lib/elements.js";
import { icon } from "/lib/icons.js";
import { momentIn, zoneText } from "/lib/zone.js";
import { field, opened } from "./fields.js";
import { badWindow, centsIn, tidyPhone } from "./job_fields.js";

/** Book a job: `create(request, key)` makes it; the link is shown for handing on. */
export class NewJobDialog {
  #flows;
  #fallback;
  #zone;
  #create;
  #key = newId();
  #fields;
  #said = el("div", { role: "alert" });
  #button = el("button.button.main", { "data-testid": "create-job" }, "Create job");
  #dialog;

  constructor({ flows, fallback, zone, create }) {
    this.#flows = flows;
    this.#fallback = fallback;
    this.#zone = zone;
    this.#create = create;
  }

  async open() {
    this.#fields = this.#makeFields();
    tidyPhone(this.#fields.phone.input);
    this.#dialog = el(
      "dialog.wide",
      { "aria-labelledby": "new-job-title", "data-testid": "new-job" },
      this.#form(),
    );
    await opened(this.#dialog);
  }

  #makeFields() {
    const flows = Object.values(this.#flows).map((flow) => [flow.name, flow.label.en]);
    return {
      customer_name: field("Customer", {
        required: true,
        maxlength: 200,
        autocomplete: "off",
        autofocus: true,
      }),
      phone: field("Mobile number", {
        type: "tel",
        hint: "For messages; may stay empty.",
        autocomplete: "off",
      }),
      location: field("Address", { required: true, maxlength: 200, autocomplete: "off" }),
      window_start: field("Window from", { type: "datetime-local" }),
      window_end: field("until", { type: "datetime-local" }),
      price: field("Price", { inputmode: "decimal", placeholder: "$", autocomplete: "off" }),
      language: field("Language", {
        options: [
          ["en", "English"],
          ["es", "Español"],
        ],
      }),
      flow: field("Kind of job", { options: flows, value: this.#fallback }),
      notes: field("What needs hauling, and other notes", {
        tag: "textarea",
        rows: 2,
        maxlength: 2000,
      }),
    };
  }

  #form() {
    const nodes = Object.fromEntries(
      Object.entries(this.#fields).map(([name, { node }]) => [name, node]),
    );
    return el(
      "form.stack",
      { novalidate: true, onsubmit: (event) => this.#submit(event) },
      el("h2", { id: "new-job-title" }, "New job"),
      nodes.customer_name,
      nodes.phone,
      nodes.location,
      nodes.notes,
      el("div.two", {}, nodes.window_start, nodes.window_end),
      zoneText(this.#zone) && el("p.quiet.small", {}, zoneText(this.#zone)),
      el("div.three", {}, nodes.price, nodes.language, nodes.flow),
      this.#said,
      el(
        "div.row.end",
        {},
        el("button.button", { type: "button", onclick: () => this.#dialog.close() }, "Discard"),
        this.#button,
      ),
    );
  }

  async #submit(event) {
    event.preventDefault();
    const request = this.#request();
    if (request === null) return;
    this.#button.disabled = true;
    fill(this.#said);
    try {
      const created = await this.#create(request, this.#key);
      fill(
        this.#dialog,
        linkPanel(created, request.customer_name, () => this.#dialog.close()),
      );
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** What was filled in, or null with the faults pointed out. */
  #request() {
    const text = Object.fromEntries(
      Object.entries(this.#fields).map(([name, { input }]) => [name, input.value.trim()]),
    );
    const schedule = {
      window_start: momentIn(text.window_start, this.#zone),
      window_end: momentIn(text.window_end, this.#zone),
    };
    const price = centsIn(text.price);
    const faults = {
      customer_name: text.customer_name === "" && "Who is it for?",
      phone:
        text.phone !== "" &&
        phoneNumber(text.phone) === null &&
        "This does not look like a phone number.",
      location: text.location === "" && "Where is it?",
      window_end: badWindow(schedule),
      price: price === undefined && "An amount like 240 or 240.50.",
    };
    const faulty = Object.keys(faults).filter((name) => faults[name]);
    for (const name of faulty) this.#fields[name].complain(faults[name]);
    if (faulty.length > 0) {
      this.#fields[faulty[0]].input.focus();
      return null;
    }
    const { customer_name, location, language, flow, notes } = text;
    const phone = text.phone && phoneNumber(text.phone);
    const planned = Object.fromEntries(
      Object.entries(schedule).filter(([, moment]) => moment !== null),
    );
    return {
      customer_name,
      phone,
      location,
      language,
      flow,
      notes,
      price: price === null ? null : price / 100,
      schedule: Object.keys(planned).length > 0 ? planned : null,
    };
  }

  #complain(error) {
    const unknown = error instanceof NoAnswer;
    const text = unknown
      ? "No answer. Try again: the job is not created twice."
      : `Not created: ${error instanceof Problem ? error.detail || error.title : "something went wrong"}`;
    if (!unknown && error.status < 500) this.#key = newId();
    fill(this.#said, el("div.notice.bad", {}, icon("alert"), el("p", {}, text)));
  }
}

function linkPanel({ tracking_url }, customer, onClose) {
  const input = el("input.input", {
    readonly: true,
    value: tracking_url,
    "aria-label": "Tracking link",
    "data-testid": "new-link",
    onfocus: (event) => event.target.select(),
  });
  const label = el("span", {}, "Copy link");
  const copy = async () =>
    fill(label, (await copyText(tracking_url)) ? "Copied" : "Please copy it by hand");
  return el(
    "div.stack",
    {},
    el(
      "div",
      {},
      el("h2", { tabindex: "-1" }, "Job created"),
      el("p.quiet", {}, `This is ${customer}’s tracking link.`),
    ),
    input,
    el(
      "div.row.end",
      {},
      el("button.button", { type: "button", onclick: copy }, icon("copy"), label),
      el("button.button.main", { type: "button", onclick: onClose, autofocus: true }, "Done"),
    ),
  );
}
