"""Months of texts: every change, lost and doubled facts, process deaths, quiet hours, and both
changes of the clocks. No text twice, none untrue when sent, none missing that was still true.

The rules below read only what reached the phone and the job at that moment, not the deliveries.
"""

import heapq
import os
import random
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from events import Fact, JobEditRequested
from functions.jobs.facts import edited_fact, fact_of_entry
from functions.messages.deliveries import Busy
from functions.messages.expected_messages import missing_in
from functions.messages.sms_request import JobChanged
from functions.protocol.ports import Unavailable
from functions.repair.repair_deliveries import ABANDONED
from statemachine.business.business import QuietHours, quiet_until
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job, Schedule
from statemachine.messages.reminders import approach_now
from statemachine.messages.sms_texts import HOW_TO_STOP
from statemachine.messages.sms_wording import eta, window
from statemachine.rules.edits import edited
from statemachine.rules.lifecycle import Committed, judge
from tests.functions.messages.test_due_messages import SendersAndWatchdog, settled
from tests.support.builders import DISPATCHER, a_job, a_request
from tests.support.faults import Crashed, SeededFaults

HAUL = load_flow("haul")
ZONE = ZoneInfo("America/New_York")
JOBS, DAYS = 30, 31
"""In each month; a job lives for LIFE."""
SEEDS = int(os.environ.get("TEXT_SEEDS", "2"))
"""Months with each change of the clocks. `make soak` plays 25 of both, 1,500 jobs."""
LIFE = timedelta(days=6)
MERGE = timedelta(seconds=60)
TOLD = {"sent", "unknown"}
NO_WINDOW = re.compile("for (your pickup|pickup|another time)")
LONGEST_DELAY_S = 900
"""Of SQS. A text that is held longer is left to the watchdog nine times in ten."""
Step = Callable[[datetime], None]

STATUS_OF = {
    "we received your booking": "pending_pickup",
    "your pickup is confirmed": "ready_for_pickup",
    "Your crew is on the job now": "in_progress",
    "All done": "completed",
    "Your pickup was cancelled": "cancelled",
    "our crew could not complete": "attempt_failed",
    "your job is on hold": "on_hold",
}
MOVES = {
    "pending_pickup": ["confirm", "confirm", "confirm", "cancel", "hold"],
    "ready_for_pickup": ["start", "start", "cancel", "hold", "unconfirm"],
    "in_progress": ["complete", "complete", "no_access", "unstart"],
    "completed": ["reopen"],
    "on_hold": ["bring_back"],
    "attempt_failed": ["start", "bring_back", "cancel"],
    "cancelled": ["bring_back"],
}
OFTEN = {"ready_for_pickup": 0.3, "completed": 0.2, "cancelled": 0.1}


class Month(SendersAndWatchdog):
    """Steps by time. A fact or a queue's message may be lost, doubled, or late; functions die."""

    def __init__(self, begin: datetime, seed: int) -> None:
        super().__init__()
        print(f"seed of the month: {seed}")
        self.chance = random.Random(seed)
        self.begin, self.now, self.order = begin, begin, count()
        self.steps: list[tuple[datetime, int, Step]] = []
        self.jobs: dict[str, Job] = {}
        self.untrue: list[str] = []
        self.eve: list[tuple[str, str]] = []
        self.last_window: dict[str, str] = {}
        self.not_told: list[str] = []
        self.set_tenant(
            quiet=QuietHours(), remind_day_before=True, remind_hours_before=2,
            text_crew_changes=True, unconfirmed_texts_per_day=1000,
            unconfirmed_texts_per_number=1000,
        )  # fmt: skip
        self.settings = self.tenants.read("main")
        self.kept.faults = SeededFaults(seed, 0.01, ("before", "after", "crash"))
        self.texts.faults = SeededFaults(seed + 1, 0.02, ("before", "after", "crash"))
        self._send_sms, self.texts.send = self.texts.send, self.checked  # type: ignore[method-assign]

    # -- time

    def at(self, when: datetime, step: Step) -> None:
        heapq.heappush(self.steps, (when, next(self.order), step))

    def run(self, until: datetime) -> None:
        while self.steps and self.steps[0][0] <= until:
            self.now, _, step = heapq.heappop(self.steps)
            step(self.now)

    def delivered(self, change: JobChanged, when: datetime, receives: int = 0) -> None:
        """By a queue, which brings a message again three minutes after its function has died."""

        def step(now: datetime) -> None:
            try:
                self.send(change, now)
            except (Busy, Unavailable, Crashed):
                if receives < 20:
                    self.delivered(change, now + timedelta(minutes=3), receives + 1)
            for body, wait_s in self.later.taken():
                if wait_s <= LONGEST_DELAY_S or self.chance.random() < 0.1:  # most nights are long
                    due = now + timedelta(seconds=min(wait_s, LONGEST_DELAY_S))
                    self.maybe(JobChanged.model_validate_json(_detail(body)), due)

        self.at(when, step)

    def maybe(self, change: JobChanged, when: datetime) -> None:
        """Lost one time in twelve, doubled one time in eight."""
        if self.chance.random() < 1 / 12:
            return
        for _ in range(2 if self.chance.random() < 1 / 8 else 1):
            self.delivered(change, when + timedelta(seconds=self.chance.random() * 90))

    # -- what happens to jobs

    def change(self, job: Job, fact: Fact) -> None:
        self.jobs[job.job_id] = self.store(job)
        self.announced(fact)
        for checks in (13, 27, 41):  # the watchdog looks at what was touched lately
            self.at(self.now + timedelta(minutes=checks), lambda now: self.check(job.job_id, now))

    def announced(self, fact: Fact) -> None:
        self.maybe(JobChanged.model_validate(fact.model_dump()), self.now + MERGE)

    def check(self, job_id: str, now: datetime) -> None:
        try:
            list(self.repair_job(self.jobs[job_id], now))
        except (Unavailable, Crashed):
            self.at(now + timedelta(minutes=1), lambda now: self.check(job_id, now))
        for fact in self.facts.facts:
            self.announced(fact)
        self.facts.facts.clear()
        self.take_queue(now)

    def sweeps(self, now: datetime) -> None:
        with suppress(Unavailable, Crashed):  # the next round continues
            self.sweep(now)
        self.take_queue(now)
        self.make_requests(now)
        self.at(now + timedelta(minutes=15), self.sweeps)

    def take_queue(self, now: datetime) -> None:
        for body, _ in self.later.taken():
            self.maybe(JobChanged.model_validate_json(_detail(body)), now)

    def make_requests(self, now: datetime) -> None:
        asked, self.requests.asked = self.requests.asked, []
        for request in asked:
            assert isinstance(request, JobEditRequested)
            job = self.jobs[request.job_id]
            after = edited(job, request, now)
            if after is not job:
                self.change(after, edited_fact(after, after.edits[-1]))

    def book(self, number: int, now: datetime) -> None:
        phone = f"+1555555{number:04d}"
        job = a_job(
            None, job_id=f"261121-{number:06d}", token=f"{number:022d}",
            customer=Customer(name="Ada Wong", phone=phone), created_at=now, entered_at=now,
            schedule=self.some_window(now),
        )  # fmt: skip
        job = settled(job)
        self.change(job, fact_of_entry(job, HAUL, 0))
        self.at(now + self.pause_between(), lambda now: self.next_of(job.job_id, now))

    def next_of(self, job_id: str, now: datetime) -> None:
        """One more thing happens to the job, as its status allows; then the next."""
        job = self.jobs[job_id]
        moves = MOVES[job.status] if self.chance.random() < OFTEN.get(job.status, 1) else []
        if moves and self.chance.random() < 0.6:
            self.move(job, self.chance.choice(moves), now)
        elif not HAUL.status(job.status).terminal:
            self.edit_somehow(job, now)
        if now < job.created_at + LIFE:
            self.at(now + self.pause_between(), lambda now: self.next_of(job_id, now))

    def move(self, job: Job, move: str, now: datetime) -> None:
        request = a_request(
            job, move, event_id=f"m{next(self.order)}", reason="so it was", occurred_at=now
        )
        verdict = judge(job, request, HAUL, now)
        assert isinstance(verdict, Committed), verdict
        job = settled(verdict.job)
        self.change(job, fact_of_entry(job, HAUL, job.seq))

    def edit_somehow(self, job: Job, now: datetime) -> None:
        kind = self.chance.choice(("window", "window", "eta", "crew", "approach", "phone", "note"))
        options: dict[str, dict[str, Any]] = {
            "window": {"schedule": self.some_window(now)},
            "eta": {"schedule": {"eta": now + timedelta(minutes=self.chance.randint(20, 300))}},
            "crew": {"crew": [{"role": "driver", "member": self.chance.choice(("mike", "lena"))}]},
            "approach": {"approach": self.chance.choice(("on_my_way", "arriving"))},
            "phone": {"customer": self.with_phone("+1555556")},
            "note": {"note": "ring twice"},
        }
        request = JobEditRequested.model_validate(
            {
                "tenant": "main", "event_id": f"e{next(self.order)}", "occurred_at": now,
                "actor": DISPATCHER, "job_id": job.job_id, "changes": options[kind],
            }
        )  # fmt: skip
        job = edited(job, request, now)
        self.change(job, edited_fact(job, job.edits[-1]))
        if kind == "window":
            self.at(now + timedelta(hours=15), lambda _: self.was_told(job))

    def was_told(self, before: Job) -> None:
        """A night later at the latest the customer knows the window, if nothing else happened."""
        job = self.jobs[before.job_id]
        ahead = job.schedule.window_end and job.schedule.window_end > self.now + timedelta(hours=1)
        if job.rev != before.rev or not ahead or self.has_unknown_outcome(job):
            return
        told = self.last_window.get(job.job_id)
        if told not in (None, window(job.schedule, ZONE, "en")):
            self.not_told.append(f"{self.now} {job.job_id}: the last that was told is{told}")

    def has_unknown_outcome(self, job: Job) -> bool:
        """A text that may or may not have been sent is never repeated: a person was alarmed."""
        prefix = f"tenants/main/deliveries/{job.job_id}/rescheduled"
        return any(
            key.startswith(prefix) and b"unknown" in body
            for key, body in self.bucket.objects.items()
        )

    def with_phone(self, beginning: str) -> Customer:
        return Customer(name="Ada", phone=f"{beginning}{next(self.order) % 10_000:04d}")

    def some_window(self, now: datetime) -> Schedule:
        day = now.astimezone(ZONE).date() + timedelta(days=self.chance.randint(1, 6))
        hour = self.chance.choice((8, 12, 16, 22))
        start = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)
        return Schedule(window_start=start, window_end=start + timedelta(hours=4))

    def pause_between(self) -> timedelta:
        """Mostly hours; sometimes so short that one change overtakes the text of another."""
        quick = self.chance.random() < 0.3
        return timedelta(
            seconds=self.chance.randint(5, 200) if quick else self.chance.randint(3_600, 90_000)
        )

    # -- the rules

    def checked(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        """What reaches the phone is true at this moment."""
        job = self.jobs[about.split("/")[1]]
        text = body.removeprefix("Haulway: ").removesuffix(HOW_TO_STOP.en)
        for why in self.faults_of(job, phone, text):
            self.untrue.append(f"{self.now} {about}: {why}: {body}")
        if (told := window(job.schedule, ZONE, "en")) and told in body:
            self.last_window[job.job_id] = told
        return self._send_sms(phone, body, about, sender)

    def faults_of(self, job: Job, phone: str, text: str) -> list[str]:
        schedule, now = job.schedule, self.now
        found = []
        for words, status in STATUS_OF.items():
            if words in text and job.status != status:
                found.append(f"the job is {job.status}")
        told = window(schedule, ZONE, "en")
        if " for " in NO_WINDOW.sub("", text) and told not in text:
            found.append(f"the window is{told}")
        if told in text and schedule.window_end and schedule.window_end <= now:
            found.append("the window is over")
        if " around " in text and (not schedule.eta or eta(schedule, ZONE, "en", now) not in text):
            found.append("another ETA")
        if ("on the way" in text or "almost there" in text) and not approach_now(job, HAUL):
            found.append("no one is on the way")
        if ("reminder" in text or "soon" in text) and (
            job.status != "ready_for_pickup"
            or not schedule.window_start
            or schedule.window_start <= now
        ):
            found.append("nothing to be reminded of")
        if phone != job.customer.phone:
            found.append("another number")
        if quiet_until(self.settings, now):
            found.append("quiet hours")
        return found

    def note_eves(self, now: datetime) -> None:
        """At 5 PM: who is to be reminded of tomorrow, if nothing changes in the next hours."""
        tomorrow = now.astimezone(ZONE).date() + timedelta(days=1)
        for job in self.jobs.values():
            start = job.schedule.window_start
            if (
                job.status == "ready_for_pickup"
                and start
                and start.astimezone(ZONE).date() == tomorrow
            ):
                planned = [e.recorded_at for e in job.edits if "schedule" in e.fields]
                since = max([job.entered_at, *planned])
                if now - since > timedelta(hours=1):
                    self.at(now + timedelta(hours=3), self._reminded(job))

    def _reminded(self, before: Job) -> Step:
        def step(_: datetime) -> None:
            job = self.jobs[before.job_id]
            start = job.schedule.window_start
            if (job.seq, start) == (before.seq, before.schedule.window_start):
                self.eve.append((job.job_id, f"day_before-{start:%Y%m%dT%H%M}"))

        return step


def _detail(body: str) -> str:
    return body.partition('"detail":')[2].strip().removesuffix("}")


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("begin", ["2026-02-20T13:00Z", "2026-10-15T13:00Z"])
def test_a_month_of_texts(begin: str, seed: int) -> None:
    """The clocks go forward on March 8, and back on November 1."""
    month = Month(datetime.fromisoformat(begin), seed)
    for number in range(JOBS):
        when = month.begin + timedelta(minutes=month.chance.randint(1, (DAYS - 6) * 1440))
        month.at(when, partial(month.book, number))
    for day in range(DAYS):
        local = (month.begin + timedelta(days=day)).astimezone(ZONE).date()
        eve = datetime(local.year, local.month, local.day, 17, tzinfo=ZONE).astimezone(UTC)
        month.at(eve, month.note_eves)
    month.at(month.begin, month.sweeps)
    month.run(month.begin + timedelta(days=DAYS + 9))

    month.kept.faults.over = month.texts.faults.over = True
    assert month.untrue == []
    assert month.not_told == []
    known = {job_id: list(month.deliveries.about("main", job_id)) for job_id in month.jobs}
    accepted = [a.outcome for ds in known.values() for d in ds for a in d.attempts]
    assert max(len(d.attempts) for ds in known.values() for d in ds) == 1, accepted
    assert len(month.texts.sent) <= sum(d.state in TOLD for ds in known.values() for d in ds)
    assert len(month.texts.sent) > JOBS * 2
    for job_id, job in month.jobs.items():
        late = month.now - ABANDONED
        missing = missing_in(month.repair_job.missing(job, month.now), known[job_id], late)
        assert list(missing) == [], job_id
        held = [d.name.mark for d in known[job_id] if not d.ended and (d.due_at or late) < late]
        assert held == [], job_id
    reminded = {(job_id, d.name.mark): d.state for job_id, ds in known.items() for d in ds}
    assert len(month.eve) > 2
    assert [mark for mark in month.eve if reminded.get(mark) not in TOLD] == []
