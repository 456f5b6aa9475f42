// Fields for one setting each. An editor is {key, node, read(), show(value, settings), complain(text),
// focus()}: `read` gives {value} or {fault}, `complain(null)` takes a complaint back.

import { LANGUAGES } from "/shared/ui/i18n.js";
import { el, fill } from "/shared/ui/elements.js";
import { field } from "/shared/ui/fields.js";
import { icon } from "/shared/ui/icons.js";

/** A labelled input; `read(text)` gives {value} or {fault}, `text(value)` what the input shows. */
export function textEditor(key, label, { read, text = String, ...attributes }) {
  const { node, input, complain } = field(label, { name: key, ...attributes });
  return {
    key,
    node: placed(key, node),
    read: () => read(input.value),
    show: (value) => {
      input.value = value === null || value === undefined ? "" : text(value);
    },
    complain,
    focus: () => input.focus(),
  };
}

/** One of `options` [[value, text]]; a value that is not among them is shown as it is. */
export function choiceEditor(key, label, { options, hint = null, parse = (text) => text }) {
  const { node, input, complain } = field(label, { name: key, options, hint });
  return {
    key,
    node: placed(key, node),
    read: () => ({ value: parse(input.value) }),
    show: (value) => {
      const text = String(value ?? "");
      const known = [...input.options].some((option) => option.value === text);
      if (!known) input.append(el("option", { value: text }, text));
      input.value = text;
    },
    complain,
    focus: () => input.focus(),
  };
}

/** A color by eye and by its digits: both show the same. */
export function colorEditor(key, label, { read, hint }) {
  const editor = textEditor(key, label, {
    read,
    hint,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "#1d4ed8",
  });
  const input = editor.node.querySelector("input");
  const picker = el("input.swatch", { type: "color", value: "#1d1c19", "aria-label": `${label}: pick` });
  const follow = () => {
    const { value } = read(input.value);
    if (value) picker.value = value;
  };
  picker.addEventListener("input", () => {
    input.value = picker.value;
    editor.complain(null);
  });
  input.addEventListener("input", follow);
  const both = el("div.color-row", {});
  input.replaceWith(both);
  both.append(picker, input);
  const show = (value) => {
    editor.show(value);
    follow();
  };
  return { ...editor, show };
}

/** A checkbox that means true. */
export function switchEditor(key, label, { hint, off = false }) {
  const input = el("input", {
    type: "checkbox",
    role: "switch",
    id: `setting-${key}`,
    "aria-describedby": `hint-${key} fault-${key}`,
  });
  const group = el(
    "div.field.switch-field",
    {},
    el("label", {}, input, el("span", {}, label)),
    el("p.hint", { id: `hint-${key}` }, hint),
  );
  const complain = complainer(key, group);
  return {
    key,
    node: placed(key, group),
    read: () => ({ value: input.checked !== off }),
    show: (value) => {
      input.checked = Boolean(value) !== off;
    },
    complain,
    focus: () => input.focus(),
  };
}

/** The languages that customers can choose. */
export function languagesEditor(key, label, { read, names, hint }) {
  const inputs = LANGUAGES.map((language) => el("input", { type: "checkbox", value: language }));
  const chips = inputs.map((input) => el("label.chip", {}, input, names[input.value]));
  return groupEditor(key, label, {
    hint,
    parts: [el("div.chips", {}, chips)],
    read: () => read(inputs.filter(({ checked }) => checked).map(({ value }) => value)),
    show: (value) => {
      for (const input of inputs) input.checked = (value ?? []).includes(input.value);
    },
    focus: () => inputs[0].focus(),
  });
}

/** A text in each language. */
export function textsEditor(key, label, { read, names, hint }) {
  const areas = LANGUAGES.map((language) => {
    const attributes = { tag: "textarea", rows: 3, lang: language };
    const { node, input } = field(names[language], attributes);
    return { language, node, input };
  });
  return groupEditor(key, label, {
    hint,
    parts: areas.map(({ node }) => node),
    read: () => {
      const texts = areas.map(({ language, input }) => [language, input.value]);
      return read(Object.fromEntries(texts));
    },
    show: (value) => {
      for (const { language, input } of areas) input.value = value?.[language] ?? "";
    },
    focus: () => areas[0].input.focus(),
  });
}

/** Dates to add and to take away. */
export function datesEditor(key, label, { read, hint, nameOf }) {
  let dates = [];
  const list = el("ul.dates", { "aria-label": label });
  const input = el("input.input", { type: "date", "aria-label": "Date to close" });
  const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
  const draw = () => fill(list, dates.map((date) => el("li", {}, nameOf(date), removal(date))));
  const removal = (date) => {
    const remove = () => {
      dates = dates.filter((other) => other !== date);
      draw();
      changed();
      input.focus();
    };
    const props = { type: "button", "aria-label": `Remove ${nameOf(date)}`, onclick: remove };
    return el("button.button.plain.round", props, icon("cross"));
  };
  const add = () => {
    const { value, fault } = read([...dates, input.value]);
    if (fault) return editor.complain("Choose a date first.");
    dates = value;
    input.value = "";
    draw();
    changed();
  };
  const editor = groupEditor(key, label, {
    hint,
    parts: [
      list,
      el(
        "div.add-row",
        {},
        input,
        el("button.button.compact", { type: "button", onclick: add }, icon("plus"), "Add date"),
      ),
    ],
    read: () => read(dates),
    show: (value) => {
      dates = [...(value ?? [])];
      draw();
    },
    focus: () => input.focus(),
  });
  return editor;
}

/** Several inputs that are one setting, as a group with a name, a hint and a place for its fault. */
export function groupEditor(key, label, { hint = null, parts, read, show, focus }) {
  const group = el(
    "fieldset.field",
    { "aria-describedby": `hint-${key} fault-${key}` },
    el("legend", {}, label),
    hint && el("p.hint", { id: `hint-${key}` }, hint),
    parts,
  );
  const complain = complainer(key, group);
  return { key, node: placed(key, group), read, show, complain, focus };
}

function complainer(key, group) {
  const fault = el("p.field-error", { id: `fault-${key}`, hidden: true });
  group.append(fault);
  group.addEventListener("input", () => complain(null));
  const complain = (text) => {
    fault.hidden = !text;
    fill(fault, text && [icon("alert"), text]);
    group.toggleAttribute("data-invalid", Boolean(text));
  };
  return complain;
}

/** So that the checklist's links and the tests find it. */
function placed(key, node) {
  node.id = key;
  node.dataset.setting = key;
  return node;
}
