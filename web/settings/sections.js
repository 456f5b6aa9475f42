// The sections of the page and the fields in each, with their words.

import { longDayText } from "/shared/ui/business_time.js";
import { shownPhone } from "/shared/ui/phone_number.js";
import * as values from "/settings/state/setting_values.js";
import {
  dateCapacityEditor,
  loadDurationsEditor,
  weekdayCapacityEditor,
} from "./capacity_editors.js";
import * as choices from "./choices.js";
import * as editors from "./editors.js";
import { priceEditor } from "./price_guide_editor.js";
import { hoursEditor, quietEditor, windowsEditor } from "./time_editors.js";

const LANGUAGE_NAMES = { en: "English", es: "Español" };

/** [{name, title, intro, fields}], made again for each visit. */
export function makeSections() {
  return [
    { name: "business", title: "Business", fields: business() },
    { name: "hours", title: "Hours and windows", fields: hours() },
    { name: "booking", title: "Booking", fields: booking() },
    { name: "prices", title: "Prices", fields: prices() },
    { name: "messages", title: "Messages", fields: messages() },
    { name: "legal", title: "Legal", fields: legal() },
  ];
}

function business() {
  const nameOf = (text) => values.requiredText(text, "What do customers call your business?");
  return [
    editors.textEditor("name", "Name", {
      read: nameOf,
      hint: "Customers see it on every page, and every text message begins with it.",
      maxlength: 60,
      autocomplete: "organization",
    }),
    editors.textEditor("phone", "Phone", {
      read: values.optionalPhone,
      text: shownPhone,
      hint: "The number that “Call us” calls.",
      type: "tel",
      inputmode: "tel",
      autocomplete: "tel",
    }),
    editors.textEditor("legal_name", "Legal name", {
      read: values.optionalText,
      hint: "As it stands in contracts.",
    }),
    editors.textEditor("email", "E-mail", {
      read: values.optionalText,
      hint: "Where mail reaches you. Customers do not see it.",
      type: "email",
      inputmode: "email",
      autocomplete: "email",
    }),
    address("website", "Website", "Linked at the foot of your pages."),
    editors.colorEditor("accent_color", "Accent color", {
      read: values.optionalColor,
      hint: "For buttons and your sign. White text on it has to be readable.",
    }),
    editors.choiceEditor("country", "Country", { options: choices.countries() }),
    editors.choiceEditor("currency", "Currency", { options: choices.currencies() }),
    editors.choiceEditor("time_zone", "Time zone", {
      options: choices.zones(),
      hint: "Every date and time, on every page and in every text, is by this clock.",
    }),
    editors.languagesEditor("languages", "Languages offered", {
      read: values.languagesValue,
      names: LANGUAGE_NAMES,
      hint: "What customers can choose from.",
    }),
    editors.choiceEditor("language", "Main language", {
      options: Object.entries(LANGUAGE_NAMES),
      hint: "For customers who have not chosen one.",
    }),
  ];
}

function hours() {
  return [
    hoursEditor("opening_hours", "Opening hours", {
      read: values.hoursValue,
      hint: "Customers can book on the days when you are open.",
    }),
    editors.datesEditor("closed_dates", "Closed dates", {
      read: values.datesValue,
      hint: "Holidays and other days off. No one can book them online.",
      nameOf: (date) => longDayText(date),
    }),
    windowsEditor("windows", "Arrival windows", {
      read: values.windowsValue,
      hint: "The times that customers choose from. The crew arrives within the window.",
    }),
    weekdayCapacityEditor("slots_by_weekday", "Jobs in a window", {
      read: values.capacityValue,
      hint: "How many jobs each window takes. Empty: as many as your trucks can do. 0 closes it.",
    }),
    dateCapacityEditor("slots_on", "Jobs in a window on single dates", {
      read: values.capacityValue,
      hint: "For days on which the number differs. It counts before the weekday's.",
    }),
  ];
}

function booking() {
  return [
    editors.switchEditor("suspended", "Take bookings online", {
      off: true,
      hint: "Turn it off, and the booking page asks customers to call. Nothing is lost.",
    }),
    editors.choiceEditor("accepts_bookings", "Bookings are accepted", {
      options: choices.ACCEPTANCE,
      hint: "By a dispatcher: customers read that you received their request.",
    }),
    editors.choiceEditor("lead_minutes", "Latest booking", {
      options: choices.TIMES_BEFORE,
      parse: Number,
      hint: "How long before its start a window can still be booked.",
    }),
    editors.textEditor("public_horizon_days", "Days ahead", {
      read: (text) => values.wholeNumber(text, { least: 1, most: 1000 }),
      inputmode: "numeric",
      hint: "How many days ahead customers can book.",
    }),
    editors.textEditor("horizon_days", "Days you plan ahead", {
      read: (text) => values.wholeNumber(text, { least: 1, most: 1000 }),
      inputmode: "numeric",
      hint: "How many days ahead you and your dispatchers can plan jobs.",
    }),
    editors.choiceEditor("reschedule_cutoff_minutes", "Latest change by the customer", {
      options: choices.TIMES_BEFORE,
      parse: Number,
      hint: "How long before its start customers can still move their window. After that they call you.",
    }),
    editors.switchEditor("cancel_reason_required", "Ask why a customer cancels", {
      hint: "Customers cannot cancel without a reason then.",
    }),
    editors.textEditor("link_lifetime_days", "Days a tracking link lasts", {
      read: (text) => values.wholeNumber(text, { least: 1, most: 730 }),
      inputmode: "numeric",
      hint: "How many days after the job's end it still opens the job; for jobs booked from now on.",
    }),
    editors.choiceEditor("default_duration_minutes", "Usual length of a job", {
      options: choices.durations(),
      parse: Number,
      hint: "How long a job takes crew and truck, with the drive.",
    }),
    loadDurationsEditor("load_durations", "Length of a job by its load", {
      read: values.loadDurationsValue,
      durations: choices.durations(),
      hint: "Where the load that a customer expects takes another time.",
    }),
    editors.choiceEditor("flow", "Kind of job", {
      options: choices.FLOWS,
      hint: "The statuses that a job goes through, unless the booking names another kind.",
    }),
    editors.textEditor("service_area", "Service area", {
      read: values.codesValue,
      text: (codes) => codes.join(", "),
      tag: "textarea",
      rows: 2,
      hint: "Postal codes or their beginnings, separated by commas. Empty means everywhere.",
      placeholder: "100, 112, 10301",
    }),
  ];
}

function prices() {
  return [
    priceEditor("price_guide", "Price guide", {
      hint: "Customers get an estimate from it when they book, and the crew's load makes the price. Empty parts of a load follow from the full load. Leave everything empty to show no prices.",
    }),
  ];
}

function messages() {
  return [
    quietEditor("quiet", "Quiet hours", {
      read: values.quietValue,
      hint: "No text is sent then; it waits until they end. The same time twice means none.",
    }),
    editors.textEditor("sms_number", "Number for text messages", {
      read: values.optionalPhone,
      text: shownPhone,
      hint: "A number of your own that this service has set up for texts. Leave it empty to share one.",
      type: "tel",
      inputmode: "tel",
    }),
    editors.switchEditor("remind_day_before", "Remind customers the day before", {
      hint: "The text asks them to confirm or to choose another time.",
    }),
    editors.textEditor("reminder_time", "Reminder at", {
      read: values.clockValue,
      type: "time",
      hint: "On the day before the arrival window.",
    }),
    editors.textEditor("answer_hours", "Hours to answer", {
      read: (text) => values.wholeNumber(text, { least: 1, most: 48 }),
      inputmode: "numeric",
      hint: "After that, the board says to call a customer who has not answered.",
    }),
    editors.textEditor("remind_hours_before", "Reminder before the window, in hours", {
      read: (text) => values.wholeNumber(text, { least: 0, most: 24 }),
      inputmode: "numeric",
      hint: "0 means none.",
    }),
    editors.switchEditor("text_on_my_way", "Text customers when the crew is on its way", {
      hint: "The crew taps a button on its page.",
    }),
    editors.switchEditor("text_crew_changes", "Text customers when their crew changes", {
      hint: "Only those who were told of another crew before.",
    }),
    editors.textEditor("unconfirmed_texts_per_number", "Texts a day to one number", {
      read: (text) => values.wholeNumber(text, { least: 0, most: 1000 }),
      inputmode: "numeric",
      hint: "About bookings that no one has answered for: anyone can fill in the form.",
    }),
    editors.textEditor("unconfirmed_texts_per_day", "Texts a day to all numbers", {
      read: (text) => values.wholeNumber(text, { least: 0, most: 1000 }),
      inputmode: "numeric",
      hint: "About such bookings, and answers to numbers without a job.",
    }),
  ];
}

function legal() {
  return [
    address("privacy_url", "Privacy policy", "Linked on the booking page and at the foot."),
    address("terms_url", "Terms", "Linked on the booking page and at the foot."),
    editors.textsEditor("cancellation_policy", "Cancellation policy", {
      read: values.policyValue,
      names: LANGUAGE_NAMES,
      hint: "Shown before a customer books. For example: Free until the day before; $50 after that.",
    }),
  ];
}

function address(key, label, hint) {
  return editors.textEditor(key, label, {
    read: values.optionalAddress,
    hint,
    inputmode: "url",
    autocapitalize: "none",
    spellcheck: "false",
    placeholder: "https://",
  });
}
