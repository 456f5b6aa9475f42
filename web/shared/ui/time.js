// Times as text. Moments are ISO texts or epoch milliseconds; ages and spans are milliseconds.

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const LOCALES = { en: "en-US", es: "es-US" };
const AGO = { en: (span) => `${span} ago`, es: (span) => `hace ${span}` };
const NOW = { en: "just now", es: "ahora mismo" };
const IN = { en: (span) => `in ${span}`, es: (span) => `en ${span}` };
const NIGHT_MS = 12 * HOUR_MS;
const JUST_NOW_MS = 2 * SECOND_MS;
let businessZone = undefined;

/** Shows times in the business's `zone` from now on; before that, in this device's zone. */
export function setZone(zone) {
  businessZone = zone;
}

/** The zone in which times are shown; undefined is this device's. */
export function currentZone() {
  return businessZone;
}

/** `12 s`, `5 min`, `2 h 10 min`, `3 d`: at most two units, rounded down. */
export function spanText(span_ms) {
  const ms = Math.max(0, span_ms);
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, "h", MINUTE_MS, "min");
  return ms < 3 * DAY_MS ? twoUnits(ms, DAY_MS, "d", HOUR_MS, "h") : `${Math.floor(ms / DAY_MS)} d`;
}

function twoUnits(ms, big_ms, big, small_ms, small) {
  const rest = Math.floor((ms % big_ms) / small_ms);
  return `${Math.floor(ms / big_ms)} ${big}${rest > 0 ? ` ${rest} ${small}` : ""}`;
}

/** Only the largest unit, if there is little room: `2 h` for `2 h 10 min`. */
export function roughText(span_ms) {
  return spanText(span_ms).split(" ").slice(0, 2).join(" ");
}

/** `12 s ago`, `hace 12 s`, `just now`. */
export function agoText(age_ms, language = "en") {
  return age_ms < JUST_NOW_MS ? NOW[language] : AGO[language](spanText(age_ms));
}

/** `in 25 min`; null if the moment has passed or is more than a day away. */
export function aheadText(ahead_ms, language = "en") {
  if (ahead_ms < MINUTE_MS || ahead_ms > DAY_MS) return null;
  return IN[language](spanText(ahead_ms));
}

/** `10:40 AM`. */
export function clockText(moment, language = "en", timeZone = businessZone) {
  return format(language, { hour: "numeric", minute: "2-digit", timeZone }).format(at(moment));
}

/**
 * `10:00 AM – 12:00 PM`, `10:00 – 11:30 AM`; if one end is missing, `from …` or `until …`.
 *
 * The day is shown next to it; a window that ends more than a night later names its last day.
 */
export function windowText(schedule, language = "en", timeZone = businessZone, now_ms = Date.now()) {
  const { window_start: start, window_end: end } = schedule ?? {};
  const clock = format(language, { hour: "numeric", minute: "2-digit", timeZone });
  if (start && end && daysApart(at(start), at(end), timeZone) !== 0) {
    const far = Math.abs(msOf(end) - msOf(start)) >= NIGHT_MS;
    const last = far ? momentText(end, language, timeZone, now_ms) : clock.format(at(end));
    return `${clock.format(at(start))} – ${last}`; // a range would name both days
  }
  if (start && end) return clock.formatRange(at(start), at(end));
  if (start) return `${language === "es" ? "desde las" : "from"} ${clock.format(at(start))}`;
  if (end) return `${language === "es" ? "hasta las" : "until"} ${clock.format(at(end))}`;
  return null;
}

/** `Today`, `Tomorrow`, otherwise `Sat, Nov 21`. */
export function dayText(moment, now_ms, language = "en", timeZone = businessZone) {
  const days = daysApart(at(moment), new Date(now_ms), timeZone);
  if (Math.abs(days) <= 1) {
    const words = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto" });
    return capital(words.format(days, "day"));
  }
  return capital(dateText(moment, language, timeZone, now_ms));
}

/** `Sat, Nov 21`; `Mon, Dec 1, 2025` if that is not this year. */
export function dateText(moment, language = "en", timeZone = businessZone, now_ms = Date.now()) {
  const thisYear = yearOf(at(moment), timeZone) === yearOf(now_ms, timeZone);
  const year = thisYear ? undefined : "numeric";
  const parts = { weekday: "short", month: "short", day: "numeric", year, timeZone };
  return format(language, parts).format(at(moment));
}

function yearOf(moment, timeZone) {
  return format("en", { year: "numeric", timeZone }).format(moment);
}

/** `Sat, Nov 21, 10:40 AM`. */
export function momentText(moment, language = "en", timeZone = businessZone, now_ms = Date.now()) {
  const date = capital(dateText(moment, language, timeZone, now_ms));
  return `${date}, ${clockText(moment, language, timeZone)}`;
}

/** `Sat, Nov 21, 10:40:07 AM`: to compare records. */
export function exactText(moment, timeZone = businessZone) {
  const parts = { hour: "numeric", minute: "2-digit", second: "2-digit", timeZone };
  return `${dateText(moment, "en", timeZone)}, ${format("en", parts).format(at(moment))}`;
}

/** When something was done. Without signal, `recorded_at` may be hours later. */
export function trueTime({ occurred_at, recorded_at }) {
  return isLate(occurred_at, recorded_at) ? occurred_at : recorded_at;
}

/** `sent 5:05 PM` if it was sent more than a minute late, with the day if that is different. */
export function sentText(
  { occurred_at, recorded_at },
  timeZone = businessZone,
  now_ms = Date.now(),
) {
  if (!isLate(occurred_at, recorded_at)) return null;
  const sameDay = daysApart(at(occurred_at), at(recorded_at), timeZone) === 0;
  return `sent ${(sameDay ? clockText : momentText)(recorded_at, "en", timeZone, now_ms)}`;
}

function isLate(occurred_at, recorded_at) {
  return Boolean(occurred_at) && msOf(recorded_at) - msOf(occurred_at) > MINUTE_MS;
}

export function msOf(moment) {
  return at(moment).getTime();
}

function at(moment) {
  return new Date(moment);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How many days `date` is after `now` in that zone, negative if before. */
export function daysApart(date, now, timeZone = businessZone) {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", timeZone };
  const day = (moment) => format("en", parts).format(moment);
  return Math.round((Date.parse(day(date)) - Date.parse(day(now))) / DAY_MS);
}

const formats = new Map();

/** Formats are reused, because creating one is slow and a board has a thousand cards. */
function format(language, parts) {
  const key = JSON.stringify([language, parts]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(LOCALES[language], parts));
  return formats.get(key);
}
