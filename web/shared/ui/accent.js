// The business's accent color, made readable: on light and on dark pages, and under text.

const LIGHT_PAGE = "#f6f5f1";
const DARK_PAGE = "#141412";
const LEAST = 3; // WCAG 2.2, 1.4.11: what is not text stands out from what is around it
const STEP = 0.08;
const INK = "#1d1c19"; // what a business has before it chose a color: the pages' own, in style.css
const OWN = { light: INK, on_light: "#ffffff", dark: "#f3f1eb", on_dark: "#1a1917" };

/**
 * {light, on_light, dark, on_dark}: the color for each color scheme, and the color of text on it.
 *
 * A color that would be lost on the page is moved towards the other end until it is not. Text on
 * it is black or white, one of which always has a contrast of more than 4.5.
 */
export function accentsOf(color) {
  if (color.toLowerCase() === INK) return OWN;
  const light = standingOut(color, LIGHT_PAGE, "#000000");
  const dark = standingOut(color, DARK_PAGE, "#ffffff");
  return { light, on_light: textOn(light), dark, on_dark: textOn(dark) };
}

/** `#ffffff` or `#000000`, which of them reads better. */
export function textOn(color) {
  return contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000";
}

/** The contrast of two colors, 1 to 21 (WCAG 2.2). */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Give the page that accent; null takes it back. */
export function applyAccent(color, root = document.documentElement) {
  const names = ["light", "on_light", "dark", "on_dark"];
  const accents = color === null ? {} : accentsOf(color);
  for (const name of names) {
    const property = `--business-${name.replace("_", "-")}`;
    if (accents[name]) root.style.setProperty(property, accents[name]);
    else root.style.removeProperty(property);
  }
  root.toggleAttribute("data-accent", color !== null);
}

function standingOut(color, page, end) {
  let moved = color;
  for (let share = STEP; contrast(moved, page) < LEAST && share <= 1; share += STEP) {
    moved = mixed(color, end, share);
  }
  return moved;
}

function mixed(color, end, share) {
  const [from, to] = [channels(color), channels(end)];
  const parts = from.map((value, index) => Math.round(value + (to[index] - value) * share));
  return `#${parts.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function channels(color) {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function luminance(color) {
  const [red, green, blue] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
