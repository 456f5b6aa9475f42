// One row of the day: a person or a truck, the hours off, and the jobs on the time axis.

import { CREW_ROLES, placeOn } from "/dispatch/state/day.js";
import { plannedText, spanText } from "/dispatch/state/day_labels.js";
import { el, statusColour } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { agoText, clockText, msOf } from "/shared/ui/time.js";
import { mapHref } from "/shared/ui/map_link.js";

const MANY_TICKS = 16;

/** The hours above the rows. On a phone the rows are lists without an axis. */
export function axisNode(axis, { zone }) {
  const hour = (ms) => clockText(ms, "en", zone).replace(":00", "");
  const ticks = axis.ticks.map((ms, index) =>
    el(
      "span.tick.numbers",
      { vars: placed(axis, { begin_ms: ms, end_ms: ms }), "data-every": everyOf(index) },
      hour(ms),
    ),
  );
  const many = axis.ticks.length > MANY_TICKS ? ".many" : "";
  return el(`div.axis${many}`, { "aria-hidden": "true" }, el("div.track", {}, ticks));
}

/** Of every four labels, the style shows as many as there is room for: four, two, or one. */
function everyOf(index) {
  if (index % 4 === 0) return "4";
  return index % 2 === 0 ? "2" : "1";
}

export function rowNode(row, told) {
  const { axis, edit } = told;
  const opener = `hours-${row.id}`;
  const away = row.off.map((span) => el("span.off", { vars: placed(axis, span) }));
  const lines = axis.ticks.map((ms) =>
    el("span.hour", { vars: placed(axis, { begin_ms: ms, end_ms: ms }) }),
  );
  const editing = row.kind === "person" ? edit : null;
  const onclick = editing && (({ target }) => target.closest(".block") ?? editing(row, opener));
  return el(
    "li.day-row",
    { "data-testid": "day-row", "data-row": row.id, "data-kind": row.kind },
    whoNode(row, told, editing && (() => editing(row, opener)), opener),
    el(
      `div.track${editing ? ".editable" : ""}`,
      { onclick, vars: { "--lanes": String(lanesOf(row)) } },
      el("div.behind", { "aria-hidden": "true" }, lines, away),
      row.blocks.length > 0 && el("ol", {}, row.blocks.map((block) => blockNode(block, row, told))),
    ),
    otherJobsNode(row, told),
  );
}

function lanesOf({ blocks }) {
  return Math.max(1, ...blocks.map(({ lane }) => lane + 1));
}

function whoNode(row, { day }, edit, opener) {
  const about = [row.roles && rolesText(row), row.hours].filter(Boolean).join(" · ");
  return el(
    "div.who",
    {},
    el(
      "div.who-head",
      {},
      el("h3", {}, row.name),
      edit &&
        el(
          "button.button.plain.compact.hours",
          {
            type: "button",
            "aria-label": `Hours of ${row.name}`,
            title: "Hours on this day",
            "data-focus": opener,
            onclick: edit,
          },
          icon("clock"),
        ),
    ),
    el(
      "p.state",
      { "data-testid": "state", "data-tone": row.state.tone },
      el("span.dot", { "aria-hidden": "true" }),
      row.state.text,
    ),
    about && el("p.quiet.small", {}, about),
    row.crew_location && locationNode(row.crew_location, row.name, day),
  );
}

/** `driver, helper`; if the member has only some of the roles that day, those. */
function rolesText({ roles, only }) {
  const shown = only === null ? roles : roles.filter((role) => only.includes(role));
  const words = shown.map((role) => CREW_ROLES[role].toLowerCase()).join(", ");
  return only === null ? words : `only ${words || "without a role"} that day`;
}

/** A link to a map. */
function locationNode({ latitude, longitude, at }, name, { now_ms }) {
  const age = agoText(now_ms - msOf(at));
  return el(
    "p.small",
    {},
    el(
      "a.location",
      {
        href: mapHref({ latitude, longitude }),
        target: "_blank",
        rel: "noopener noreferrer",
        "aria-label": `Location of ${name}, ${age}`,
      },
      icon("pin"),
      `Located ${age}`,
    ),
  );
}

function blockNode(block, row, { axis, day, open }) {
  const when = spanText(block.span, day.zone);
  const role = block.role && CREW_ROLES[block.role];
  const key = `job-${row.id}-${block.job_id}`;
  const about = [block.customer, role, when, block.status, block.warning].filter(Boolean);
  return el(
    "li",
    { vars: { ...placed(axis, block), "--lane": String(block.lane) } },
    el(
      `button.block.toned${block.ended ? ".ended" : ""}${block.warning ? ".warned" : ""}`,
      {
        type: "button",
        vars: statusColour(block.colour),
        title: about.join(" · "),
        "aria-label": about.join(", "),
        "data-testid": "block",
        "data-job": block.job_id,
        "data-focus": key,
        onclick: () => open(block.job_id, key),
      },
      el("span.block-name", {}, block.warning && icon("alert"), el("bdi", {}, block.customer)),
      el("span.block-about", {}, role ?? block.status),
      el("span.block-when", {}, when),
      el("span.block-when", {}, block.warning ?? block.status),
    ),
  );
}

/** Jobs that are not on the axis: without an arrival window, or planned for another day. */
function otherJobsNode(row, { day, open }) {
  if (row.loose.length === 0) return null;
  const chip = (job) => {
    const key = `job-${row.id}-${job.job_id}`;
    const when = plannedText(job.schedule, day) ?? "no arrival window";
    const role = job.role && CREW_ROLES[job.role].toLowerCase();
    return el(
      "li",
      {},
      el(
        "button.chip.toned.small",
        {
          type: "button",
          vars: statusColour(job.colour),
          "data-focus": key,
          onclick: () => open(job.job_id, key),
        },
        el("span.menu-dot", { "aria-hidden": "true" }),
        [job.customer, role, when, job.status].filter(Boolean).join(" · "),
      ),
    );
  };
  return el("ul.other-jobs", { "data-testid": "other-jobs" }, row.loose.map(chip));
}

function placed(axis, span) {
  const { from, to } = placeOn(axis, span);
  return { "--from": String(from), "--to": String(to) };
}
