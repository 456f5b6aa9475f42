"""A stored item that cannot be read stops nothing but itself."""

import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.aws.api_keys import DynamoApiKeys
from functions.aws.business_settings import S3SettingsStore
from functions.aws.conversations import S3Conversations
from functions.aws.job_index import DynamoJobIndex
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.sent_texts import DynamoSentTexts
from functions.aws.slots import DynamoSlots
from functions.business.change_settings import ChangeSettings
from functions.messages.conversations import add_message, stored_list
from functions.people.api_keys import NewKey, new_key
from functions.protocol.clock import utc_now
from functions.protocol.ports import Corrupt
from functions.repair.sweep_index import SweepIndex
from functions.views.find_jobs import find_jobs
from functions.views.job_index import IndexJob, Weeks, rebuild_index, week_of
from statemachine.business.business import BusinessSettings
from statemachine.history.job_search import Question
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.job.job import Customer, Schedule
from statemachine.messages.conversation import ConversationMessage
from statemachine.schedule.roster import DAY_OFF, WHOLE_DAY
from tests.support.builders import NOON, a_job
from tests.support.fakes import Bucket, FakeJobs, FakeTenants, no_pause
from tests.support.index_fakes import FakeJobIndex
from tests.support.message_fakes import an_endpoint
from tests.support.moto_server import Moto
from tests.support.roster_fakes import a_member

DAY = date(2026, 11, 22)
ADA, BEN = "+12065550123", "+12065550124"
UTC_ZONE = ZoneInfo("UTC")
SENT = DeliveryName(
    tenant="main", about="261121-7k3m2q", mark="1", channel="webhook", recipient="ep_two"
)


class Table:
    def __init__(self, moto: Moto) -> None:
        self.dynamodb, self.name = moto.client("dynamodb"), moto.table("items")

    def spoil(self, pk: str, sk: str, **values: Any) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, **values}
        self.dynamodb.put_item(TableName=self.name, Item=item)

    @property
    def place(self) -> tuple[Any, str]:
        return self.dynamodb, self.name


Listing = Callable[[Table], Iterable[object]]


def accounts(table: Table) -> Iterable[object]:
    stored = DynamoAccounts(*table.place)
    stored.add(a_member("maria"))
    return [each.account for each in stored.all("main")]


def trucks(table: Table) -> Iterable[object]:
    table.spoil("roster#main", "truck#t2", name={"S": "Red"})
    return [each.truck for each in DynamoRoster(*table.place).trucks("main")]


def keys(table: Table) -> Iterable[object]:
    stored = DynamoApiKeys(*table.place)
    new_key(stored, "main", NewKey(name="Website", roles=("dispatcher",)), "olive", NOON)
    return [each.name for each in stored.all("main")]


def texts(table: Table) -> Iterable[object]:
    stored = DynamoSentTexts(*table.place)
    stored.add(SENT, NOON)
    return stored.between("main", NOON - timedelta(days=1), NOON + timedelta(days=1))


def erased(table: Table) -> Iterable[object]:
    table.spoil("main#erased", "2026-11-22", jobs={"N": "3"})
    found = DynamoJobIndex(*table.place).erased_jobs("main", DAY - timedelta(1), DAY)
    return [each.figures.jobs for each in found]


def slots(table: Table) -> Iterable[object]:
    table.spoil("slots#main", "2026-11-22", version={"N": "2"})
    found = DynamoSlots(*table.place).between("main", DAY - timedelta(1), DAY)
    return [sheet.version for sheet in found]


LISTINGS: list[tuple[str, str, dict[str, Any], Listing, list[object]]] = [
    ("tenant#main", "account#zoe", {}, accounts, ["maria"]),
    ("tenant#main", "account#zoe", {"name": {"N": "7"}}, accounts, ["maria"]),
    ("roster#main", "truck#t1", {"name": {"S": ""}}, trucks, ["t2"]),
    ("keys#main", "key#3f9a1c2b0d4e", {"key": {"S": "{"}}, keys, ["Website"]),
    ("keys#main", "key#3f9a1c2b0d4e", {}, keys, ["Website"]),
    ("main#texts", "2026-11-21x", {}, texts, [NOON]),
    ("main#erased", "2026-11-21", {"jobs": {"N": "1.5"}}, erased, [3]),
    ("main#erased", "2026-11-21", {"jobs": {"N": "-1"}}, erased, [3]),
    ("slots#main", "2026-11-21x", {"sheet": {"B": b"?"}}, slots, [2]),
]


@pytest.mark.parametrize(("pk", "sk", "values", "listing", "others"), LISTINGS)
def test_an_unreadable_item_is_left_out_of_its_listing(
    moto: Moto, pk: str, sk: str, values: dict[str, Any], listing: Listing, others: list[object]
) -> None:
    table = Table(moto)
    table.spoil(pk, sk, **values)
    assert list(listing(table)) == others


def test_the_member_of_an_unreadable_day_is_off_until_it_is_set_again(moto: Moto) -> None:
    table = Table(moto)
    roster = DynamoRoster(*table.place)
    roster.set_day("main", "maria", DAY, WHOLE_DAY)
    table.spoil("roster#main", f"day#{DAY}#zoe", day={"S": "{"})
    table.spoil("roster#main", f"day#{DAY}", day={"S": "{}"})
    assert roster.days("main", DAY, DAY) == {"maria": {DAY: WHOLE_DAY}, "zoe": {DAY: DAY_OFF}}


# -- the index of jobs


class NoWeeks(FakeJobIndex):
    def weeks(self, tenant: str) -> Weeks | None:
        raise Corrupt("the weeks")


def an_index_with_an_unreadable_entry(moto: Moto, **values: Any) -> tuple[Table, DynamoJobIndex]:
    """Of two jobs of Ada, the entry of the first cannot be read."""
    table = Table(moto)
    index = DynamoJobIndex(*table.place)
    for number in (1, 2):
        IndexJob(index, no_pause)(a_job_of_ada(number))
    table.spoil("main#job#261121-000001", "entry", entry={"S": "{"}, **values)
    return table, index


def a_job_of_ada(number: int, **values: Any) -> Any:
    return a_job(
        job_id=f"261121-00000{number}", customer=Customer(name="Ada Wong", phone=ADA), **values
    )


def found(index: DynamoJobIndex, **question: Any) -> list[str]:
    page = find_jobs(index, "main", Question(**question), 10)
    return [entry.job_id for entry in page.entries]


def test_an_unreadable_entry_hides_no_other_job(moto: Moto) -> None:
    _, index = an_index_with_an_unreadable_entry(moto, rev={"N": "1"})
    assert found(index) == ["261121-000002"]
    assert found(index, job_id="261121-000001") == []


@pytest.mark.parametrize("values", [{"rev": {"N": "1"}}, {}])
def test_an_unreadable_entry_is_written_again_with_its_jobs_next_change(
    moto: Moto, values: dict[str, Any]
) -> None:
    _, index = an_index_with_an_unreadable_entry(moto, **values)
    IndexJob(index, no_pause)(a_job_of_ada(1, version=2, rev=2))
    assert found(index, job_id="261121-000001") == ["261121-000001"]


def test_a_rebuild_writes_an_unreadable_entry_again(moto: Moto) -> None:
    _, index = an_index_with_an_unreadable_entry(moto, rev={"N": "1"})
    jobs = FakeJobs(Bucket())
    for number in (1, 2):
        jobs.create(a_job_of_ada(number))
    assert rebuild_index(jobs, IndexJob(index, no_pause), "main", UTC_ZONE).jobs == 2
    assert found(index) == ["261121-000002", "261121-000001"]


def test_an_unreadable_entry_is_erased_with_its_job(moto: Moto) -> None:
    table, index = an_index_with_an_unreadable_entry(moto)
    IndexJob(index, no_pause).erase("main", "261121-000001", UTC_ZONE)
    key = {"pk": {"S": "main#job#261121-000001"}, "sk": {"S": "entry"}}
    assert "Item" not in table.dynamodb.get_item(TableName=table.name, Key=key)


NO_WEEKS: list[dict[str, Any]] = [
    {},
    {"first": {"S": "?"}, "last": {"N": "2970"}},
    {"first": {"N": "1.5"}, "last": {"N": "2970"}},
]
IMPOSSIBLE_WEEKS = [
    {"first": {"N": "2971"}, "last": {"N": "2970"}},
    {"first": {"N": "2970"}, "last": {"N": "1" + "0" * 30}},
]


@pytest.mark.parametrize("values", NO_WEEKS + IMPOSSIBLE_WEEKS)
def test_weeks_that_cannot_be_are_not_read(moto: Moto, values: dict[str, Any]) -> None:
    table = Table(moto)
    table.spoil("main#weeks", "weeks", **values)
    with pytest.raises(Corrupt):
        DynamoJobIndex(*table.place).weeks("main")


@pytest.mark.parametrize("values", NO_WEEKS)
def test_weeks_that_cannot_be_read_stop_no_search(moto: Moto, values: dict[str, Any]) -> None:
    table = Table(moto)
    index = DynamoJobIndex(*table.place)
    now = utc_now()
    at = Schedule(window_start=now)
    IndexJob(index, no_pause)(a_job_of_ada(1, schedule=at))
    table.spoil("main#weeks", "weeks", **values)
    IndexJob(index, no_pause)(a_job_of_ada(2, schedule=at))
    day = timedelta(days=1)
    assert found(index, since=now - day, until=now + day) == ["261121-000002", "261121-000001"]


def test_without_readable_weeks_every_page_of_a_search_is_found() -> None:
    index = NoWeeks()
    now = utc_now()
    for number, days in ((1, -700), (2, 0), (3, 900)):
        at = Schedule(window_start=now + timedelta(days=days))
        IndexJob(index, no_pause)(a_job_of_ada(number, schedule=at))
    pages, before = list[str](), None
    while True:
        page = find_jobs(index, "main", Question(), 10, before)
        pages += [entry.job_id for entry in page.entries]
        before = page.following
        if before is None:
            break
    assert pages == ["261121-000003", "261121-000002", "261121-000001"]


def test_without_readable_weeks_the_watchdog_goes_on() -> None:
    bucket = Bucket()
    tenants = FakeTenants(bucket, BusinessSettings(tenant="main", name="Haulway"))
    index_job = IndexJob(NoWeeks(), no_pause)
    sweep = SweepIndex(FakeJobs(bucket), index_job, tenants, timedelta(days=730))
    assert sweep("main", NOON) == 0


def test_a_rebuild_writes_unreadable_weeks_again(moto: Moto) -> None:
    table = Table(moto)
    index, jobs = DynamoJobIndex(*table.place), FakeJobs(Bucket())
    for number in (1, 2):
        at = Schedule(window_start=NOON + timedelta(weeks=number))
        jobs.create(a_job_of_ada(number, schedule=at))
    table.spoil("main#weeks", "weeks")
    rebuild_index(jobs, IndexJob(index, no_pause), "main", UTC_ZONE)
    this = week_of(NOON)
    assert index.weeks("main") == Weeks(this + 1, this + 2)


def test_a_rebuild_leaves_weeks_that_can_be_read_as_wide_as_they_are() -> None:
    index, jobs = FakeJobIndex(), FakeJobs(Bucket())
    jobs.create(a_job_of_ada(1))
    index.spans["main"] = wide = Weeks(100, 4000)
    rebuild_index(jobs, IndexJob(index, no_pause), "main", UTC_ZONE)
    assert index.spans["main"] == wide


# -- objects


def test_an_unreadable_endpoint_keeps_no_fact_from_the_others(moto: Moto) -> None:
    bucket = moto.bucket()
    endpoints = S3Endpoints(moto.s3, bucket)
    endpoints.write(an_endpoint("ep_two"), None)
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/endpoints/ep_one.json", Body=b"{")
    assert [each.endpoint_id for each in endpoints.all("main")] == ["ep_two"]


def test_an_unreadable_delivery_is_left_out_of_its_endpoints_log(moto: Moto) -> None:
    bucket = moto.bucket()
    deliveries = S3Deliveries(moto.s3, bucket)
    sent = Delivery(name=SENT, state="sent", to="example.com", created_at=NOON, updated_at=NOON)
    deliveries.create(sent)
    spoiled = SENT.with_(mark="0").key
    moto.s3.put_object(Bucket=bucket, Key=spoiled, Body=b"{}")
    assert list(deliveries.to_endpoint("main", "ep_two")) == [sent]


def test_an_unreadable_change_is_left_out_of_the_history_of_settings(moto: Moto) -> None:
    bucket = moto.bucket()
    change = ChangeSettings(S3SettingsStore(moto.s3, bucket), no_pause)
    change.add(BusinessSettings(tenant="main", name="Haulway"), "haul", NOON)
    for number in (2, 3):
        change("main", {"name": f"Haulway {number}"}, "olive", NOON)
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/settings/00000002.json", Body=b"{")
    assert [each.version for each in change.history("main", None, 10)[0]] == [3, 1]


def test_an_unreadable_list_of_conversations_is_replaced_by_the_next_text(moto: Moto) -> None:
    bucket = moto.bucket()
    stored = S3Conversations(moto.s3, bucket)
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/conversations/list.json", Body=b"[")
    unreadable = stored_list(stored, "main")
    assert unreadable
    assert unreadable.value.conversations == ()
    said = ConversationMessage(
        message_id="in-1", at=NOON, sender="customer", text="Hello", to_read=True
    )
    add_message(stored, "main", BEN, said, no_pause)
    listed = stored.read_list("main")
    assert listed
    assert [each.excerpt for each in listed.value.conversations] == ["Hello"]
    assert json.loads(listed.value.model_dump_json())["version"] == 1
