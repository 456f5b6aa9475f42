// English and Spanish: which one to use, and the texts in it.

export const LANGUAGES = Object.freeze(["en", "es"]);
const REMEMBERED_AS = "haulway.language";

/** The language that was chosen before, otherwise the first of the browser's that we have. */
export function languageFor(remembered, preferred) {
  if (LANGUAGES.includes(remembered)) return remembered;
  const spoken = preferred.map((tag) => String(tag).toLowerCase().split("-")[0]);
  return spoken.find((language) => LANGUAGES.includes(language)) ?? "en";
}

/** The text of {en, es}, as in flow files and views, in `language`. */
export function localized(text, language) {
  return text?.[language] ?? text?.en ?? "";
}

/**
 * A function from key and values to text, for texts of the form {en: {key: text}, es: {…}}.
 *
 * `{name}` in a text is replaced by the value of that name. An unknown key raises an error, because a
 * page must not show a key to a customer.
 */
export function translator(words, language) {
  return (key, values = {}) => {
    const text = words[language][key];
    if (text === undefined) throw new Error(`no words for "${key}" in ${language}`);
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  };
}

/** The language of this visit, by `memory` (get, set) and the browser. */
export function browserLanguage(memory, navigator = globalThis.navigator) {
  const preferred = navigator?.languages ?? [navigator?.language ?? "en"];
  return languageFor(memory.get(REMEMBERED_AS), preferred);
}

export function rememberLanguage(memory, language) {
  memory.set(REMEMBERED_AS, language);
}

/** `language` where the business offers it, else the one the business speaks first. */
export function offeredLanguage(language, business) {
  if (!business || business.languages.includes(language)) return language;
  const { languages, language: own } = business;
  return languages.includes(own) ? own : languages[0];
}

/** Call `onChosen(language)` when a language is chosen. */
export function onLanguage(onChosen, page = document) {
  for (const button of page.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => onChosen(button.dataset.language));
  }
}

/** The page is in `language`, for the switch and for screen readers. */
export function markLanguage(language, page = document) {
  page.documentElement.lang = language;
  for (const button of page.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}
