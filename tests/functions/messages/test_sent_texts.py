"""When texts were sent: once each, whatever is lost, on the fake and on the DynamoDB adapter."""

from datetime import timedelta

import pytest

from functions.aws.job_index import DynamoJobIndex
from functions.aws.sent_texts import DynamoSentTexts
from functions.messages.sms_once import SentTexts
from functions.protocol.ports import Unavailable
from statemachine.job.deliveries import DeliveryName
from tests.functions.messages.test_messages import MessageSenders
from tests.support.builders import NOON, a_job, moved
from tests.support.faults import Faults
from tests.support.message_fakes import FakeSentTexts
from tests.support.moto_server import Moto

DAY = timedelta(days=1)


@pytest.fixture(params=["fake", "dynamodb"])
def sent(request: pytest.FixtureRequest) -> SentTexts:
    if request.param == "fake":
        return FakeSentTexts()
    moto: Moto = request.getfixturevalue("moto")
    return DynamoSentTexts(moto.client("dynamodb"), moto.job_index())


def a_text(mark: str = "1", tenant: str = "main") -> DeliveryName:
    return DeliveryName(
        tenant=tenant, about="261121-7k3m2q", mark=mark, channel="sms", recipient="customer"
    )


def test_a_text_is_counted_once_at_its_moment(sent: SentTexts) -> None:
    for name, at in ((a_text(), NOON), (a_text(), NOON), (a_text("2"), NOON + DAY)):
        sent.add(name, at)
    sent.add(a_text(tenant="west"), NOON)
    assert list(sent.between("main", NOON, NOON + 2 * DAY)) == [NOON, NOON + DAY]
    assert list(sent.between("main", NOON, NOON + DAY)) == [NOON]
    assert list(sent.between("main", NOON + timedelta(seconds=1), NOON + DAY)) == []


def test_a_text_that_was_sent_before_a_crash_is_counted_after_it() -> None:
    world = MessageSenders()
    world.sent.faults = Faults({"PutItem": ["before", "after", None]})
    job = world.store(moved(a_job(), "confirm"))
    for _ in range(2):
        with pytest.raises(Unavailable):
            world.text(job)
    world.text(job, now=NOON + timedelta(minutes=5))
    world.text(job, now=NOON + timedelta(minutes=6))
    assert len(world.texts.sent) == 1
    assert list(world.sent.between("main", NOON - DAY, NOON + DAY)) == [NOON]


def test_a_rebuild_leaves_the_counts(moto: Moto) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.job_index()
    DynamoSentTexts(dynamodb, table).add(a_text(), NOON)
    assert list(DynamoJobIndex(dynamodb, table).stored("main")) == []
