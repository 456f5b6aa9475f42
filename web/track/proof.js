// What the customer sees of the crew's own record: where it is, and afterwards what it did.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { loadOf, photosOf } from "/shared/jobs/tracking.js";
import { mapHref } from "/track/crew_location.js";

/** About where the crew is; the page keeps `#place-age` up to date. Null where that is not known. */
export function crewPlace(place, t) {
  if (place === null) return null;
  return el(
    "div.place",
    { "data-testid": "place" },
    icon("pin"),
    el(
      "p",
      {},
      el("span", {}, t("place")),
      el("span.quiet", { id: "place-age" }),
    ),
    el(
      "a.small",
      {
        href: mapHref(place),
        target: "_blank",
        rel: "noopener noreferrer",
        "data-focus": "map",
      },
      t("place_map"),
    ),
  );
}

/** Photos and the size of the load, once the job is completed; null where there are none. */
export function proofPanel(view, t) {
  const photos = photosOf(view);
  const load = loadOf(view);
  if (photos.length === 0 && load === null) return null;
  return el(
    "section.panel.proof",
    { "data-testid": "proof" },
    el("h2", {}, t("proof")),
    load && el("p", { "data-testid": "load" }, t("load", { size: t(`load_${load}`) })),
    photos.length > 0 && el("ul.photos", {}, photos.map((photo) => picture(photo, t))),
  );
}

function picture({ kind, path, number, of }, t) {
  return el(
    "li",
    {},
    el(
      "a.photo",
      { href: path, "data-kind": kind },
      el("img", { src: path, alt: t(`photo_${kind}`, { number, of }), loading: "lazy" }),
      el("span.kind", { "aria-hidden": "true" }, t(kind)),
    ),
  );
}
