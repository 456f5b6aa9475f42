// Forms for a job's details. Each turns its fields into the changes of one PATCH request.

import { Problem } from "/shared/api/api.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { windowError, scheduleWarning } from "/dispatch/state/schedule_check.js";
import { zoneText } from "/shared/ui/business_time.js";
import { field } from "../shared/ui/fields.js";
import { durationField, momentField, phoneField, readAll, requiredField } from "./job_fields.js";

/**
 * A form in a part of the drawer; `save(changes)` raises an error if they were refused.
 *
 * `fields` and `places` tell at which field an error of the server is shown (see placeErrors).
 * `warning(changes)` is a question about a probable mistake; saving a second time confirms it.
 */
export function editForm(title, nodes, changes, options) {
  const { save, leave, explain, fields = {}, places = {}, warning = () => null } = options;
  const alert = el("div", { role: "alert" });
  const button = el("button.button.main.compact", {}, "Save");
  let asked = null;
  let override = null; // the field for the reason, once `refused` was found not to fit
  let refused = null;
  const needsConfirming = (wanted) => {
    const question = warning(wanted);
    const again = question === asked;
    asked = question;
    fill(button, question === null ? "Save" : "Save anyway");
    fill(alert, question !== null && notice("warn", question));
    return question !== null && !again;
  };
  const submit = async (event) => {
    event.preventDefault();
    const wanted = changes();
    if (wanted === null || needsConfirming(wanted)) return;
    const says = JSON.stringify(wanted);
    if (says !== refused) override = null;
    const why = override?.input.value.trim();
    if (why === "") {
      override.complain("Enter a reason.");
      return override.input.focus();
    }
    button.disabled = true;
    try {
      await save(why ? { ...wanted, override: true, reason: why } : wanted);
    } catch (error) {
      if (mayOverride(error)) {
        refused = says;
        override ??= field("Reason to save anyway", { maxlength: 2000 });
        fill(alert, notice("warn", explain(error)), override.node);
        fill(button, "Save anyway");
        return override.input.focus();
      }
      override = null;
      const marked = markErrors(error, fields, places);
      fill(alert, notice("bad", marked ?? explain(error)));
    } finally {
      button.disabled = false;
    }
  };
  const buttons = el(
    "div.row.end",
    {},
    el("button.button.compact", { type: "button", onclick: leave }, "Cancel"),
    button,
  );
  return el(
    "form.part.stack.editing",
    { novalidate: true, onsubmit: submit, "aria-label": title, "data-testid": "edit-form" },
    el("h3", {}, title),
    nodes,
    alert,
    buttons,
  );
}

/** What does not fit a dispatcher may save all the same, with a reason on the record. */
function mayOverride(error) {
  return error instanceof Problem && error.document.may_override === true;
}

function notice(tone, text) {
  return el(`div.notice.${tone}`, {}, icon("alert"), el("p", {}, text));
}

/** Shows the server's errors at their fields. A text for the rest; null if no field is named. */
function markErrors(error, fields, places) {
  let first = null;
  const left = placeErrors(error, places, (name, text) => {
    fields[name].complain(text);
    first ??= fields[name].input;
  });
  first?.focus();
  return first && ["Not saved. Please check the marked fields.", ...left].join(" ");
}

export function scheduleForm(detail, options) {
  const { schedule = {} } = detail;
  const { zone, now_ms } = options;
  const when = (label, name) => momentField(label, { moment: schedule[name], zone });
  const eta = { eta: when("Expected arrival", "eta") };
  const window = () => ({
    window_start: when("Window start", "window_start"),
    window_end: when("Window end", "window_end"),
  });
  const duration = () => ({ duration_minutes: durationField({ minutes: detail.duration_minutes }) });
  const fields = options.onlyEta ? eta : { ...window(), ...duration(), ...eta };
  const changes = () => {
    const wanted = readAll(fields);
    const error = wanted && windowError(wanted);
    if (error) fields.window_end.complain(error);
    if (error || wanted === null) return null;
    const { duration_minutes, ...schedule } = wanted;
    const isNew = duration_minutes !== undefined && duration_minutes !== detail.duration_minutes;
    return { schedule, ...(isNew && { duration_minutes }) };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  const warning = (wanted) => scheduleWarning(wanted.schedule, { now_ms: now_ms(), zone, before: schedule });
  const first = options.onlyEta ? "eta" : "window_start";
  const places = { schedule: first, duration_minutes: "duration_minutes" };
  for (const name of Object.keys(fields)) places[`schedule.${name}`] = name;
  return editForm(
    "Schedule",
    [...nodes, zoneText(zone) && el("p.quiet.small", {}, zoneText(zone))],
    changes,
    { ...options, fields, places, warning },
  );
}

const FIELD_OF_DETAIL = {
  customer: "name",
  "customer.name": "name",
  "customer.phone": "phone",
  "customer.language": "language",
  place: "address",
  "place.address": "address",
  "place.gate_code": "gate_code",
};

export function detailsForm(detail, options) {
  const { customer, place } = detail;
  const fields = {
    name: requiredField("Customer", "Enter the customer’s name.", { value: customer.name }),
    phone: phoneField("Mobile number", { value: customer.phone }),
    language: field("Language", {
      options: [
        ["en", "English"],
        ["es", "Español"],
      ],
      value: customer.language,
    }),
    address: requiredField("Address", "Enter the address.", { value: place.address }),
    gate_code: field("Gate code", { value: place.gate_code, maxlength: 40 }),
  };
  const changes = () => {
    const read = readAll(fields);
    if (read === null) return null;
    const { name, phone, language, address, gate_code } = read;
    return {
      customer: { name, language, ...(phone && { phone }) },
      place: { address, ...(gate_code && { gate_code }) },
    };
  };
  const nodes = Object.values(fields).map(({ node }) => node);
  const places = FIELD_OF_DETAIL;
  return editForm("Customer", nodes, changes, { ...options, fields, places });
}

/** The form for a new note; it is cleared once the note is saved. */
export function noteForm({ save, explain }) {
  const text = field("New note", { tag: "textarea", rows: 2, maxlength: 2000, name: "note" });
  const alert = el("div", { role: "alert" });
  const button = el("button.button.compact", {}, icon("plus"), "Add note");
  const submit = async (event) => {
    event.preventDefault();
    const note = text.input.value.trim();
    if (note === "") return text.input.focus();
    button.disabled = true;
    fill(alert);
    try {
      await save({ note });
      text.input.value = "";
    } catch (error) {
      fill(alert, notice("bad", markErrors(error, { note: text }, { note: "note" }) ?? explain(error)));
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form.stack.note-form",
    { novalidate: true, onsubmit: submit, "data-testid": "note-form" },
    text.node,
    alert,
    el("div.row.end", {}, button),
  );
}
