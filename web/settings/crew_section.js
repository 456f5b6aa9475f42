// Who works here, and how to add someone.

import { el } from "/shared/ui/elements.js";
import { isCrew } from "/shared/jobs/setup_checklist.js";

const ROLES = {
  owner: "owner",
  dispatcher: "dispatcher",
  driver: "driver",
  first_mate: "helper",
  supervisor: "supervisor",
  ops: "ops",
};
const COMMAND = 'haul crew add maria --name "Maria Lopez" --role driver';

const rolesText = (roles) => roles.map((role) => ROLES[role] ?? role).join(", ");

/** `members` are those of the roster: {member, name, roles}. */
export function crewSection(members) {
  const crew = members.filter(isCrew);
  return el(
    "section.panel.stack",
    { id: "section-crew", "aria-labelledby": "title-crew", tabindex: "-1", "data-testid": "crew" },
    el("h2", { id: "title-crew" }, "Crew"),
    crew.length === 0 && el("p", {}, "No one can be sent to a job yet."),
    el(
      "ul.people",
      {},
      crew.map(({ name, roles }) =>
        el("li", {}, el("strong", {}, name), ` ${rolesText(roles)}`),
      ),
    ),
    el("p.hint.quiet", {}, "Add people on the command line, for example:"),
    el("code", {}, COMMAND),
  );
}
