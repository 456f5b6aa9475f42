"""What has to be so after every write, and what has to be so once the world is at rest."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events import JobCreated, JobEditRequested, JobMoved, JobMoveRefused, JobMoveRequested
from functions.messages.phone_numbers import PhoneRecord, digest_of
from functions.views.job_index import IndexJob, rebuild_index
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.schedule.fit import PlannedJob, fit
from statemachine.schedule.reservations import has_ended, needs_of
from statemachine.schedule.slots import SlotSheet, slot_of, window_with
from statemachine.values.ids import digest_of as token_digest
from statemachine.views.views import Board, View, view_of
from tests.simulation.people import BUSINESSES, People
from tests.simulation.world import World
from tests.support.fakes import FakeJobs, board_key, no_pause, parsed
from tests.support.index_fakes import FakeJobIndex

SETTINGS = {each.tenant: each for each in BUSINESSES}
ZONES = {tenant: ZoneInfo(each.time_zone) for tenant, each in SETTINGS.items()}


class Broken(AssertionError):
    """An invariant does not hold; `rule` names it."""

    def __init__(self, rule: str, about: object) -> None:
        super().__init__(f"{rule}: {about}")
        self.rule = rule


def check(holds: bool, rule: str, about: object = "") -> None:
    if not holds:
        raise Broken(rule, about)


class Invariants:
    """Looks at each write once, in the order in which they were made."""

    def __init__(self, world: World, people: People) -> None:
        self.world, self.people = world, people
        self.jobs: dict[str, Job] = {}
        self.views: dict[str, View] = {}
        self.boards: dict[str, Board] = {}
        self.stopped: dict[tuple[str, str], datetime] = {}
        """When a number had opted out, by tenant and digest."""
        self._seen: Counter[str] = Counter()
        self._texts = 0

    def look(self) -> None:
        backend = self.world.backend
        for bucket in (backend.bucket, backend.site):
            for key in bucket.order:
                body = bucket.versions[key][self._seen[key]]
                self._seen[key] += 1
                self._look_at(key, body, bucket.moments[key])
            bucket.order.clear()
        sent = self.world.texts.sent[self._texts :]
        for text in sent:
            self._texts += 1
            self._text(text)
        for customer in self.world.customers:
            check(customer.revs == sorted(customer.revs), "what a customer sees never goes back")

    def _look_at(self, key: str, body: bytes, at: datetime) -> None:
        if "/jobs/" in key:
            self._job(key, parsed(Job, body))
        elif key.startswith("t/") and key.endswith(".json"):
            view, known = parsed(View, body), self.views.get(key)
            check(known is None or view.rev > known.rev, "a view never goes back", key)
            self.views[key] = view
        elif key.endswith("board/jobs.json"):
            self._board(key, parsed(Board, body))
        elif "/numbers/" in key:
            number = parsed(PhoneRecord, body)
            if number.stopped:
                self.stopped.setdefault((number.tenant, number.digest), at)

    def _job(self, key: str, job: Job) -> None:
        known = self.jobs.get(key)
        self.jobs[key] = job
        records = (*job.ledger, *job.refused, *job.edits, *job.early)
        ids = Counter(record.event_id for record in records)
        check(max(ids.values(), default=1) == 1, "an event counts once", ids)
        check(
            all(entry.seq == number for number, entry in enumerate(job.ledger, 1)),
            "the ledger has no gap",
            key,
        )
        flow = load_flow(job.flow)
        at = flow.initial.name
        for entry in job.ledger:
            check(entry.origin == at, "each move begins where the last one ended", key)
            at = entry.to
        check(job.status == at, "the status is that of the last move", key)
        if known:
            self._follows(key, known, job)
        self._slots(job)
        self._reservations(job)

    def _follows(self, key: str, known: Job, job: Job) -> None:
        check(job.version > known.version, "a version is higher than the one before", key)
        check(job.rev >= known.rev, "rev never goes back", key)
        check(job.ledger[: known.seq] == known.ledger, "the ledger never changes", key)
        check(job.execution.generation >= known.execution.generation, "newer waits win", key)
        check(job.execution.seq >= known.execution.seq, "what is settled stays settled", key)
        if known.wait and job.wait and job.wait.token != known.wait.token:
            check(job.wait.epoch.newer_than(known.wait.epoch), "newer waits win", key)

    def _board(self, key: str, board: Board) -> None:
        known = self.boards.get(key, Board())
        for job_id, card in known.jobs.items():
            after = board.jobs.get(job_id)
            check(after is None or after.rev >= card.rev, "a card never goes back", job_id)
        self.boards[key] = board

    def _slots(self, job: Job) -> None:
        """No customer gets a window in which all slots are taken."""
        span = slot_of(job, load_flow(job.flow))
        offered = window_with(SETTINGS[job.tenant], span[0], trucks=1) if span else None
        if span is None or offered is None:
            return
        theirs = [
            each.job_id
            for each in self.jobs.values()
            if each.tenant == job.tenant
            and not each.overbooked
            and not _came_back(each)
            and (window := slot_of(each, load_flow(each.flow)))
            and offered.begin <= window[0] < offered.end
        ]
        check(len(theirs) <= offered.capacity, "no window is oversold", (span, theirs))

    def _reservations(self, job: Job) -> None:
        """No member and no truck has more jobs than can be done."""
        for need in needs_of(job):
            planned = [
                PlannedJob(each.job_id, other.begin, other.end, _minutes(other.duration_minutes))
                for each in self.jobs.values()
                if each.tenant == job.tenant
                and not has_ended(each, load_flow(each.flow))
                and not _came_back(each)
                for other in needs_of(each)
                if other.subject == need.subject
            ]
            check(bool(fit(planned)) or not planned, "all jobs can be done", need)

    def _text(self, text: Any) -> None:
        world = self.world
        tenant, about, _ = text.about.split("/", 2)
        again = [each for each in world.texts.sent if each.about == text.about]
        check(len(again) == 1, "a text is sent once", text.about)
        if about == "replies":
            return
        settings = SETTINGS[tenant]
        check(not _in_quiet_hours(settings, text.began), "no text in quiet hours", text)
        for known in (tenant, *(["shared"] if settings.sms_number is None else [])):
            stopped = self.stopped.get((known, digest_of(known, text.phone)))
            check(stopped is None or stopped > text.began, "no text after STOP", text)

    # At rest

    def at_rest(self) -> None:
        world = self.world
        self.look()
        check(not world.tasks, "every handler ends")
        for queue in world.queues.values():
            check(not queue.messages, "every message is handled", queue.name)
        refusals = {"SlotFull", "EditRefused", "CrewTaken", "WindowRefused"}
        dead = [each[:2] for each in world.lambdas.dead.dead_lettered if each[1] not in refusals]
        check(not dead, "no message is given up", dead)
        self._requests_are_recorded()
        for job in self.jobs.values():
            self._followed(job)
            self._told(job)
            view = self.views[f"t/{token_digest(job.token)}.json"]
            check(view == view_of(job, load_flow(job.flow)), "the view is current", job.job_id)
            missing = world.lambdas.watch().missing(job.tenant, job.job_id, world.now)
            check(not missing, "every text and webhook is sent", (job.job_id, missing))
            check(not job.early, "every early move is judged", job.job_id)
        for tenant in SETTINGS:
            self._derived(tenant)
        for customer in world.customers:
            rev = self.jobs[f"tenants/{customer.tenant}/jobs/{customer.job_id}.json"].rev
            check(customer.revs[-1:] == [rev], "the page shows what is so", customer.job_id)

    def _requests_are_recorded(self) -> None:
        by_id = {(job.tenant, job.job_id): job for job in self.jobs.values()}
        for tenant, job_id, event_id in self.people.answered:
            check(by_id[tenant, job_id].knows(event_id), "what was answered is stored", event_id)
        for request in self.world.asked:
            if isinstance(request, JobMoveRequested | JobEditRequested):
                known = by_id[request.tenant, request.job_id].knows(request.event_id)
                check(known, "no request is lost", request)
            else:
                booked = [job for job in by_id.values() if job.event_id == request.event_id]
                check(len(booked) == 1, "a booking makes one job", request)

    def _followed(self, job: Job) -> None:
        runs = self.world.machines.open()
        mine = [run for run in runs if run.who == {"tenant": job.tenant, "job_id": job.job_id}]
        check(job.execution.seq == job.seq, "every move is settled", job.job_id)
        if has_ended(job, load_flow(job.flow)):
            check(not mine, "no execution follows an ended job", mine)
            return
        check(len(mine) == 1, "one execution follows an open job", (job.job_id, mine))
        check(
            job.wait is not None
            and (job.wait.seq, job.wait.token) == (job.seq, mine[0].token)
            and mine[0].generation == job.execution.generation,
            "the execution waits where the job stands",
            (job.job_id, mine),
        )

    def _told(self, job: Job) -> None:
        bus = self.world.backend.bus
        moved = [f.seq for f in bus.announced(JobMoved) if _is_about(f, job)]
        check(moved == list(range(1, job.seq + 1)), "moves are announced in order", moved)
        created = sum(_is_about(fact, job) for fact in bus.announced(JobCreated))
        check(created == 1, "a booking is announced", job.job_id)
        refused = {f.event_id for f in bus.announced(JobMoveRefused) if _is_about(f, job)}
        stored = {refusal.event_id for refusal in job.refused}
        check(refused == stored, "every refusal is announced", refused ^ stored)

    def _derived(self, tenant: str) -> None:
        world = self.world
        backend = world.backend
        if board_key(tenant) in backend.bucket.objects:
            shown = backend.bucket.objects[board_key(tenant)]
            world.lambdas.publish().rebuild(tenant, world.now)
            rebuilt = backend.bucket.objects[board_key(tenant)]
            check(_cards(shown) == _cards(rebuilt), "the board shows what is so", tenant)
        made = FakeJobIndex()
        rebuild_index(FakeJobs(backend.bucket), IndexJob(made, no_pause), tenant, ZONES[tenant])
        known = {of: entry for of, entry in backend.index.known.items() if of[0] == tenant}
        check(known == made.known, "the index has what is so", tenant)
        listings = backend.index.listings.get(tenant, set())
        check(listings == made.listings.get(tenant, set()), "the index lists what is so", tenant)
        self._sheets_agree(tenant)

    def _sheets_agree(self, tenant: str) -> None:
        needed, taken = set(), set()
        for job in self.jobs.values():
            span = slot_of(job, load_flow(job.flow))
            if job.tenant == tenant and span and span[1] > self.world.now:
                needed.add((job.job_id, span))
        sheets: dict[tuple[str, str], SlotSheet] = self.world.backend.slot_sheets.sheets
        for (whose, _), sheet in sheets.items():
            if whose == tenant:
                taken |= {(e.job_id, e.span) for e in sheet.taken if e.end > self.world.now}
        check(needed == taken, "the slots are those of the jobs", needed ^ taken)


def _in_quiet_hours(business: BusinessSettings, moment: datetime) -> bool:
    """By the clock on the wall; a function that began before them may send a moment later."""
    wall, quiet = moment.astimezone(ZONES[business.tenant]).time(), business.quiet
    if quiet.begin < quiet.end:
        return quiet.begin <= wall < quiet.end
    return wall >= quiet.begin or wall < quiet.end


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def _came_back(job: Job) -> bool:
    """A move that brings a job back takes its slot and its crew again, whatever else is planned."""
    flow = load_flow(job.flow)
    return any(flow.status(entry.origin).terminal or entry.undoes for entry in job.ledger)


def _is_about(fact: Any, job: Job) -> bool:
    return (fact.tenant, fact.job_id) == (job.tenant, job.job_id)


def _cards(board: bytes) -> Any:
    return json.loads(board)["jobs"]
