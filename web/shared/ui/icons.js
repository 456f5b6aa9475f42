// Line icons on a 24-pixel grid. The flow files name the icons of statuses.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7.5V12l3 2",
  check: "M5 12.5l4.5 4.5L19 7.5",
  truck:
    "M2.5 6h11v10h-11zM13.5 9.5h4l3.5 3.5v3h-7.5M7 18.8a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8M17 18.8a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8",
  road: "M8 4L4 20M16 4l4 16M12 5v3M12 11v3M12 17v3",
  scale: "M12 4v16M7 20h10M4 7h16M6.5 7L3.5 13.5a3 3 0 0 0 6 0zM17.5 7l-3 6.5a3 3 0 0 0 6 0z",
  flag: "M6 21V4M6 4.5c4-2 8 2 12 0v8.5c-4 2-8-2-12 0",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  pause: "M9 6v12M15 6v12",
  price: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M20 20l-4-4",
  copy: "M9 9h10v11H9zM5 15V4h10",
  share: "M12 15V4M8 7.5L12 3.5l4 4M5 12v8h14v-8",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5M9 9h6M9 13h3",
  message: "M4 5h16v11H9.5L5 20v-4H4z",
  phone:
    "M6.5 3.5h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2",
  pin: "M12 21c4.5-4.5 7-7.8 7-11a7 7 0 1 0-14 0c0 3.2 2.5 6.5 7 11M12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3",
  alerts: "M6 17v-6a6 6 0 1 1 12 0v6l1.5 1.5h-15zM10 21.2h4",
  alert: "M12 4L2.5 20h19zM12 10v4.5M12 17.4h.01",
  offline:
    "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4M19 12.5a10 10 0 0 0-5-2.7M8.5 16a5 5 0 0 1 6.8-.3M12 19.5h.01M2 9a15 15 0 0 1 4.5-2.9M22 9a15 15 0 0 0-11-3.9",
  calendar: "M4 6h16v14H4zM4 10h16M8 3.5V7M16 3.5V7",
  person: "M12 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4M4.5 20a7.5 7.5 0 0 1 15 0",
  move: "M4 12h15M13.5 6.5L19 12l-5.5 5.5",
  leave: "M14 4h5v16h-5M3.5 12h11M10.5 8l4 4-4 4",
  back: "M14.5 6l-6 6 6 6",
  on: "M9.5 6l6 6-6 6",
  reload: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.3M20 4.5v4.8h-4.8",
};

/** A decorative icon: hidden from screen readers, so it needs text next to it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name] ?? PATHS.clock);
  svg.append(path);
  return svg;
}
