// Forms for a job's details. Each turns what was filled in into the changes of one PATCH.

import { placeFaults } from "/shared/ui/field_errors.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { badWindow, doubtAbout } from "/dispatch/state/schedule_check.js";
import { zoneText } from "/shared/ui/business_time.js";
import { field } from "../shared/ui/fields.js";
import { momentField, phoneField, priceField, readAll, requiredField } from "./job_fields.js";

/**
 * A form in a part of the drawer; `save(changes)` raises where they were not taken.
 *
 * `fields` and `places` say where a fault is shown that the server finds (see placeFaults).
 * `doubt(changes)` is a question about what may be a slip: saving a second time answers it.
 */
export function editForm(title, nodes, changes, options) {
  const { save, leave, explain, fields = {}, places = {}, doubt = () => null } = options;
  const said = el("div", { role: "alert" });
  const button = el("button.button.main.compact", {}, "Save");
  let asked = null;
  const isDoubtful = (wanted) => {
    const question = doubt(wanted);
    const again = question === asked;
    asked = question;
    fill(button, question === null ? "Save" : "Save anyway");
    fill(said, question !== null && notice("warn", question));
    return question !== null && !again;
  };
  const submit = async (event) => {
    event.preventDefault();
    const wanted = changes();
    if (wanted === null || isDoubtful(wanted)) return;
    button.disabled = true;
    try {
      await save(wanted);
    } catch (error) {
      const marked = markFaults(error, fields, places);
      fill(said, notice("bad", marked ?? explain(error)));
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

function notice(tone, text) {
  return el(`div.notice.${tone}`, {}, icon("alert"), el("p", {}, text));
}

/** Show what the server found wrong at its field; a text for the rest, null where no field is named. */
function markFaults(error, fields, places) {
  let first = null;
  const left = placeFaults(error, places, (name, text) => {
    fields[name].complain(text);
    first ??= fields[name].input;
  });
  first?.focus();
  return first && ["Not saved. Please look at the marked fields.", ...left].join(" ");
}

export function scheduleForm(detail, options) {
  const { schedule = {} } = detail;
  const { zone, now_ms } = options;
  const when = (label, name) => momentField(label, { moment: schedule[name], zone });
  const eta = { eta: when("Expected at", "eta") };
  const window = () => ({
    window_start: when("Window from", "window_start"),
    window_end: when("until", "window_end"),
  });
  const fields = options.onlyEta ? eta : { ...window(), ...eta };
  const changes = () => {
    const wanted = readAll(fields);
    const fault = wanted && badWindow(wanted);
    if (fault) fields.window_end.complain(fault);
    return fault || wanted === null ? null : { schedule: wanted };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  const doubt = (wanted) => doubtAbout(wanted.schedule, { now_ms: now_ms(), zone, before: schedule });
  const first = options.onlyEta ? "eta" : "window_start";
  const places = { schedule: first };
  for (const name of Object.keys(fields)) places[`schedule.${name}`] = name;
  return editForm(
    "Schedule",
    [...nodes, zoneText(zone) && el("p.quiet.small", {}, zoneText(zone))],
    changes,
    { ...options, fields, places, doubt },
  );
}

const PLACES_OF_DETAILS = {
  customer: "name",
  "customer.name": "name",
  "customer.phone": "phone",
  "customer.language": "language",
  place: "address",
  "place.address": "address",
  "place.gate_code": "gate_code",
  price_cents: "price",
};

export function particularsForm(detail, options) {
  const { customer, place } = detail;
  const fields = {
    name: requiredField("Customer", "Who is it for?", { value: customer.name }),
    phone: phoneField("Mobile number", { value: customer.phone }),
    language: field("Language", {
      options: [
        ["en", "English"],
        ["es", "Español"],
      ],
      value: customer.language,
    }),
    address: requiredField("Address", "Where is it?", { value: place.address }),
    gate_code: field("Gate code", { value: place.gate_code, maxlength: 40 }),
    price: priceField("Price", {
      value: detail.price_cents ? (detail.price_cents / 100).toFixed(2).replace(".00", "") : "",
    }),
  };
  const changes = () => {
    const read = readAll(fields);
    if (read === null) return null;
    const { name, phone, language, address, gate_code, price } = read;
    return {
      customer: { name, language, ...(phone && { phone }) },
      place: { address, ...(gate_code && { gate_code }) },
      ...(price !== null && { price_cents: price }),
    };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  const places = PLACES_OF_DETAILS;
  return editForm("Customer", nodes, changes, { ...options, fields, places });
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
      fill(said, notice("bad", markFaults(error, { note: text }, { note: "note" }) ?? explain(error)));
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
