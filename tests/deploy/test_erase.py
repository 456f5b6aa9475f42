"""Erasing forgets a person, but not that the person wanted no texts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from deploy import erase
from deploy.erase import NumberErased, erase_job, erase_number
from functions.aws.conversations import S3Conversations
from functions.aws.messages import S3Deliveries, S3PhoneRecords
from functions.aws.s3_stores import S3Tenants
from functions.messages.conversations import add_message
from functions.messages.phone_numbers import (
    PendingQuestion,
    PhoneRecord,
    change_phone_record,
    digest_of,
)
from functions.protocol.ports import Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.job.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.job.job import Photo
from statemachine.messages.conversation import ConversationMessage, ConversationPage
from statemachine.values.ids import digest_of as digest_of_token
from tests.support.builders import DISPATCHER, NOON, a_job, minutes
from tests.support.faults import Faults
from tests.support.moto_server import Moto

ADA, BOB = "+15555550123", "+15555550177"
JOB = "261121-7k3m2q"


@dataclass
class Kept:
    """A jobs bucket with versions, and what it still holds of a number."""

    s3: Any
    bucket: str

    @property
    def numbers(self) -> S3PhoneRecords:
        return S3PhoneRecords(self.s3, self.bucket)

    def change(self, phone: str, changed: Callable[[PhoneRecord], PhoneRecord]) -> PhoneRecord:
        return change_phone_record(self.numbers, "main", phone, changed)

    def known(self, phone: str) -> PhoneRecord | None:
        stored = self.numbers.read("main", digest_of("main", phone))
        return stored.value if stored else None

    def versions(self, prefix: str) -> list[str]:
        answer = self.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix)
        return [
            each["Key"] for kind in ("Versions", "DeleteMarkers") for each in answer.get(kind, ())
        ]

    def erase(self, phone: str) -> NumberErased:
        return erase_number(self.s3, self.bucket, "main", phone)


def versioned(moto: Moto) -> str:
    bucket = moto.bucket()
    moto.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def kept(moto: Moto) -> Kept:
    return Kept(moto.s3, versioned(moto))


def texted(number: PhoneRecord) -> PhoneRecord:
    return number.texted(JOB, PendingQuestion(job_id=JOB, rev=1, move="confirm"))


def stopped(number: PhoneRecord) -> PhoneRecord:
    return number.stop(NOON)


def test_a_number_that_wanted_texts_leaves_nothing(kept: Kept) -> None:
    kept.change(ADA, texted)
    kept.change(ADA, lambda number: stopped(number).start(NOON + minutes(1)))
    kept.change(BOB, texted)
    assert kept.erase(ADA) == NumberErased(objects=2, opt_out_kept=False)
    assert len(kept.versions("tenants/main/numbers/")) == 1
    assert kept.known(BOB) is not None
    assert kept.erase(ADA) == NumberErased(objects=0, opt_out_kept=False)


def test_a_conversation_goes_with_its_number_and_others_stay(kept: Kept) -> None:
    conversations = S3Conversations(kept.s3, kept.bucket)
    for number, phone in enumerate((ADA, BOB) * 2):
        said = ConversationMessage(
            message_id=f"in-{number}", at=NOON, sender="customer", text="Hello", to_read=True
        )
        add_message(conversations, "main", phone, said)
    page = ConversationPage(messages=(said.with_(seq=1),))
    conversations.write_page("main", digest_of("main", ADA), page)
    assert kept.erase(ADA).objects > 3
    left = kept.versions("tenants/main/conversations/")
    assert [key for key in left if digest_of("main", ADA) in key] == []
    assert left.count("tenants/main/conversations/list.json") == 1
    listed = conversations.read_list("main")
    assert listed
    assert [each.phone_end for each in listed.value.conversations] == [BOB[-4:]]


def test_of_a_number_that_said_stop_only_that_is_left(kept: Kept) -> None:
    kept.change(ADA, texted)
    said = kept.change(ADA, stopped)
    assert kept.erase(ADA) == NumberErased(objects=2, opt_out_kept=True)
    left = kept.known(ADA)
    assert left == PhoneRecord(
        tenant="main", digest=digest_of("main", ADA), version=said.version + 1, stopped_at=NOON
    )
    assert left.stopped
    assert len(kept.versions("tenants/main/numbers/")) == 1
    assert kept.erase(ADA) == NumberErased(objects=0, opt_out_kept=True)


def test_a_lost_answer_to_the_write_of_the_bare_stop_does_no_harm(kept: Kept) -> None:
    kept.change(ADA, texted)
    kept.change(ADA, stopped)
    with Faults({"PutObject": ["after"]}).on(kept.s3):
        assert kept.erase(ADA) == NumberErased(objects=2, opt_out_kept=True)
    assert len(kept.versions("tenants/main/numbers/")) == 1


def test_a_stop_that_comes_in_between_is_not_forgotten(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.change(ADA, texted)
    listed = erase._versions

    def meanwhile(*arguments: Any) -> Any:
        kept.change(ADA, stopped)
        return listed(*arguments)

    monkeypatch.setattr(erase, "_versions", meanwhile)
    assert kept.erase(ADA).opt_out_kept
    assert kept.known(ADA) == PhoneRecord(
        tenant="main", digest=digest_of("main", ADA), version=3, stopped_at=NOON
    )
    monkeypatch.undo()
    assert len(kept.versions("tenants/main/numbers/")) == 1


def test_a_number_that_never_stops_changing_is_said_and_not_half_erased(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.change(ADA, texted)
    listed, jobs = erase._versions, iter(range(1000))

    def meanwhile(*arguments: Any) -> Any:
        kept.change(ADA, lambda number: number.texted(f"261121-{next(jobs):06}", None))
        return listed(*arguments)

    monkeypatch.setattr(erase, "_versions", meanwhile)
    with pytest.raises(Unavailable, match="erase again"):
        kept.erase(ADA)
    assert kept.known(ADA) is not None


def test_answers_to_the_number_go_and_those_to_others_stay(kept: Kept) -> None:
    deliveries = S3Deliveries(kept.s3, kept.bucket)
    for phone in (ADA, BOB):
        name = DeliveryName(
            tenant="main", about="replies", mark=f"sms-{phone[1:]}", channel="sms",
            recipient="customer",
        )  # fmt: skip
        draft = Delivery(
            name=name, state="held", to=masked_phone(phone), created_at=NOON, updated_at=NOON
        )
        deliveries.create(draft)
    assert kept.erase(ADA) == NumberErased(objects=1, opt_out_kept=False)
    assert [answer.to for answer in deliveries.about("main", "replies")] == [masked_phone(BOB)]


def test_a_job_goes_with_its_photos_and_where_its_crew_was_seen(moto: Moto) -> None:
    """Of two photos one was never uploaded."""
    job = a_job("completed", photos=(a_photo("a"), a_photo("b")))
    outputs = {
        "JobsBucket": versioned(moto), "SiteBucket": versioned(moto),
        "CrewRosterTable": moto.crew_roster(), "JobIndexTable": moto.job_index(),
    }  # fmt: skip
    private = [
        f"tenants/main/jobs/{JOB}.json",
        f"tenants/main/deliveries/{JOB}/1-sms-x.json",
        f"uploads/main/{JOB}/{'a' * 32}",
    ]
    public = [f"t/p/{'a' * 32}.jpg", f"t/{digest_of_token(job.token)}.json"]
    for bucket, key in [("JobsBucket", key) for key in (*private, "tenants/main/jobs/x.json")] + [
        ("SiteBucket", key) for key in (*public, f"t/p/{'c' * 32}.jpg")
    ]:
        for body in (b"older", b"newer"):
            moto.s3.put_object(Bucket=outputs[bucket], Key=key, Body=body)
    S3Tenants(moto.s3, outputs["JobsBucket"]).add(BusinessSettings(tenant="main", name="H"))
    dynamodb = moto.client("dynamodb")
    for job_id in (JOB, "261121-other0"):
        seen = {"pk": {"S": f"place#main#{job_id}"}, "sk": {"S": "place"}}
        dynamodb.put_item(TableName=outputs["CrewRosterTable"], Item=seen)
    assert erase_job(moto.client, outputs, job) == 2 * len(private + public)
    assert erase_job(moto.client, outputs, job) == 0
    assert (
        Kept(moto.s3, outputs["JobsBucket"]).versions("tenants/")
        == ["tenants/main/jobs/x.json"] * 2
    )
    assert Kept(moto.s3, outputs["SiteBucket"]).versions("") == [f"t/p/{'c' * 32}.jpg"] * 2
    left = dynamodb.scan(TableName=outputs["CrewRosterTable"])["Items"]
    assert [item["pk"]["S"] for item in left] == ["place#main#261121-other0"]


def a_photo(letter: str) -> Photo:
    record = {"event_id": f"photo-{letter}", "actor": DISPATCHER, "recorded_at": NOON}
    return Photo.model_validate(
        {"photo_id": letter * 32, "kind": "before", "taken_at": NOON, **record}
    )
