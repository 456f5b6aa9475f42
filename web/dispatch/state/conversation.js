// A conversation with a customer: what the page shows of it, and the texts that are ready to use.

import { msOf } from "../../shared/ui/time.js";

export const READY_REPLIES = {
  en: [
    "We will be there within your arrival window.",
    "We are running a little late, sorry. We will text you when we are on the way.",
    "Could you send us your gate code, or tell us how to get in?",
    "Thanks! We have noted it for the crew.",
    "Please call us, so that we can find another time.",
  ],
  es: [
    "Llegaremos dentro de su horario de llegada.",
    "Vamos con un poco de retraso, disculpe. Le avisaremos cuando vayamos en camino.",
    "¿Nos puede dar el código de la puerta, o decirnos cómo entrar?",
    "¡Gracias! Lo anotamos para el equipo.",
    "Por favor llámenos, para buscar otra hora.",
  ],
};

const SYSTEM_TEXTS = {
  link: "the link to the job",
  scheduled: "the new time",
  rescheduled: "the new time",
  asked_again: "that the new request was received",
  unscheduled: "that there is no time at the moment",
  late: "running late",
  sooner: "coming sooner",
  crew_changed: "the new crew",
  on_my_way: "on the way",
  arriving: "almost there",
  other_time: "the link to choose another time",
  day_before: "the reminder of the day before",
  hours_before: "the reminder of the same day",
};

const STATES = {
  sending: "sending…",
  sent: "sent",
  claimed: "sending…",
  held: "waiting to be sent",
  waiting: "waiting to be sent",
  refused: "not sent: the service refused it",
  failed: "not sent",
  unknown: "perhaps not sent: call if it matters",
};

const COMMANDS = {
  stop: "wants no more texts",
  start: "wants texts again",
  help: "was told how to reach you",
  yes: "confirmed",
  reschedule: "wants another time",
  choice: "chose one of several jobs",
};

/**
 * Messages and system texts in the order of time:
 * {key, from, text, about, at, failed}; `from` is `customer`, `office`, or `system`.
 */
export function entriesOf({ messages, system_texts }, labelOf) {
  const said = messages.map((message) => ({
    key: message.message_id,
    from: message.sender,
    text: message.text || "1 picture. It cannot be shown: our text service does not pass pictures on.",
    about: message.sender === "office" ? officeText(message) : commandText(message),
    at: message.at,
    failed: ["refused", "failed", "unknown"].includes(message.state),
  }));
  const sent = system_texts.map((each) => ({
    key: `${each.job_id} ${each.kind} ${each.at}`,
    from: "system",
    text: `Text by the system: ${SYSTEM_TEXTS[each.kind] ?? labelOf(each.status)}`,
    about: STATES[each.state] ?? each.state,
    at: each.at,
    failed: ["refused", "failed", "unknown"].includes(each.state),
  }));
  return [...said, ...sent].sort((one, other) => msOf(one.at) - msOf(other.at));
}

function officeText({ by, state }) {
  return [by, STATES[state] ?? state].filter(Boolean).join(" · ");
}

function commandText({ meant, to_read }) {
  return to_read ? "" : (COMMANDS[meant] ?? "");
}

/** How many messages there are to read, by job; and in all, with those about no job. */
export function unreadIn(listed) {
  const byJob = new Map();
  for (const { job_id, unread } of listed)
    if (job_id && unread > 0) byJob.set(job_id, (byJob.get(job_id) ?? 0) + unread);
  return { byJob, all: listed.reduce((sum, { unread }) => sum + unread, 0) };
}
