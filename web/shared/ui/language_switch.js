// The switch between the languages at the top of a page.

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
