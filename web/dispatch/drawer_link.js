// The customer's tracking link in the drawer: to copy, to replace, and to revoke.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { dateText, msOf } from "/shared/ui/time.js";
import { part } from "./drawer_parts.js";
import { editForm } from "./edit_forms.js";
import { field } from "../shared/ui/fields.js";

const CHANGES = [
  ["", "Choose…"],
  ["replace", "Replace it with a new link"],
  ["revoke", "Revoke it"],
];

/** Nothing for people who may not have the link. */
export function linkPart(detail, { edit, copy, now_ms, zone }) {
  if (!edit) return null;
  const opens = detail.tracking_url && !hasEnded(detail, now_ms);
  return part(
    "Tracking link",
    edit,
    el("p.small.quiet", { "data-testid": "link-state" }, stateText(detail, now_ms, zone)),
    opens &&
      el(
        "div.row",
        {},
        el(
          "button.button.compact",
          { type: "button", onclick: copy, "data-focus": "copy-link", "data-testid": "copy-link" },
          icon("copy"),
          "Copy link",
        ),
      ),
  );
}

function hasEnded({ link_ends_at }, now_ms) {
  return Boolean(link_ends_at) && msOf(link_ends_at) <= now_ms;
}

function stateText(detail, now_ms, zone) {
  const { link_revoked, link_ends_at } = detail;
  if (link_revoked) return "The link is revoked: it opens nothing. Replace it to give the customer a new one.";
  const day = link_ends_at && dateText(link_ends_at, "en", zone);
  if (hasEnded(detail, now_ms)) return `The link ended on ${day}, some days after the job.`;
  const says = "It shows the job without a password. Give it only to the customer.";
  return day ? `${says} It ends on ${day}.` : says;
}

export function linkForm(detail, options) {
  const change = field("What to do", { options: CHANGES, value: "" });
  const text = "The present link stops working within a minute. A customer who was texted it is texted the new one.";
  const changes = () => {
    const link = change.input.value;
    change.complain(link === "" && "Choose whether to replace or revoke it.");
    return link === "" ? null : { link };
  };
  return editForm("Tracking link", [change.node, el("p.small.quiet", {}, text)], changes, options);
}
