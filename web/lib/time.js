// Times in words. Moments are ISO texts or epoch milliseconds, ages and spans are milliseconds.

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const LOCALES = { en: "en-US", es: "es-US" };
const AGO = { en: (span) => `${span} ago`, es: (span) => `hace ${span}` };
const NOW = { en: "just now", es: "ahora mismo" };
const IN = { en: (span) => `in ${span}`, es: (span) => `en ${span}` };
const JUST_NOW_MS = 2 * SECOND_MS;

/** `12 s`, `5 min`, `2 h 10 min`, `3 d`: never more than two units, never rounded up. */
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

/** The largest unit alone, for where there is little room: `2 h` for `2 h 10 min`. */
export function roughText(span_ms) {
  return spanText(span_ms).split(" ").slice(0, 2).join(" ");
}

/** `12 s ago`, `hace 12 s`, `just now`. */
export function agoText(age_ms, language = "en") {
  return age_ms < JUST_NOW_MS ? NOW[language] : AGO[language](spanText(age_ms));
}

/** `in 25 min`; null where the moment is past or further away than a day. */
export function aheadText(ahead_ms, language = "en") {
  if (ahead_ms < MINUTE_MS || ahead_ms > DAY_MS) return null;
  return IN[language](spanText(ahead_ms));
}

/** `10:40 AM`. */
export function clockText(moment, language = "en", timeZone = undefined) {
  return format(language, { hour: "numeric", minute: "2-digit", timeZone }).format(at(moment));
}

/** `10:00 AM – 12:00 PM`, `10:00 – 11:30 AM`; with one end missing `from …` or `until …`. */
export function windowText(schedule, language = "en", timeZone = undefined) {
  const { window_start: start, window_end: end } = schedule ?? {};
  const clock = format(language, { hour: "numeric", minute: "2-digit", timeZone });
  if (start && end && daysApart(at(start), at(end), timeZone) !== 0) {
    return `${clock.format(at(start))} – ${clock.format(at(end))}`; // a range would name both days
  }
  if (start && end) return clock.formatRange(at(start), at(end));
  if (start) return `${language === "es" ? "desde las" : "from"} ${clock.format(at(start))}`;
  if (end) return `${language === "es" ? "hasta las" : "until"} ${clock.format(at(end))}`;
  return null;
}

/** `Today`, `Tomorrow`, else `Sat, Nov 21`. */
export function dayText(moment, now_ms, language = "en", timeZone = undefined) {
  const days = daysApart(at(moment), new Date(now_ms), timeZone);
  if (Math.abs(days) <= 1) {
    const words = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto" });
    return capital(words.format(days, "day"));
  }
  return capital(dateText(moment, language, timeZone));
}

/** `Sat, Nov 21`. */
export function dateText(moment, language = "en", timeZone = undefined) {
  const parts = { weekday: "short", month: "short", day: "numeric", timeZone };
  return format(language, parts).format(at(moment));
}

/** `Sat, Nov 21, 10:40 AM`. */
export function momentText(moment, language = "en", timeZone = undefined) {
  return `${capital(dateText(moment, language, timeZone))}, ${clockText(moment, language, timeZone)}`;
}

/** `Sat, Nov 21, 10:40:07 AM`: for those who compare records. */
export function exactText(moment, timeZone = undefined) {
  const parts = { hour: "numeric", minute: "2-digit", second: "2-digit", timeZone };
  return `${dateText(moment, "en", timeZone)}, ${format("en", parts).format(at(moment))}`;
}

/** What an `<input type="datetime-local">` shows for a moment, in this device's zone. */
export function localInput(moment) {
  if (!moment) return "";
  const date = at(moment);
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

/** The moment as an ISO text that a `datetime-local` input means; null for an empty one. */
export function momentOf(text) {
  const ms = text ? new Date(text).getTime() : Number.NaN;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** `2026-11-21`, in this device's zone: what `<input type="date">` takes. */
export function dayInput(ms) {
  return localInput(ms).slice(0, 10);
}

/** When something was done: `recorded_at` is only when we heard of it, hours later without signal. */
export function trueTime({ occurred_at, recorded_at }) {
  return isLate(occurred_at, recorded_at) ? occurred_at : recorded_at;
}

/** `sent 5:05 PM` for what was done more than a minute before, with the day if that was another. */
export function sentText({ occurred_at, recorded_at }, timeZone = undefined) {
  if (!isLate(occurred_at, recorded_at)) return null;
  const sameDay = daysApart(at(occurred_at), at(recorded_at), timeZone) === 0;
  return `sent ${(sameDay ? clockText : momentText)(recorded_at, "en", timeZone)}`;
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

function daysApart(date, now, timeZone) {
  const day = (moment) =>
    new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(moment);
  return Math.round((Date.parse(day(date)) - Date.parse(day(now))) / DAY_MS);
}

const formats = new Map();

/** Making a format is slow in a browser; a board with a thousand cards needs three of them. */
function format(language, parts) {
  const key = JSON.stringify([language, parts]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(LOCALES[language], parts));
  return formats.get(key);
}
