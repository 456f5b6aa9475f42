// Who does a job, and with which truck: chosen from those the roster has, with the reason beside
// whoever cannot.

import { Problem } from "/shared/api/api.js";
import { peopleFor, trucksFor } from "/dispatch/state/crew_choices.js";
import { CREW_ROLES } from "/dispatch/state/day.js";
import { el, fill } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { spanOf } from "/dispatch/state/availability.js";
import { editForm } from "./edit_forms.js";
import { field } from "../shared/ui/fields.js";

/** A form that asks for the roster first: `options.roster()` gives {crew, told}, see assigning.js. */
export function crewForm(detail, options) {
  const node = el("div", { tabindex: "-1", "data-testid": "crew-form" });
  const read = async () => {
    fill(node, readingNode());
    const { roster, error } = await options.roster().then(
      (roster) => ({ roster }),
      (error) => ({ error }),
    );
    if (error) return fill(node, troubleNode(error, options.leave, read));
    const wasHere = node.contains(document.activeElement);
    fill(node, chooser(detail, roster, options));
    if (wasHere) node.querySelector(".input").focus();
  };
  read();
  return node;
}

function chooser(detail, { crew, told }, options) {
  const roles = Object.entries(CREW_ROLES).map(([role, label]) => {
    const had = (detail.crew ?? []).find((member) => member.role === role);
    const people = peopleFor(role, crew, told);
    const known = had && { id: had.member, name: had.first_name };
    return { role, had, input: choice(label, people, known, "No one") };
  });
  const trucks = trucksFor(crew, told);
  const parked = detail.truck && { id: detail.truck, name: detail.truck };
  const truck = choice("Truck", trucks, parked, "None");
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
  const anyTruck = trucks.length > 0 || parked;
  return editForm("Crew", [hint(told), nodes, anyTruck && truck.node], changes, options);
}

/** A list to choose from; who is on the job stays choosable whatever the roster says. */
function choice(label, all, known, none) {
  const missing = known && !all.some(({ id }) => id === known.id) ? [{ ...known, why: null }] : [];
  const listed = [...all, ...missing];
  const texts = listed.map(({ id, name, why }) => [id, why ? `${name} (${why})` : name]);
  const made = field(label, { options: [["", none], ...texts], value: known?.id ?? "" });
  for (const { id, why } of listed) {
    const option = [...made.input.options].find(({ value }) => value === id);
    option.disabled = why !== null && id !== known?.id;
  }
  return made;
}

function hint({ schedule }) {
  if (spanOf(schedule) !== null) return null;
  const text = "The job has no arrival window yet: no one can be told free or busy for it.";
  return el("p.quiet.small", {}, text);
}

function readingNode() {
  return el(
    "div.part.editing.row",
    { role: "status" },
    el("span.spinner", { "aria-hidden": "true" }),
    el("p.quiet", {}, "Looking who is free…"),
  );
}

function troubleNode(error, leave, again) {
  const said = error instanceof Problem && (error.detail || error.title).replace(/\.$/, "");
  const why = said || "there is no connection";
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
      el("button.button.compact", { type: "button", onclick: leave }, "Discard"),
      el("button.button.compact", { type: "button", onclick: again }, icon("reload"), "Try again"),
    ),
  );
}
