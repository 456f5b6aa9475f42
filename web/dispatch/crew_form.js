// The form that chooses a job's crew and truck from the roster. The list says why someone has no time;
// to choose them anyway takes a reason.

import { Problem } from "/shared/api/api.js";
import { peopleFor, trucksFor } from "/dispatch/state/crew_choices.js";
import { CREW_ROLES } from "/dispatch/state/day.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { spanOf } from "/dispatch/state/availability.js";
import { editForm } from "./edit_forms.js";
import { field } from "../shared/ui/fields.js";

const HELPER = "first_mate";
const EXTRA = "Extra helper";

/** A form that reads the roster first: `options.roster()` gives {crew, told}, see crew_choices.js. */
export function crewForm(detail, options) {
  const node = el("div", { tabindex: "-1", "data-testid": "crew-form" });
  const read = async () => {
    fill(node, loadingNode());
    const { roster, error } = await options.roster().then(
      (roster) => ({ roster }),
      (error) => ({ error }),
    );
    if (error) return fill(node, errorNode(error, options.leave, read));
    const wasHere = node.contains(document.activeElement);
    fill(node, chooser(detail, roster, options));
    if (wasHere) node.querySelector(".input").focus();
  };
  read();
  return node;
}

function chooser(detail, { crew, told }, options) {
  const roles = placesFor(detail.crew ?? []).map(({ role, label, had }) => {
    const people = peopleFor(role, crew, told);
    const known = had && { id: had.member, name: had.first_name };
    return { role, had, input: choice(label, people, known, "No one") };
  });
  const trucks = trucksFor(crew, told);
  const current = detail.truck && { id: detail.truck, name: detail.truck };
  const truck = choice("Truck", trucks, current, "None");
  const changes = () => {
    const chosen = roles.map(({ role, input }) => ({ role, member: input.input.value }));
    const same = roles.every(({ had, input }) => (had?.member ?? "") === input.input.value);
    const moved = truck.input.value !== (detail.truck ?? "");
    if (same && !moved) {
      options.leave();
      return null;
    }
    return {
      ...(!same && { crew: chosen.filter(({ member }) => member !== "") }),
      ...(moved && { truck: truck.input.value }),
    };
  };
  const nodes = roles.map(({ input }) => input.node);
  const anyTruck = trucks.length > 0 || current;
  return editForm("Crew", [hint(told), nodes, anyTruck && truck.node], changes, options);
}

/** One place for each role; for helpers two, or one more than there are. */
function placesFor(crew) {
  return Object.entries(CREW_ROLES).flatMap(([role, label]) => {
    const there = crew.filter((member) => member.role === role);
    const places = role === HELPER ? Math.max(2, there.length + 1) : 1;
    return Array.from({ length: places }, (_, number) => ({
      role,
      label: number === 0 ? label : EXTRA,
      had: there[number],
    }));
  });
}

/** A list to choose from. The current choice stays available even if the roster does not have it. */
function choice(label, all, known, none) {
  const missing = known && !all.some(({ id }) => id === known.id) ? [{ ...known, why: null }] : [];
  const listed = [...all, ...missing];
  const texts = listed.map(({ id, name, why }) => [id, why ? `${name} (${why})` : name]);
  return field(label, { options: [["", none], ...texts], value: known?.id ?? "" });
}

function hint({ schedule }) {
  if (spanOf(schedule) !== null) return null;
  const text = "The job has no arrival window yet, so this list cannot show who is available.";
  return el("p.quiet.small", {}, text);
}

function loadingNode() {
  return el(
    "div.part.editing.row",
    { role: "status" },
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Loading the roster…"),
  );
}

function errorNode(error, leave, again) {
  const detail = error instanceof Problem && (error.detail || error.title).replace(/\.$/, "");
  const why = detail || "there is no connection";
  return el(
    "div.part.stack.editing",
    {},
    el("h3", {}, "Crew"),
    el(
      "div.notice.bad",
      { role: "alert" },
      icon("alert"),
      el("p", {}, `The roster could not be read: ${why}.`),
    ),
    el(
      "div.row.end",
      {},
      el("button.button.compact", { type: "button", onclick: leave }, "Cancel"),
      el("button.button.compact", { type: "button", onclick: again }, icon("reload"), "Try again"),
    ),
  );
}
