"""`docs/texts.md` on the real engine: every line is played, in both languages, and what the
phones read is compared word for word.

A line is the change of a stored job and the facts that are announced after it. All lines are played
at once, step by step, and the phones are read once at the end.
"""

import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events import FACTS_SOURCE, Fact
from functions.aws.queues import SqsDelayedMessages
from functions.aws.s3_stores import S3Tenants
from functions.jobs.facts import edited_fact, fact_of_entry
from functions.messages.sms_request import SmsRequest
from local.laptop import Laptop
from statemachine.business.business import NEVER_QUIET, BusinessSettings
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Customer, Job
from statemachine.job.visit import VisitAnswer
from statemachine.messages import sms_docs
from statemachine.messages.sms_texts import HOW_TO_STOP, REMINDERS
from statemachine.messages.sms_wording import DAYS, MONTHS
from statemachine.rules.edits import edited
from statemachine.values.values import LANGUAGES, Language
from tests.e2e.support.jobs import jobs_of, until, wait_until_queues_are_empty
from tests.e2e.test_messages import window_in
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_texts_table import words
from tests.support.builders import CUSTOMER, a_job, an_edit, moved

pytestmark = pytest.mark.engine

PLAN = window_in(days=2)
NO_WINDOW = {"window_start": None, "window_end": None}
AT_FIVE, AT_SIX = (f"{PLAN['window_start'][:10]}T{hour}:00:00Z" for hour in (17, 18))
EDITS: dict[str, list[dict[str, Any]]] = {
    "scheduled": [{"schedule": PLAN}],
    "rescheduled": [{"schedule": PLAN}],
    "asked_again": [{"schedule": PLAN}],
    "unscheduled": [{"schedule": NO_WINDOW}],
    "late": [{"schedule": {"eta": AT_FIVE}}],
    "sooner": [{"schedule": {"eta": AT_SIX}}, {"schedule": {"eta": AT_FIVE}}],
    "on_my_way": [{"approach": "on_my_way", "schedule": {"eta": AT_FIVE}}],
    "arriving": [{"approach": "arriving"}],
    "other_time": [{"visit_answer": VisitAnswer(state="other_time")}],
    "crew_changed": [{"crew": [{"role": "driver", "member": "lena"}]}],
}
"""What is edited after the customer was told of the job, one edit after another."""
TOLD_BEFORE: dict[str, dict[str, Any]] = {
    "scheduled": NO_WINDOW,
    "rescheduled": window_in(days=3),
    "asked_again": window_in(days=3),
}
"""The window that was told, where it is not PLAN."""

Step = tuple[Job, list[Fact]]


@dataclass
class Line:
    """One line of the page in one language. `steps` are the job as it is stored and what is then
    announced; only the last one is what the line is about."""

    section: str
    change: str
    language: Language
    phone: str
    steps: list[Step]
    reminder: str | None = None
    is_first: bool = False
    """Whether its text is the first to that number."""
    wanted: list[str] = field(default_factory=list)

    @property
    def texts(self) -> int:
        """How many texts the number gets until and with this line: one from each step."""
        return sum(job.customer.phone == self.phone for job, _ in self.steps)


class Table:
    """All lines, each with a job and a phone number of its own."""

    def __init__(self, business: str, reminding: str) -> None:
        self.business, self.reminding, self.number = business, reminding, 0
        self.now = datetime.now(UTC)

    def lines(self) -> Iterator[Line]:
        for language in LANGUAGES:
            for name in flow_names():
                yield from self._of_flow(name, language)
            for kind in EDITS:
                yield self._edit(kind, language)
            yield self._link(language)
            for kind in sorted(REMINDERS):
                yield self._reminder(kind, language)

    def _job(
        self, flow: str, language: Language, window: dict[str, Any], status: str | None = None
    ) -> Job:
        """A job that has just come to its status."""
        self.number += 1
        phone = f"+1555557{self.number:04}"
        job = a_job(
            status, flow, job_id=f"261121-{self.number:06}", tenant=self.business,
            customer=Customer(name="Ada Wong", phone=phone, language=language),
            token=sms_docs.LINK.rpartition("/")[2],
        )  # fmt: skip
        schedule = job.schedule.with_(**window)
        return self._now(job.with_(schedule=schedule, created_at=self.now))

    def _now(self, job: Job) -> Job:
        last = tuple(entry.with_(recorded_at=self.now) for entry in job.ledger[-1:])
        return settled(job.with_(entered_at=self.now, ledger=(*job.ledger[:-1], *last)))

    def _of_flow(self, name: str, language: Language) -> Iterator[Line]:
        flow = load_flow(name)
        section = f"{flow.label.en} (`{name}`)"
        job = self._job(name, language, PLAN | {"eta": AT_FIVE})
        yield _line(section, "booking", job, [(job, [fact_of_entry(job, flow, 0)])])
        for move in flow.moves:
            for origin in move.origins:
                before = self._job(name, language, PLAN | {"eta": AT_FIVE}, origin)
                job = self._now(moved(before, move.name))
                step = (job, [fact_of_entry(job, flow, job.seq)])
                yield _line(section, f"`{move.name}` from `{origin}`", job, [step])

    def _told(self, language: Language, window: dict[str, Any], status: str) -> Step:
        flow = load_flow("haul")
        job = self._job("haul", language, window, status)
        return job, [fact_of_entry(job, flow, job.seq)]

    def _edit(self, kind: str, language: Language) -> Line:
        flow = load_flow("haul")
        steps = [self._told(language, TOLD_BEFORE.get(kind, PLAN), "ready_for_pickup")]
        for number, changes in enumerate(EDITS[kind]):
            before = steps[-1][0]
            job = self._edited(before, number, by_customer=kind == "asked_again", **changes)
            facts: list[Fact] = [edited_fact(job, job.edits[-1])]
            if job.seq > before.seq:
                facts.insert(0, fact_of_entry(job, flow, job.seq))
            steps.append((job, facts))
        return _line("", f"`{kind}`:", steps[-1][0], steps, is_first=False)

    def _edited(self, job: Job, number: int, by_customer: bool = False, **changes: Any) -> Job:
        """Each edit is an hour after the text before it, however fast the lines are played."""
        now = self.now + timedelta(hours=number)
        by = {"actor": CUSTOMER} if by_customer else {}
        named = {"event_id": f"edit-{number}", "occurred_at": now} | by
        request = an_edit(job, **changes).model_copy(update=named)
        return settled(edited(job, request, now, by_dispatcher=True))

    def _link(self, language: Language) -> Line:
        """The number is corrected after a move that has no text."""
        done = self._told(language, PLAN, "completed")
        self.number += 1
        phone = f"+1555557{self.number:04}"
        reopened = self._now(moved(done[0], "reopen"))
        corrected = Customer(name="Ada Wong", phone=phone, language=language)
        job = self._edited(reopened, 0, customer=corrected)
        return _line("", "`link`:", job, [done, (job, [edited_fact(job, job.edits[-1])])])

    def _reminder(self, kind: str, language: Language) -> Line:
        job = self._job("haul", language, PLAN, "ready_for_pickup").with_(tenant=self.reminding)
        assert job.schedule.window_start
        mark = f"{kind}-{job.schedule.window_start:%Y%m%dT%H%M}"
        line = _line("", f"`{kind}`:", job, [(job, [])])
        line.reminder = mark
        return line


def _line(section: str, change: str, job: Job, steps: list[Step], is_first: bool = True) -> Line:
    assert job.customer.phone
    return Line(section, change, job.customer.language, job.customer.phone, steps, None, is_first)


def texts_of(line: Line, edge: str) -> list[str]:
    """What the page says, with the window, the ETA, and the link of the job."""
    (texts,) = (
        texts
        for (section, change), texts in words().items()
        if line.section in section and change.startswith(line.change)
    )
    text = texts[LANGUAGES.index(line.language)]
    day = datetime.fromisoformat(PLAN["window_start"])
    english = f"{day:%a}, {day:%b} {day.day}"
    spanish = f"{DAYS['es'].split()[day.weekday()]} {day.day} {MONTHS['es'].split()[day.month - 1]}"
    for said, here in {
        "for Sat, Nov 21, 9:00 AM-1:00 PM": f"for {english}, 2:00-4:00 PM",
        "para el sab 21 nov, 09:00-13:00": f"para el {spanish}, 14:00-16:00",
        "expected around 2:00-2:15 PM": f"expected around {english}, 5:00-5:15 PM",
        "prevista hacia las 14:00-14:15": f"prevista el {spanish} hacia las 17:00-17:15",
        "https://haul.example": edge,
    }.items():
        text = text.replace(said, here)
    if not text:
        return []
    return [f"{text} {HOW_TO_STOP.get(line.language)}" if line.is_first else text]


def play(stack: Laptop, lines: list[Line]) -> None:
    """The jobs are stored and announced, all first steps and then all second ones.

    Reminders go first: the watchdog, which is running, also sends these customers the text of the
    status that no one has announced, some time later.
    """
    jobs, reminded = jobs_of(stack), [line for line in lines if line.reminder]
    lines = [line for line in lines if not line.reminder]

    def store(job: Job, number: int) -> None:
        if number == 0:
            jobs.create(job)
        else:
            jobs.replace(job, jobs.read(job.tenant, job.job_id).etag)

    with ThreadPoolExecutor(8) as stored:
        list(stored.map(lambda line: store(line.steps[0][0], 0), reminded))
        remind(stack, reminded)
        for number in range(max(len(line.steps) for line in lines)):
            now = [line.steps[number] for line in lines if len(line.steps) > number]
            list(stored.map(lambda job: store(job, number), [job for job, _ in now]))  # noqa: B023 - called in this turn
            announce(stack, (fact for _, facts in now for fact in facts))
            told = [step[number][0].customer.phone for step in waiting_at(lines, number)]
            until(
                lambda: phones_read(stack),
                lambda got: all(len(got.get(phone or "", [])) > number for phone in told),  # noqa: B023 - called in this turn
            )


def remind(stack: Laptop, lines: list[Line]) -> None:
    url = stack.client("sqs").get_queue_url(QueueName="haulway-local-send-sms")["QueueUrl"]
    due = [
        SmsRequest(line.steps[0][0].tenant, line.steps[0][0].job_id, line.reminder).message()
        for line in lines
        if line.reminder
    ]
    SqsDelayedMessages(stack.client("sqs"), url).put_all(due)


def waiting_at(lines: list[Line], number: int) -> list[list[Step]]:
    """The steps of those that go on after this one, which has told the customer something."""
    return [line.steps for line in lines if len(line.steps) > number + 1]


def announce(stack: Laptop, facts: Iterable[Fact]) -> None:
    entries = [
        {
            "EventBusName": stack.outputs["BusName"],
            "Source": FACTS_SOURCE,
            "DetailType": type(fact).__name__,
            "Detail": fact.model_dump_json(exclude_none=True),
        }
        for fact in facts
    ]
    for start in range(0, len(entries), 10):
        stack.client("events").put_events(Entries=entries[start : start + 10])


def phones_read(stack: Laptop) -> dict[str, list[str]]:
    answer = stack.engine.ask("GET", "/_ministack/sns/sms-messages").json()["sms_messages"]
    return {phone: [each["Message"] for each in texts] for phone, texts in answer.items()}


def a_business(stack: Laptop, **settings: Any) -> str:
    name = f"t{uuid.uuid4().hex[:8]}"
    business = BusinessSettings(
        tenant=name, name="Quick Haul", quiet=NEVER_QUIET, time_zone="UTC", **settings
    )
    S3Tenants(stack.client("s3"), stack.outputs["JobsBucket"]).add(business)
    return name


def test_every_line_of_the_page_is_what_the_customer_reads(stack: Laptop) -> None:
    reminding = a_business(stack, remind_day_before=True, remind_hours_before=1)
    lines = list(Table(a_business(stack, text_crew_changes=True), reminding).lines())
    assert {line.change.strip(":") for line in lines if not line.section} == {
        f"`{kind}`" for kind in sms_docs.WHEN
    }
    noted = stack.client("ssm").get_parameter(Name="/haulway/local/edge-url")["Parameter"]["Value"]
    wanted = {line.phone: texts_of(line, noted) for line in lines}
    play(stack, lines)
    speaking = [line for line in lines if wanted[line.phone]]
    until(
        lambda: phones_read(stack),
        lambda got: all(len(got.get(line.phone, [])) >= line.texts for line in speaking),
    )
    wait_until_queues_are_empty(stack)
    got = phones_read(stack)
    last = {line.phone: said_by(line, got.get(line.phone, [])) for line in lines}
    assert {phone: texts for phone, texts in last.items() if texts != wanted[phone]} == {}


def said_by(line: Line, texts: list[str]) -> list[str]:
    """Of all texts to the number, what the line is about."""
    if line.reminder:
        return texts[:1]
    return texts if line.is_first else texts[-1:]
