// What the statuses are called: a form for each kind of job.

import { el } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { placeErrors } from "/shared/ui/field_errors.js";
import { LANGUAGE_NAMES, ownWordsWith } from "/settings/state/own_texts.js";

const LONGEST = 40; // as StatusLabelInput in statemachine/job/bounds.py

/**
 * The form of the `labels` {name, ours, own} of one flow. `store(change)` saves what `change(settings)`
 * returns; what is wrong with a label is said at its field.
 */
export function labelsForm(labels, store) {
  const rows = labels.map((label) => ({ ...label, fields: fieldsOf(label) }));
  const fieldAt = ([name, language]) => rows.find((row) => row.name === name).fields[language];
  const change = ({ own_labels }) => ({
    own_labels: rows.reduce(
      (known, { name, ours, fields }) => ownWordsWith(known, name, typedIn(fields), ours),
      own_labels,
    ),
  });
  const places = Object.fromEntries(
    rows.flatMap(({ name, fields }) =>
      Object.keys(fields).map((language) => [`own_labels.${name}.${language}`, [name, language]]),
    ),
  );
  const submit = async (event) => {
    event.preventDefault();
    await store(change, (problem) =>
      placeErrors(problem, places, (place, text) => fieldAt(place).complain(text)),
    );
  };
  return el(
    "form.stack",
    { novalidate: true, onsubmit: submit },
    rows.map(({ name, ours, fields }) =>
      el(
        "fieldset.words-row",
        { "data-label": name },
        el("legend", {}, ours.en),
        Object.values(fields).map(({ node }) => node),
      ),
    ),
    el("div.row", {}, el("button.button.compact.main", {}, "Save these names")),
  );
}

function fieldsOf({ ours, own }) {
  const one = ([language, label]) => [
    language,
    field(label, { lang: language, maxlength: LONGEST, placeholder: ours[language], value: own?.[language] }),
  ];
  return Object.fromEntries(Object.entries(LANGUAGE_NAMES).map(one));
}

function typedIn(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([language, { input }]) => [language, input.value.trim()]),
  );
}
