// The dialog for a new job.

import { NoAnswer, Problem } from "/shared/api/api.js";
import { el, fill } from "/shared/ui/elements.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { icon } from "/shared/ui/icons.js";
import { loadIn } from "/dispatch/state/board.js";
import { JobCreation } from "/dispatch/state/job_creation.js";
import { EstimateFields } from "./estimate_fields.js";
import { KnownCustomers } from "./known_customers.js";
import { FULL, mayOverbook } from "/dispatch/state/overbooking.js";
import { windowError, scheduleWarning } from "/dispatch/state/schedule_check.js";
import { zoneText } from "/shared/ui/business_time.js";
import { amountText } from "/shared/ui/money.js";
import { typedPhone } from "/shared/ui/phone_number.js";
import { field, openDialog } from "../shared/ui/fields.js";
import { linkPanel } from "./new_job_done.js";
import { agreementField, durationField, momentField, phoneField, priceField, readAll, requiredField } from "./job_fields.js";

const FIELD_OF = {
  customer_name: "customer_name",
  phone: "phone",
  location: "location",
  notes: "notes",
  price: "price",
  language: "language",
  agreed_to_texts: "agreed_to_texts",
  flow: "flow",
  schedule: "window_start",
  window_start: "window_start",
  window_end: "window_end",
  "schedule.window_start": "window_start",
  "schedule.window_end": "window_end",
  duration_minutes: "duration_minutes",
};

/** Creates a job and shows its tracking link. `service`: see JobCreation. */
export class NewJobDialog {
  #flows;
  #defaultFlow;
  #zone;
  #now_ms;
  #creation;
  #service;
  #like;
  #known;
  #estimate = new EstimateFields();
  #warning = null;
  #overbook = false;
  #fields;
  #alert = el("div", { role: "alert" });
  #button = el("button.button.main", { "data-testid": "create-job" }, "Create job");
  #dialog;

  /** `like`: the details of a job whose customer, place, load, and price fill in the form. */
  constructor({ flows, defaultFlow, zone, now_ms, service, like = null }) {
    this.#flows = flows;
    this.#defaultFlow = defaultFlow;
    this.#zone = zone;
    this.#now_ms = now_ms;
    this.#creation = new JobCreation(service);
    this.#service = service;
    this.#like = like;
  }

  async open() {
    this.#fields = this.#makeFields();
    if (this.#like) fillIn(this.#fields, valuesOf(this.#like));
    this.#known = new KnownCustomers({
      find: (phone) => this.#service.customers(phone),
      use: (customer) => fillIn(this.#fields, knownValues(customer, this.#fields)),
      zone: this.#zone,
    });
    this.#known.follow(this.#fields.phone.input);
    this.#showEstimate();
    this.#dialog = el(
      "dialog.wide",
      { "aria-labelledby": "new-job-title", "data-testid": "new-job" },
      this.#form(),
    );
    await openDialog(this.#dialog);
  }

  async #showEstimate() {
    try {
      this.#estimate.show(await this.#service.business(), this.#like?.estimate);
    } catch {
      // without a price guide the job gets no estimate here, and the form works
    }
  }

  #makeFields() {
    const flows = Object.values(this.#flows).map((flow) => [flow.name, flow.label.en]);
    const zone = this.#zone;
    return {
      customer_name: requiredField("Customer", "Enter the customer’s name.", { autofocus: true }),
      phone: phoneField("Mobile number", { hint: "For text messages. Optional." }),
      agreed_to_texts: agreementField(),
      location: requiredField("Address", "Enter the address."),
      window_start: momentField("Window start", { zone }),
      window_end: momentField("Window end", { zone }),
      duration_minutes: durationField(),
      price: priceField("Price", { placeholder: "$" }),
      language: field("Language", {
        options: [
          ["en", "English"],
          ["es", "Español"],
        ],
      }),
      flow: field("Kind of job", { options: flows, value: this.#defaultFlow }),
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
      nodes.agreed_to_texts,
      this.#known.node,
      nodes.location,
      nodes.notes,
      this.#estimate.node,
      el("div.two", {}, nodes.window_start, nodes.window_end),
      zoneText(this.#zone) && el("p.quiet.small", {}, zoneText(this.#zone)),
      el("div.two", {}, nodes.duration_minutes, nodes.price),
      el("div.two", {}, nodes.language, nodes.flow),
      this.#alert,
      el(
        "div.row.end",
        {},
        el("button.button", { type: "button", onclick: () => this.#dialog.close() }, "Cancel"),
        this.#button,
      ),
    );
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#button.disabled) return;
    const request = this.#request();
    if (request === null || this.#needsConfirming(request.schedule ?? {})) return;
    this.#button.disabled = true;
    fill(this.#alert);
    try {
      const wanted = { ...request, ...(this.#overbook && { overbook: true }) };
      const outcome = await this.#creation.submit(wanted);
      fill(
        this.#dialog,
        linkPanel(outcome, request.customer_name, () => this.#dialog.close()),
      );
      this.#dialog.querySelector("h2").focus();
    } catch (error) {
      this.#overbook = mayOverbook(error);
      if (this.#overbook) this.#askToOverbook();
      else this.#complain(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** The request, or null if a field is wrong; its error is shown. */
  #request() {
    const read = readAll(this.#fields);
    if (read === null) return null;
    const { window_start, window_end, price, ...texts } = read;
    if (texts.phone && texts.agreed_to_texts === null) {
      this.#fields.agreed_to_texts.complain("Ask the customer, then choose.");
      this.#fields.agreed_to_texts.input.focus();
      return null;
    }
    const error = windowError({ window_start, window_end });
    this.#fields.window_end.complain(error);
    if (error) {
      this.#fields.window_end.input.focus();
      return null;
    }
    const planned = { ...(window_start && { window_start }), ...(window_end && { window_end }) };
    return {
      ...texts,
      price: price === null ? null : price / 100,
      estimate: this.#estimate.wanted,
      schedule: Object.keys(planned).length > 0 ? planned : null,
    };
  }

  /** Asks once about a time that is probably a mistake; pressing again confirms it. */
  #needsConfirming(schedule) {
    const warning = scheduleWarning(schedule, { now_ms: this.#now_ms(), zone: this.#zone });
    const asked = warning === this.#warning;
    this.#warning = warning;
    if (!this.#overbook) fill(this.#button, warning === null ? "Create job" : "Create anyway");
    if (warning === null || asked) return false;
    fill(this.#alert, notice("warn", warning));
    return true;
  }

  #askToOverbook() {
    fill(this.#button, "Overbook");
    fill(this.#alert, notice("warn", FULL));
  }

  #complain(error) {
    fill(this.#alert, notice("bad", this.#whyNot(error)));
  }

  #whyNot(error) {
    if (error instanceof NoAnswer) {
      return "No answer came. Try again. The job will not be created twice, and your corrections will be applied.";
    }
    if (!(error instanceof Problem)) return "Not created because something went wrong.";
    const placed = [];
    const left = placeErrors(error, FIELD_OF, (name, text) => {
      this.#fields[name].complain(text);
      placed.push(name);
    });
    if (placed.length === 0) return `Not created: ${error.detail || error.title}`;
    this.#fields[placed[0]].input.focus();
    return ["Not created. Please check the marked fields.", ...left].join(" ");
  }
}

/** The same job again, at another time. */
function valuesOf(like) {
  const { customer, place, price_cents, proposed_price_cents, duration_minutes, flow, texts_consent } = like;
  return {
    customer_name: customer.name,
    phone: typedPhone(customer.phone ?? ""),
    location: place.address,
    notes: loadIn(like),
    price: price_cents === proposed_price_cents ? "" : amountText(price_cents), // else the load tells it
    duration_minutes,
    language: customer.language,
    agreed_to_texts: (texts_consent?.agreed ?? true) ? "yes" : "no",
    flow,
  };
}

/** What is known of a customer, without the address if another one is typed already. */
function knownValues({ name, phone, addresses }, fields) {
  const typed = fields.location.input.value.trim();
  return { customer_name: name, phone: typedPhone(phone), location: typed || addresses[0] };
}

function fillIn(fields, values) {
  for (const [name, value] of Object.entries(values)) fields[name].input.value = value ?? "";
}

function notice(tone, text) {
  return el(`div.notice.${tone}`, {}, icon("alert"), el("p", {}, text));
}
