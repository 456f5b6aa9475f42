"""The index of all jobs: every rule on the fake and on the DynamoDB adapter."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.aws.job_index import DynamoJobIndex
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from functions.repair.sweep_index import SweepIndex
from functions.views.find_jobs import LISTED, LOOKED_UP, find_jobs
from functions.views.job_index import (
    IndexChange,
    IndexJob,
    JobIndex,
    Listing,
    Weeks,
    list_name,
    place_of,
    rebuild_index,
    week_of,
)
from statemachine.business.business import BusinessSettings
from statemachine.history.job_search import Question
from statemachine.history.report_figures import DayFigures, Figures
from statemachine.job.job import Customer, Job, Place, Schedule
from statemachine.job.prices import Payment
from tests.support.builders import NOON, a_job, moved
from tests.support.fakes import Bucket, FakeJobs, FakeTenants, no_pause
from tests.support.faults import Fault, Faults
from tests.support.index_fakes import FakeJobIndex
from tests.support.moto_server import Moto

JOB = "261121-7k3m2q"
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture(params=["fake", "aws"])
def index(request: pytest.FixtureRequest, moto: Moto) -> JobIndex:
    if request.param == "fake":
        return FakeJobIndex()
    return DynamoJobIndex(moto.client("dynamodb"), moto.job_index())


def everything(index: JobIndex, tenant: str = "main") -> set[Listing | str]:
    return set(index.stored(tenant))


def entered(index: JobIndex, *jobs: Job) -> IndexJob:
    index_job = IndexJob(index, no_pause)
    for job in jobs:
        index_job(job)
    return index_job


class CountedReads(FakeJobIndex):
    """Counts the lists that are read."""

    reads = 0

    def listed(self, name: str, before: str, most: int) -> list[str]:
        self.reads += 1
        return super().listed(name, before, most)


def test_a_question_with_many_words_and_statuses_reads_few_lists() -> None:
    """Each word and status would select a list in each of the 160 weeks that a page reads."""
    index = CountedReads()
    names = ("first", "last")
    for number, name in enumerate(names):
        at = NOON - timedelta(weeks=150 * number)
        schedule = Schedule(window_start=at, window_end=at + timedelta(hours=2))
        customer = Customer(name=f"{name} zzzzzz yyyyyy xxxxxx wwwwww")
        job = a_job(job_id=f"261121-00000{number}", customer=customer, schedule=schedule)
        entered(index, job)
    statuses = ("booked", "completed", "pending_pickup") * 6 + (a_job().status,)
    words = "zzzzzz yyyyyy xxxxxx wwwwww abc def first"
    assert found(index, words=words, statuses=statuses) == []
    assert found(index, words=words.replace("abc def ", ""), statuses=statuses) == ["261121-000000"]
    assert index.reads < 2 * (151 + 20), "one list in each empty week"


def found(index: JobIndex, most: int = 25, **asked: Any) -> list[str]:
    question = Question.model_validate(asked)
    return [entry.job_id for entry in find_jobs(index, "main", question, most).entries]


def jobs_of_years(number: int) -> list[Job]:
    """One job each four days, back from NOON, of three customers."""
    return [
        a_job(
            "completed" if each % 2 else None,
            job_id=f"261121-{each:06d}",
            customer=Customer(name=("Ada Wong", "José Ruiz", "Bo Li")[each % 3]),
            schedule=Schedule(
                window_start=NOON - timedelta(4 * each), window_end=NOON + timedelta(1 - 4 * each)
            ),
        )
        for each in range(number)
    ]


def test_an_entry_moves_with_its_listings_to_a_higher_rev_only(index: JobIndex) -> None:
    old, new = a_job(), a_job("completed")
    index_job = entered(index, new, old, new)
    assert (entry := index.read("main", JOB))
    assert entry.rev == new.rev
    assert entry.status == "completed"
    assert everything(index) == everything(_index_of(new))
    index_job.erase("main", JOB, UTC_ZONE)
    index_job.erase("main", JOB, UTC_ZONE)
    assert everything(index) == set()
    assert index.read("main", JOB) is None


def _index_of(*jobs: Job) -> FakeJobIndex:
    made = FakeJobIndex()
    entered(made, *jobs)
    return made


def test_businesses_see_their_own_jobs_only(index: JobIndex) -> None:
    entered(index, a_job(), a_job(tenant="other"))
    assert find_jobs(index, "none", Question(), 5).entries == ()
    assert found(index) == [JOB]
    entered(index).erase("other", JOB, UTC_ZONE)
    assert found(index) == [JOB]
    assert everything(index, "other") == set()


def test_a_job_in_another_week_is_listed_there_only(index: JobIndex) -> None:
    later = NOON + timedelta(30)
    moved_job = a_job(rev=2, version=2, schedule=Schedule(window_start=later, window_end=later))
    entered(index, a_job(), moved_job)
    assert everything(index) == everything(_index_of(moved_job))
    assert index.weeks("main") == Weeks(week_of(NOON), week_of(later))


def test_a_change_from_another_entry_is_a_conflict_and_changes_nothing(index: JobIndex) -> None:
    entered(index, a_job())
    before = everything(index)
    for replacing in (None, 7):
        change = IndexChange(JOB, replacing, None, frozenset(), frozenset())
        with pytest.raises(Conflict):
            index.change("main", change)
    assert everything(index) == before
    with pytest.raises(Conflict):
        index.set_weeks("main", Weeks(1, 2), None)


def test_writers_that_meet_leave_the_highest_rev(index: JobIndex) -> None:
    revs = [a_job()]
    for move in ("confirm", "start", "complete"):
        revs.append(moved(revs[-1], move))
    start = threading.Barrier(len(revs))

    def write(job: Job) -> None:
        start.wait()
        IndexJob(index)(job)

    threads = [threading.Thread(target=write, args=(job,)) for job in revs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert everything(index) == everything(_index_of(revs[-1]))


@pytest.mark.parametrize("kind", ["before", "after"])
def test_a_lost_response_is_repeated(kind: str) -> None:
    faults = Faults({"GetItem": [kind], "TransactWriteItems": [kind]})  # type: ignore[list-item]
    index = FakeJobIndex(faults)
    entered(index, a_job())
    assert everything(index) == everything(_index_of(a_job()))


def test_after_too_many_failures_the_message_is_delivered_again() -> None:
    index = FakeJobIndex(Faults({"TransactWriteItems": ["before"] * 99}))
    with pytest.raises(Unavailable):
        entered(index, a_job())


def test_an_unreadable_entry_is_corrupt(moto: Moto) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.job_index()
    item = {"pk": {"S": f"main#job#{JOB}"}, "sk": {"S": "entry"}, "entry": {"S": "{"}}
    dynamodb.put_item(TableName=table, Item=item)
    with pytest.raises(Corrupt):
        DynamoJobIndex(dynamodb, table).read("main", JOB)


# -- questions


def test_pages_are_the_latest_first_and_together_have_every_job_once(index: JobIndex) -> None:
    jobs = jobs_of_years(30)
    entered(index, *jobs)
    seen, before = list[str](), None
    for _ in range(10):
        page = find_jobs(index, "main", Question(), 7, before)
        seen += [entry.job_id for entry in page.entries]
        before = page.following
        if before is None:
            break
    assert seen == [job.job_id for job in jobs]


CASES: dict[str, tuple[dict[str, Any], Callable[[Job], bool]]] = {
    "status": ({"statuses": ["completed"]}, lambda job: job.status == "completed"),
    "two statuses": ({"statuses": ["completed", "pending_pickup"]}, lambda job: True),
    "name without accents": ({"words": "JOSE rui"}, lambda job: "José" in job.customer.name),
    "customer": ({"customer": "wong"}, lambda job: "Ada" in job.customer.name),
    "both": (
        {"statuses": ["completed"], "words": "ada"},
        lambda job: job.status == "completed" and "Ada" in job.customer.name,
    ),
    "a short word": ({"words": "bo"}, lambda job: job.customer.name == "Bo Li"),
    "dates": (
        {"since": NOON - timedelta(20), "until": NOON - timedelta(8)},
        lambda job: NOON - timedelta(20) <= (job.schedule.window_start or NOON)
        < NOON - timedelta(8),
    ),
    "crew": ({"crew": "mike", "words": "ruiz"}, lambda job: "Ruiz" in job.customer.name),
    "no such crew": ({"crew": "zoe"}, lambda job: False),
    "price": ({"price_from": 60_000, "price_to": 60_000}, lambda job: True),
    "lower price": ({"price_to": 59_999}, lambda job: False),
    "paid": ({"paid": True}, lambda job: False),
    "not paid": ({"paid": False}, lambda job: True),
    "flow": ({"flow": "dumpster"}, lambda job: False),
    "address": ({"address": "harbor"}, lambda job: True),
    "address is no name": ({"address": "ada"}, lambda job: False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_questions_find_what_they_ask_for(case: str) -> None:
    jobs = jobs_of_years(20)
    index = _index_of(*jobs)
    asked, fits = CASES[case]
    assert found(index, **asked) == [job.job_id for job in jobs if fits(job)]


@pytest.mark.parametrize(
    "phone", ["0123", "(555) 555-0123", "+15555550123", "15555550123", "555555", "5550123"]
)
def test_a_phone_is_found_whole_by_its_beginning_and_by_its_end(
    index: JobIndex, phone: str
) -> None:
    other = a_job(job_id="261121-0ther0", customer=Customer(name="Bo", phone="+12065550177"))
    entered(index, a_job(), other)
    assert found(index, phone=phone) == [JOB]
    assert found(index, words="0123") == [JOB]


def test_a_week_with_more_jobs_than_are_read_at_once_is_read_to_its_end() -> None:
    """One second apart, so that the order is known."""
    jobs = [
        a_job(job_id=f"261121-{n:06d}", created_at=NOON - timedelta(seconds=n), place=Place(
            address="1 Elm" if n == LISTED + 90 else "2 Oak"))
        for n in range(LISTED + 100)
    ]  # fmt: skip
    index = _index_of(*jobs)
    assert found(index, words="elm", crew="mike") == [jobs[LISTED + 90].job_id]
    assert len(found(index, most=500)) == len(jobs)


def test_an_answer_that_would_look_up_too_many_jobs_ends_and_continues() -> None:
    jobs = [
        a_job(job_id=f"261121-{n:06d}", created_at=NOON - timedelta(seconds=n),
              price_cents=100 if n == LOOKED_UP + 20 else 200)
        for n in range(LOOKED_UP + 40)
    ]  # fmt: skip
    index = _index_of(*jobs)
    cheap = Question(price_to=100)
    first = find_jobs(index, "main", cheap, 5)
    assert first.entries == ()
    assert first.following
    second = find_jobs(index, "main", cheap, 5, first.following)
    assert [entry.job_id for entry in second.entries] == [jobs[LOOKED_UP + 20].job_id]
    assert second.following is None


# -- rebuilding


def stored_jobs(*jobs: Job) -> FakeJobs:
    stored = FakeJobs(Bucket())
    for job in jobs:
        stored.create(job)
    return stored


def test_a_rebuild_enters_what_is_missing_and_removes_what_no_job_accounts_for(
    index: JobIndex,
) -> None:
    job, erased = a_job("completed"), a_job(job_id="261121-erased")
    index_job = entered(index, a_job(), erased)
    stray = Listing(list_name("main", "word:old", 7), place_of(NOON, JOB))
    entry = index.read("main", JOB)
    assert entry
    index.change("main", IndexChange(JOB, entry.rev, entry, frozenset({stray}), frozenset()))
    done = rebuild_index(stored_jobs(job), index_job, "main", UTC_ZONE)
    assert done.jobs == 1
    assert done.removed == 2
    assert done.unreadable == ()
    assert everything(index) == everything(_index_of(job))


def test_a_question_during_a_rebuild_misses_nothing_old() -> None:
    """Asked before each change of the index and after it."""
    jobs = jobs_of_years(6)
    index = _Asked(_index_of(*jobs))
    rebuild_index(stored_jobs(*jobs), IndexJob(index, no_pause), "main", UTC_ZONE)
    assert index.answers
    assert all(answer == [job.job_id for job in jobs] for answer in index.answers)


class _Asked(FakeJobIndex):
    """Asks for all jobs around each change."""

    def __init__(self, full: FakeJobIndex) -> None:
        super().__init__()
        self.known, self.listings, self.spans = full.known, full.listings, full.spans
        self.answers: list[list[str]] = []

    def change(self, tenant: str, change: IndexChange) -> None:
        self.answers.append(found(self))
        super().change(tenant, change)
        self.answers.append(found(self))

    def stored(self, tenant: str) -> Iterator[Listing | str]:
        self.answers.append(found(self))
        return super().stored(tenant)


# -- erasing


def test_an_erased_job_is_counted_once_on_the_day_of_the_business(index: JobIndex) -> None:
    """One in the morning in UTC is the evening before in New York."""
    at = NOON.replace(hour=1)
    window = Schedule(window_start=at, window_end=NOON)
    part = Payment(method="cash", amount_cents=20_000)
    one = a_job("completed", schedule=window, payments=(part,), load_size="half")
    two = a_job("completed", job_id="261121-000002", schedule=window, price_cents=None)
    three = a_job("cancelled", job_id="261121-000003", schedule=window)
    index_job, new_york = entered(index, one, two, three), ZoneInfo("America/New_York")
    for job in (one, two, three, one):
        index_job.erase("main", job.job_id, new_york)
    erased = Figures(
        jobs=3,
        erased=3,
        done=2,
        cancelled=1,
        revenue_cents=60_000,
        paid_cents=20_000,
        unpaid_cents=40_000,
        unpaid_jobs=1,
        priced=1,
        average_price_cents=60_000,
        loads={"half": 1},
        methods={"cash": 1},
        with_arrival=2,
        on_time=2,
    )
    day = date(2026, 11, 20)
    assert index.erased_jobs("main", day, day) == [DayFigures(day, erased)]
    assert index.erased_jobs("main", date(2026, 11, 21), date(2026, 12, 31)) == []
    assert everything(index) == set()


@pytest.mark.parametrize("seed", range(12))
def test_what_grew_under_duplicates_reorder_lost_answers_and_erasures_is_what_is_rebuilt(
    seed: int,
) -> None:
    """Item by item; and each erased job is counted once, whatever came late or was repeated."""
    chance = random.Random(seed)
    jobs = jobs_of_years(9)
    priced = [job.with_change(price_cents=10_000) for job in jobs]
    latest = [job.with_change(crew=(), truck="t1") for job in priced]
    versions = [*jobs, *priced, *latest]
    messages = chance.sample(versions * 2, 2 * len(versions))
    kinds: tuple[Fault | None, ...] = ("before", "after", None)
    faults = [chance.choice(kinds) for _ in range(400)]
    index = FakeJobIndex(Faults({"TransactWriteItems": faults}))
    index_job, gone = IndexJob(index, no_pause), set[str]()
    for number, job in enumerate(messages):
        if job.job_id not in gone:
            told_again(partial(index_job, job))
        if number % 8 == 7 and len(gone) < 3:
            gone.add(job.job_id)
            told_again(partial(index_job.erase, "main", job.job_id, UTC_ZONE))
            told_again(partial(index_job, job))  # it was read before the job was erased
            told_again(partial(index_job.remove, "main", job.job_id))
    left = [job for job in latest if job.job_id not in gone]
    made = FakeJobIndex()
    rebuild_index(stored_jobs(*left), IndexJob(made, no_pause), "main", UTC_ZONE)
    assert index.known == made.known
    assert index.listings == made.listings
    assert sum(figures.erased for figures in index.erased.values()) == len(gone) == 3


def told_again(act: Callable[[], None]) -> None:
    """The queue delivers a message again until it is handled."""
    for _ in range(20):
        try:
            return act()
        except Unavailable:
            continue
    raise AssertionError("never handled")


def test_a_round_erases_old_jobs_that_have_no_object_and_no_others() -> None:
    """The week is another one each minute, so a day of rounds sees all."""
    old, kept = jobs_of_years(400)[200:203], jobs_of_years(3)
    index = _index_of(*old, *kept)
    tenants = FakeTenants(Bucket(), BusinessSettings(tenant="main", name="H"))
    sweep = SweepIndex(stored_jobs(old[1]), IndexJob(index, no_pause), tenants, timedelta(days=730))
    erased = sum(sweep("main", NOON + timedelta(minutes=number)) for number in range(1440))
    assert erased == 2
    assert {job_id for _, job_id in index.known} == {job.job_id for job in (old[1], *kept)}
    assert sum(each.jobs for each in index.erased.values()) == 2
