"""What the index of all jobs holds of a job, and which jobs a question asks for.

    Entry       what the index says about one job: its card, its whole phone number, its moment
    term        a value that a job is listed under: `status:completed`, `word:sofa`
    Question    what a person asks; its terms select the lists, `matches` decides

Each list is ordered by `Entry.at`. A list that grows with the business is kept in weeks, so that no
read grows with it; one that belongs to a person, such as a phone number, is kept whole.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from statemachine.flows import Flow
from statemachine.history.job_figures import JobFigures, ReportFacts, facts_of, same_reason
from statemachine.job.job import Job
from statemachine.job.prices import LoadSize, PaymentMethod, PriceCents
from statemachine.money.job_money import is_paid, owed_cents
from statemachine.values.values import PHONE_PATTERN, Frozen, JobId, Name, Utc
from statemachine.views.views import PHONE_END, Card, card_of

PREFIXES = (3, 6)
"""A word is listed under its first letters, in these lengths: what is typed may be its beginning.
Shorter words are compared, but not listed."""
PHONE_START = 6
"""How many digits of a number without its country code select a list: the area code and three."""
MOST_WORDS = 24
"""How many words of a job are listed. Name and address come first, then the load."""
MOST_WORD_LISTS = 3
"""How many words of a question select lists."""
NUMBER = re.compile(r"[\d\s().+-]+", re.ASCII)
FEWEST_DIGITS = 4
"""Fewer digits of a phone number are no question: too many numbers have them."""

NO_ONE = "-"
"""Asks for jobs without crew, or without truck."""
EVERY = "every"
"""The term of every job."""
WHOLE = ("phone:", "phone-end:", "phone-start:")
"""The terms whose lists are kept whole."""


class Entry(Card):
    """What the index says about one job. Private, like the board."""

    phone: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None
    at: Utc
    """The beginning of the arrival window, or the booking if there is no window."""
    load_size: LoadSize | None = None
    paid: bool = False
    """Something was paid, and nothing is owed."""
    facts: ReportFacts = ReportFacts()

    @property
    def owes(self) -> bool:
        """A price that is not paid in full; whether or not the job is done."""
        return owed_cents(self.price_cents, self.facts.paid_cents) > 0

    def card(self) -> Card:
        """What the board says about the job, without the whole number."""
        return Card.model_validate({name: getattr(self, name) for name in Card.model_fields})

    def figures(self) -> JobFigures:
        """What a report counts of the job."""
        return JobFigures(
            job_id=self.job_id,
            at=self.at,
            flow=self.flow,
            status=self.status,
            crew=tuple(each.member for each in self.crew),
            truck=self.truck,
            load_size=self.load_size,
            price_cents=self.price_cents,
            window_end=self.schedule.window_end,
            **self.facts.__dict__,
        )


def entry_of(job: Job, flow: Flow) -> Entry:
    return Entry.model_validate(
        card_of(job, flow).__dict__
        | {
            "phone": job.customer.phone,
            "at": job.schedule.window_start or job.created_at,
            "load_size": job.load_size,
            "paid": is_paid(job),
            "facts": facts_of(job, flow),
        }
    )


class Question(Frozen):
    """Every value that is given has to fit. Words match from their beginning, without accents and
    case, in any order."""

    job_id: JobId | None = None
    words: str = ""
    """Words of customer, address, load, and crew; or the last digits of the phone number."""
    since: Utc | None = None
    until: Utc | None = None
    """Jobs whose `at` is before this."""
    statuses: tuple[Name, ...] = ()
    """One of these."""
    flow: Name | None = None
    crew: Name | Literal["-"] | None = None
    """A member of the crew, by account; NO_ONE: without crew."""
    truck: Name | Literal["-"] | None = None
    price_from: PriceCents | None = None
    price_to: PriceCents | None = None
    """Including this price. A job without a price fits neither limit."""
    paid: bool | None = None
    """False: a price that is not paid in full. A job without price and payment is neither."""
    load_size: LoadSize | None = None
    method: PaymentMethod | None = None
    """Paid like that, perhaps in part."""
    on_time: bool | None = None
    """Whether the crew was there before the end of the window, if there was one."""
    failed: bool | None = None
    """Whether an attempt failed."""
    cancelled_for: str = ""
    failed_for: str = ""
    """The whole reason, whatever its case, cut to the length that reports have."""
    left: tuple[Name, ...] = ()
    """Statuses, one of which the job was in and has left."""
    phone: str = ""
    """A whole number, its beginning with the area code, or at least four of its last digits."""
    customer: str = ""
    address: str = ""
    load: str = ""


def matches(entry: Entry, question: Question) -> bool:
    at, price = entry.at, entry.price_cents
    return (
        question.job_id in (None, entry.job_id)
        and (question.since is None or question.since <= at)
        and (question.until is None or at < question.until)
        and (not question.statuses or entry.status in question.statuses)
        and question.flow in (None, entry.flow)
        and (question.crew is None or question.crew in _members(entry))
        and question.truck in (None, entry.truck or NO_ONE)
        and (question.price_from is None or (price is not None and price >= question.price_from))
        and (question.price_to is None or (price is not None and price <= question.price_to))
        and (question.paid is None or (entry.paid if question.paid else entry.owes))
        and _fits_facts(entry, question)
        and (not question.phone or phone_fits(entry.phone, question.phone))
        and _has(words_of(entry.customer), question.customer)
        and _has(words_of(entry.address), question.address)
        and _has(words_of(entry.load or ""), question.load)
        and _has(_all_words(entry), question.words)
    )


def _members(entry: Entry) -> set[str]:
    return {each.member for each in entry.crew} or {NO_ONE}


def _fits_facts(entry: Entry, question: Question) -> bool:
    facts, cancelled, failed = entry.facts, question.cancelled_for, question.failed_for
    return (
        question.load_size in (None, entry.load_size)
        and (question.method is None or question.method in facts.methods)
        and (question.on_time is None or entry.figures().on_time is question.on_time)
        and question.failed in (None, bool(facts.failed_for))
        and (not cancelled or same_reason(facts.cancelled_for or "", cancelled))
        and (not failed or any(same_reason(each, failed) for each in facts.failed_for))
        and (not question.left or not facts.minutes.keys().isdisjoint(question.left))
    )


def terms_of(entry: Entry) -> frozenset[str]:
    """Every term that the entry is listed under. A change of this needs `haul index rebuild`."""
    terms = {EVERY, f"status:{entry.status}", f"flow:{entry.flow}"}
    terms |= {_paid_term(entry.paid)} if entry.paid or entry.owes else set()
    terms |= {f"crew:{each.member}" for each in entry.crew}
    terms |= {f"truck:{entry.truck}"} if entry.truck else set()
    words = list(dict.fromkeys(word for word in _all_words(entry) if len(word) >= PREFIXES[0]))
    terms |= {f"word:{start}" for word in words[:MOST_WORDS] for start in _starts(word)}
    if entry.phone:
        terms |= {
            f"phone:{entry.phone}",
            f"phone-end:{entry.phone[-PHONE_END:]}",
            f"phone-start:{national(entry.phone)[:PHONE_START]}",
        }
    return frozenset(terms)


def lists_of(question: Question) -> tuple[tuple[str, ...], ...]:
    """For each condition that selects lists, the terms of which a job must have one.

    If a list is kept whole, it alone: it is short. Each list costs a read for every week, so only
    the longest words have theirs; `matches` compares the others.
    """
    if phone := _phone_term(question.phone):
        return ((phone,),)
    single = (("crew", question.crew), ("truck", question.truck), ("flow", question.flow))
    typed = " ".join((question.words, question.customer, question.address, question.load))
    lists: list[tuple[str, ...]] = [
        (f"{kind}:{value}",) for kind, value in single if value not in (None, NO_ONE)
    ]
    words = [word for word in words_of(typed) if len(word) >= PREFIXES[0]]
    starts = sorted(dict.fromkeys(map(_longest_start, words)), key=len, reverse=True)
    lists += [(f"word:{start}",) for start in starts[:MOST_WORD_LISTS]]
    if question.paid is not None:
        lists.append((_paid_term(question.paid),))
    if question.statuses:
        lists.append(tuple(f"status:{status}" for status in dict.fromkeys(question.statuses)))
    return tuple(lists) or ((EVERY,),)


def is_whole(term: str) -> bool:
    return term.startswith(WHOLE)


def phone_in(text: str) -> str:
    """The digits, if `text` can only be a phone number or its end; empty otherwise."""
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    return digits if NUMBER.fullmatch(text) and len(digits) > PHONE_START else ""


def phone_fits(phone: str | None, wanted: str) -> bool:
    """Whether `wanted` is the number, its last digits, or its beginning after the country code."""
    digits = re.sub(r"\D", "", wanted, flags=re.ASCII)
    if phone is None or len(digits) < FEWEST_DIGITS:
        return False
    return phone.endswith(digits) or national(phone).startswith(_without_country(digits))


def national(phone: str) -> str:
    """The digits of a number without the country code of North America."""
    return phone.removeprefix("+1") if phone.startswith("+1") else phone.removeprefix("+")


def _without_country(digits: str) -> str:
    """No area code begins with 1."""
    return digits.removeprefix("1")


def _phone_term(wanted: str) -> str | None:
    """The list that a number, its beginning, or its end selects; the shortest there is."""
    digits = re.sub(r"\D", "", wanted, flags=re.ASCII)
    if len(digits) < FEWEST_DIGITS:
        return None
    start = _without_country(digits)
    if wanted.strip().startswith("+") or len(start) == 10:
        return f"phone:+1{start}" if len(start) == 10 else f"phone:+{digits}"
    if len(start) >= PHONE_START and len(start) < 10 and len(digits) != 7:
        return f"phone-start:{start[:PHONE_START]}"
    return f"phone-end:{digits[-PHONE_END:]}"


def normalized(text: str) -> str:
    """`jose` for `José`; full-width and other variants of a letter become the plain letter."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", normalized(text))


def _all_words(entry: Entry) -> Iterator[str]:
    """In the order in which they are listed."""
    crew = (each.first_name for each in entry.crew)
    for text in (entry.phone_end or "", entry.customer, entry.address, *crew, entry.load or ""):
        yield from words_of(text)


def _has(words: Iterable[str], wanted: str) -> bool:
    """Whether every word of `wanted` is the beginning of one of `words`."""
    found = list(words)
    return all(any(word.startswith(each) for word in found) for each in words_of(wanted))


def _paid_term(paid: bool) -> str:
    return "paid:yes" if paid else "paid:no"


def _starts(word: str) -> set[str]:
    return {word[:length] for length in PREFIXES if len(word) >= length}


def _longest_start(word: str) -> str:
    return word[: max(length for length in PREFIXES if len(word) >= length)]
