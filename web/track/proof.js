// What the customer sees from the crew: its location and, afterwards, the proof of service.

import { el } from "/shared/ui/elements.js";
import { icon } from "/shared/ui/icons.js";
import { loadOf, photosOf } from "/shared/jobs/tracking.js";
import { mapHref } from "/shared/ui/map_link.js";

/** A link to the crew's location; null if unknown. The page keeps `#location-age` up to date. */
export function crewLocation(location, t) {
  if (location === null) return null;
  return el(
    "div.location",
    { "data-testid": "location" },
    icon("pin"),
    el(
      "p",
      {},
      el("span", {}, t("place")),
      el("span.quiet", { id: "location-age" }),
    ),
    el(
      "a.small",
      {
        href: mapHref(location),
        target: "_blank",
        rel: "noopener noreferrer",
        "data-focus": "map",
      },
      t("place_map"),
    ),
  );
}

/** Photos and load size, once the job is completed; null if there are none. */
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
