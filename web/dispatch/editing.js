// Forms for a job's particulars. Each turns what was filled in into the changes of one PATCH.

import { phoneNumber } from "/lib/booking.js";
import { el, fill } from "/lib/elements.js";
import { icon } from "/lib/icons.js";
import { inputOf, momentIn, zoneText } from "/lib/zone.js";
import { field } from "./fields.js";
import { badWindow, centsIn, tidyPhone } from "./job_fields.js";

/** A form in a part of the drawer; `save(changes)` raises where they were not taken. */
export function editForm(title, nodes, changes, { save, leave, explain }) {
  const said = el("div", { role: "alert" });
  const button = el("button.button.main.compact", {}, "Save");
  const submit = async (event) => {
    event.preventDefault();
    const wanted = changes();
    if (wanted === null) return;
    button.disabled = true;
    try {
      await save(wanted);
    } catch (error) {
      fill(said, el("div.notice.bad", {}, icon("alert"), el("p", {}, explain(error))));
    } finally {
      button.disabled = false;
    }
  };
  const buttons = el(
    "div.row.end",
    {},
    el("button.button.compact", { type: "button", onclick: leave }, "Discard"),
    button,
  );
  return el(
    "form.part.stack.editing",
    { novalidate: true, onsubmit: submit, "aria-label": title, "data-testid": "edit-form" },
    el("h3", {}, title),
    nodes,
    said,
    buttons,
  );
}

export function scheduleForm(detail, options) {
  const { schedule = {} } = detail;
  const { zone } = options;
  const when = (label, name) =>
    field(label, { type: "datetime-local", value: inputOf(schedule[name], zone) });
  const fields = {
    window_start: when("Window from", "window_start"),
    window_end: when("until", "window_end"),
    eta: when("Expected at", "eta"),
  };
  const shown = options.onlyEta ? [fields.eta] : Object.values(fields);
  const changes = () => {
    const wanted = Object.fromEntries(
      Object.entries(fields).map(([name, { input }]) => [name, momentIn(input.value, zone)]),
    );
    const fault = badWindow(wanted);
    fields.window_end.complain(fault);
    if (fault) return null;
    return { schedule: options.onlyEta ? { eta: wanted.eta } : wanted };
  };
  return editForm(
    "Schedule",
    [...shown.map(({ node }) => node), zoneText(zone) && el("p.quiet.small", {}, zoneText(zone))],
    changes,
    options,
  );
}

export function particularsForm(detail, options) {
  const { customer, place } = detail;
  const fields = {
    name: field("Customer", { value: customer.name, maxlength: 200, required: true }),
    phone: field("Mobile number", { type: "tel", value: customer.phone }),
    language: field("Language", {
      options: [
        ["en", "English"],
        ["es", "Español"],
      ],
      value: customer.language,
    }),
    address: field("Address", { value: place.address, maxlength: 200, required: true }),
    gate_code: field("Gate code", { value: place.gate_code, maxlength: 40 }),
    price: field("Price", {
      inputmode: "decimal",
      value: detail.price_cents ? String(detail.price_cents / 100) : "",
    }),
  };
  tidyPhone(fields.phone.input);
  const changes = () => {
    const text = Object.fromEntries(
      Object.entries(fields).map(([name, { input }]) => [name, input.value.trim()]),
    );
    const phone = text.phone === "" ? null : phoneNumber(text.phone);
    const cents = centsIn(text.price);
    fields.name.complain(text.name === "" && "Who is it for?");
    fields.address.complain(text.address === "" && "Where is it?");
    fields.phone.complain(
      text.phone !== "" && phone === null && "This does not look like a phone number.",
    );
    fields.price.complain(cents === undefined && "An amount like 240 or 240.50.");
    if (Object.values(fields).some(({ input }) => input.hasAttribute("aria-invalid"))) return null;
    return {
      customer: { name: text.name, language: text.language, ...(phone && { phone }) },
      place: { address: text.address, ...(text.gate_code && { gate_code: text.gate_code }) },
      ...(cents !== null && { price_cents: cents }),
    };
  };
  return editForm(
    "Customer",
    Object.values(fields).map(({ node }) => node),
    changes,
    options,
  );
}

/** The form for a new note; it empties itself once the note is there. */
export function noteForm({ save, explain }) {
  const text = field("New note", { tag: "textarea", rows: 2, maxlength: 2000, name: "note" });
  const said = el("div", { role: "alert" });
  const button = el("button.button.compact", {}, icon("plus"), "Add note");
  const submit = async (event) => {
    event.preventDefault();
    const note = text.input.value.trim();
    if (note === "") return text.input.focus();
    button.disabled = true;
    fill(said);
    try {
      await save({ note });
      text.input.value = "";
    } catch (error) {
      fill(said, el("div.notice.bad", {}, icon("alert"), el("p", {}, explain(error))));
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form.stack.note-form",
    { novalidate: true, onsubmit: submit, "data-testid": "note-form" },
    text.node,
    said,
    el("div.row.end", {}, button),
  );
}
