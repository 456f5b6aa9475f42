// One job on the crew page. Closed, it shows when, who, and where; open, everything else.

import { lackingFor, movesOf, statusOf } from "/crew/state/crew_day.js";
import { el, statusColour } from "/shared/ui/elements.js";
import { localized } from "/shared/ui/i18n.js";
import { icon } from "/shared/ui/icons.js";
import { owedIn } from "/shared/jobs/payment.js";
import { moneyText } from "/shared/ui/money.js";
import { clockText, msOf, windowText } from "/shared/ui/time.js";
import { approachPart } from "./visit_parts.js";

/**
 * `shown`: `open` (the details are shown), `unfolded` (the other moves are shown), `resting` (the job
 * was moved a moment ago), `truck` (the truck's name), `does` (the actions: toggle, unfold, move,
 * approach, note, late, load, pay, photo), and `pictureOf(photo)` (the address of a photo).
 */
export function jobCard(job, shown) {
  const { flow, kind, truck, open, unfolded, resting, spoken, does, pictureOf } = shown;
  const status = statusOf(job, flow);
  return el(
    "article.panel.job.toned",
    {
      vars: statusColour(status?.colour),
      "aria-label": job.customer.name,
      "data-testid": "job",
      "data-job": job.job_id,
      "data-status": job.status,
    },
    head(job, { flow, status, open, spoken, does }),
    open && [
      contact(job, truck, spoken),
      earlyMoves(job, flow, spoken),
      nextMove(job, { flow, kind, status, resting, spoken, does }),
      approachPart(job, { flow, spoken, does }),
      !status?.end && tools(job, { spoken, does }),
      status?.end !== "cancelled" && money(job, { spoken, does }),
      notes(job, spoken),
      pictures(job, { spoken, pictureOf }),
      otherMoves(job, { flow, kind, unfolded, spoken, does }),
    ],
  );
}

function head(job, { status, open, spoken, does }) {
  const { t, language, zone } = spoken;
  const { schedule = {} } = job;
  const when = windowText(schedule, language, zone);
  const eta = schedule.eta && t("eta", { time: clockText(schedule.eta, language, zone) });
  return el(
    "h3.job-head",
    {},
    el(
      "button",
      {
        type: "button",
        "aria-expanded": String(open),
        onclick: () => does.toggle(job),
        "data-focus": `head-${job.job_id}`,
      },
      el("span.job-when.numbers", {}, when ?? t("undated"), eta && ` · ${eta}`),
      el("bdi.job-who", {}, job.customer.name),
      el("bdi.job-where.quiet", {}, job.place.address),
      el(
        "span.job-marks",
        {},
        el(
          "span.pill",
          { "data-testid": "status" },
          icon(status?.icon),
          localized(status?.label, language) || job.status,
        ),
        job.queued.length > 0 &&
          el("span.unsent", { "data-testid": "unsent" }, icon("clock"), t("unsent")),
      ),
    ),
  );
}

function contact(job, truck, { t }) {
  const { phone } = job.customer;
  const crew = job.crew.map(({ first_name }) => first_name).join(", ");
  return [
    el(
      "div.contact",
      {},
      phone && el("a.button", { href: `tel:${phone}` }, icon("phone"), t("call")),
      el("a.button", { href: directionsTo(job.place.address) }, icon("pin"), t("directions")),
    ),
    job.place.gate_code &&
      el(
        "p.gate-code",
        { "data-testid": "gate" },
        el("span.quiet", {}, t("gate_code")),
        el("strong.numbers", {}, job.place.gate_code),
      ),
    el(
      "p.small.quiet",
      {},
      [crew && `${t("crew")}: ${crew}`, truck && t("truck", { truck })]
        .filter(Boolean)
        .join(" · "),
    ),
  ];
}

/** The phone's maps app: `maps:` on Apple devices, `geo:` on all others. */
function directionsTo(address) {
  const place = encodeURIComponent(address);
  const apple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  return apple ? `maps:?daddr=${place}` : `geo:0,0?q=${place}`;
}

function nextMove(job, { flow, kind, status, resting, spoken, does }) {
  const { t, language } = spoken;
  const { next } = movesOf(job, flow, kind);
  if (next === null) return el("p.quiet", {}, t(status?.end ? "ended" : "no_next"));
  const lacking = lackingFor(next, job);
  const needs = lacking.map((what) => t(`need_${what}`)).join(", ");
  return el(
    "div.next",
    {},
    el(
      "button.button.main.next-move",
      {
        type: "button",
        disabled: lacking.length > 0,
        "aria-disabled": resting ? "true" : null,
        "aria-describedby": lacking.length > 0 ? `needs-${job.job_id}` : null,
        onclick: () => does.move(job, next),
        "data-focus": `next-${job.job_id}`,
        "data-testid": "next",
      },
      localized(next.label, language),
    ),
    lacking.length > 0 && el("p.small", { id: `needs-${job.job_id}` }, t("needs", { list: needs })),
  );
}

function tools(job, { spoken, does }) {
  const { t } = spoken;
  const tool = (name, sign, text, act) =>
    el(
      "button.button",
      { type: "button", onclick: act, "data-focus": `${name}-${job.job_id}`, "data-testid": name },
      icon(sign),
      text,
    );
  const size = t(`load_${job.load_size ?? "none"}`);
  return el(
    "div.tools",
    {},
    tool("photo-before", "plus", t("act_photo_before"), () => does.photo(job, "before")),
    tool("photo-after", "plus", t("act_photo_after"), () => does.photo(job, "after")),
    tool("note", "note", t("add_note"), () => does.note(job)),
    tool("late", "clock", t("late"), () => does.late(job)),
    tool("load", "scale", `${t("load")}: ${size}`, () => does.load(job)),
  );
}

/** How it was paid, and what is still to be collected. */
function money(job, { spoken, does }) {
  const { t, language, currency } = spoken;
  const text = (cents) => moneyText(cents, currency, language);
  const paid = (job.payments ?? []).map(({ amount_cents, method }) => {
    const told = { amount: text(amount_cents), how: t(`by_${method}`).toLowerCase() };
    return el("p.money", { "data-testid": "paid" }, icon("check"), t("paid", told));
  });
  return [paid, owes(job) && toCollect(owedIn(job), text, { job, t, does })];
}

/** Whether there is something to collect, or no price yet. */
function owes(job) {
  return owedIn(job) !== 0 || (job.payments ?? []).length === 0;
}

function toCollect(owed, text, { job, t, does }) {
  return el(
    "div.money",
    { "data-testid": "unpaid" },
    el("strong", {}, owed === null ? t("no_price") : t("to_collect", { amount: text(owed) })),
    el(
      "button.button",
      {
        type: "button",
        onclick: () => does.pay(job),
        "data-focus": `pay-${job.job_id}`,
        "data-testid": "pay",
      },
      icon("price"),
      t("pay"),
    ),
  );
}

/** The notes, among them what the customer texted, and what the office answered, in their order. */
function notes(job, { t, language, zone }) {
  const noted = job.notes.map((note) => ({ ...note, at: note.occurred_at ?? note.recorded_at }));
  const told = job.office_texts.map((text) => ({ ...text, told: true }));
  const all = [...noted, ...told].sort((one, other) => msOf(one.at) - msOf(other.at));
  const lines = all.map(({ text, at, told, queued }) =>
    el(
      "li",
      {},
      told && `${t("to_customer")}: `,
      text,
      el("span.small.quiet", {}, ` ${clockText(at, language, zone)}`),
      queued && el("span.unsent.small", {}, icon("clock"), t("unsent")),
    ),
  );
  return el(
    "section.part",
    { "aria-label": t("notes"), "data-testid": "notes" },
    el("h4", {}, t("notes")),
    lines.length > 0 ? el("ul", {}, lines) : el("p.small.quiet", {}, t("no_notes")),
  );
}

function pictures(job, { spoken, pictureOf }) {
  const { t, language, zone } = spoken;
  const photos = job.photos ?? [];
  if (photos.length === 0) return null;
  const one = (photo) => {
    const time = clockText(photo.taken_at, language, zone);
    const kind = t(`photo_${photo.kind}`);
    return el(
      "li",
      { "data-testid": "photo", "data-queued": String(photo.queued === true) },
      el("img", {
        src: pictureOf(photo),
        alt: t("photo_of", { kind: kind.toLowerCase(), time }),
        loading: "lazy",
      }),
      el("span.small", {}, kind, photo.queued && [" · ", t("unsent")]),
    );
  };
  return el(
    "section.part",
    { "aria-label": t("photos") },
    el("h4", {}, t("photos")),
    el("ul.pictures", {}, photos.map(one)),
  );
}

/** Early moves that are still waiting, and the last one that waited too long. */
function earlyMoves(job, flow, { t, language }) {
  const named = (name) =>
    localized(flow?.moves.find((move) => move.name === name)?.label, language) || String(name ?? "");
  const kept = (job.early_moves ?? []).map(({ move }) => t("held", { move: named(move) }));
  const last = (job.refusals ?? []).at(-1);
  const lost =
    last?.why === "kept_too_long" && last.status === job.status
      ? [t("given_up", { move: named(last.move) })]
      : [];
  return [...kept, ...lost].map((text) =>
    el("div.notice.warn", { "data-testid": "held" }, icon("clock"), el("p", {}, text)),
  );
}

function otherMoves(job, { flow, kind, unfolded, spoken, does }) {
  const { others } = movesOf(job, flow, kind);
  if (others.length === 0) return null;
  const { t, language } = spoken;
  return el(
    "details.more",
    {
      "data-testid": "more",
      open: unfolded,
      ontoggle: ({ target }) => does.unfold(job, target.open),
    },
    el("summary", { "data-focus": `more-${job.job_id}` }, t("more")),
    el(
      "div.stack",
      {},
      others.map((move) =>
        el(
          "button.button.wide",
          { type: "button", onclick: () => does.move(job, move) },
          localized(move.label, language),
        ),
      ),
    ),
  );
}
