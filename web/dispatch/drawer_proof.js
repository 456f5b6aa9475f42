// Proof of service in the drawer: the photos, the load, what is missing, and the form for the load.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { LOADS, proofOf } from "/shared/jobs/proof_of_service.js";
import { facts, part } from "./drawer_parts.js";
import { editForm } from "./edit_forms.js";
import { field } from "../shared/ui/fields.js";

export function proofPart(detail, { edit, flow }) {
  const { photos, load, missing } = proofOf(detail, flow);
  const lacks = missing.length > 0 && el("p.missing", {}, icon("alert"), missingText(missing));
  return part("Proof", edit, [
    photos.length > 0
      ? el("ul.proof-photos", { "data-testid": "proof-photos" }, photos.map(photoNode))
      : el("p.quiet", {}, "No photos yet."),
    facts([load && ["scale", `Load: ${load.toLowerCase()}`]]),
    lacks,
  ]);
}

function missingText(missing) {
  return el("span", { "data-testid": "proof-missing" }, `Still missing: ${missing.join(", ")}.`);
}

/** A photo with its kind; it opens in full size in a new tab. */
function photoNode({ path, label, alt }) {
  const picture = el("img", { src: path, alt, loading: "lazy", width: 160, height: 120 });
  return el(
    "li",
    {},
    el("a", { href: path, target: "_blank", rel: "noopener" }, picture),
    el("span.small.quiet", {}, label),
  );
}

export function proofForm(detail, options) {
  const load = field("Load size", {
    options: [["", "Not set"], ...Object.entries(LOADS)],
    value: detail.load_size ?? "",
  });
  const changes = () => {
    const load_size = load.input.value;
    load.complain(load_size === "" && "Choose how much of the truck the load took.");
    return load_size === "" ? null : { load_size };
  };
  return editForm("Proof", [load.node], changes, options);
}
