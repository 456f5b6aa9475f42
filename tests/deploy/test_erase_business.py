"""A business is erased with everything of it, and nothing of another one."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.erase import erase_number
from deploy.erase_business import PARTITIONS, BusinessErased, NotErasable, erase_business
from functions.aws.api_keys import DynamoApiKeys
from functions.aws.business_settings import S3SettingsStore
from functions.aws.job_index import DynamoJobIndex
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3PhoneRecords
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Jobs, S3Views
from functions.aws.slots import DynamoSlots
from functions.business.change_settings import ChangeSettings, ReservedId
from functions.messages.phone_numbers import change_phone_record, digest_of
from functions.people.api_keys import NewKey, new_key
from functions.protocol.ports import UnknownTenant
from functions.views.job_index import IndexJob
from statemachine.business.business import SHARED, BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.schedule.slots import SlotSheet
from statemachine.values.ids import digest_of as digest_of_token
from statemachine.views.views import view_of
from tests.support.builders import NOON, a_job
from tests.support.fakes import no_pause
from tests.support.moto_server import Moto
from tests.support.roster_fakes import a_member

NUMBER, ADA = "+12065550142", "+15555550123"


class Stage:
    """Two businesses with the same job, person, and customer."""

    def __init__(self, moto: Moto) -> None:
        self.client: Callable[[str], Any] = moto.client
        self.s3, self.bucket, self.site = moto.s3, moto.bucket(), moto.bucket()
        self.outputs = {
            "JobsBucket": self.bucket,
            "SiteBucket": self.site,
            "CrewRosterTable": moto.crew_roster(),
            "JobIndexTable": moto.job_index(),
            "DistributionId": "none",
        }
        self.change = ChangeSettings(S3SettingsStore(self.s3, self.bucket), no_pause)
        for tenant in ("quick", "other"):
            self._fill(tenant)
        self.change("quick", {"sms_number": NUMBER}, "olive", NOON)

    def _fill(self, tenant: str) -> None:
        self.change.add(BusinessSettings(tenant=tenant, name=tenant.title()), "haul", NOON)
        S3Logos(self.s3, self.site).publish(f"/logos/{tenant}/261121-a.png", b"png")
        job = a_job("completed", tenant=tenant, token=f"{tenant:x<22}")
        S3Jobs(self.s3, self.bucket).create(job)
        IndexJob(DynamoJobIndex(self.client("dynamodb"), self.outputs["JobIndexTable"]))(job)
        view = view_of(job, load_flow("haul"))
        S3Views(self.s3, self.site, 60).write(digest_of_token(job.token), view, None)
        dynamodb, table = self.client("dynamodb"), self.outputs["CrewRosterTable"]
        DynamoAccounts(dynamodb, table).add(a_member("mia", tenant=tenant))
        wanted = NewKey(name="Website", roles=("dispatcher",))
        new_key(DynamoApiKeys(dynamodb, table), tenant, wanted, "mia", NOON)
        DynamoSlots(dynamodb, table).write(tenant, SlotSheet(day="2026-11-23", version=1))
        name = DeliveryName(
            tenant=tenant, about=job.job_id, mark="0", channel="sms", recipient="customer"
        )
        sent = Delivery(name=name, state="sent", to="…0123", created_at=NOON, updated_at=NOON)
        S3Deliveries(self.s3, self.bucket).create(sent)
        numbers = S3PhoneRecords(self.s3, self.bucket)
        change_phone_record(numbers, tenant, ADA, lambda number: number.stop(NOON))
        change_phone_record(numbers, SHARED, ADA, lambda number: number.texted_by(tenant))

    def stored(self) -> set[str]:
        """Every key of an object or item that there is."""
        dynamodb = self.client("dynamodb")
        keys = {
            each["Key"]
            for bucket in (self.bucket, self.site)
            for each in self.s3.list_objects_v2(Bucket=bucket).get("Contents", ())
        }
        for table in ("CrewRosterTable", "JobIndexTable"):
            items = dynamodb.scan(TableName=self.outputs[table])["Items"]
            keys |= {f"{item['pk']['S']} {item['sk']['S'][:4]}" for item in items}
        return keys


@pytest.fixture
def stage(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("deploy.erase_business.invalidate_views", lambda *_: None)
    return Stage(moto)


def test_everything_of_a_business_is_erased_and_nothing_of_another(stage: Stage) -> None:
    before = stage.stored()
    stage.change("quick", {"suspended": True}, "olive", NOON)
    erased = erase_business(stage.client, stage.outputs, "quick")
    # Of people, keys, and slots one each; of the index its weeks, and the count of the erased job.
    assert erased.jobs == 1
    assert erased.unreadable == 0
    assert erased.items == 5
    left = stage.stored()
    assert [key for key in left if "quick" in key or NUMBER in key] == ["erased/quick.json"]
    assert {key for key in before if "other" in key} <= left
    assert f"t/{digest_of_token('quick' + 'x' * 17)}.json" not in left
    with pytest.raises(UnknownTenant):
        erase_business(stage.client, stage.outputs, "quick")


def test_an_erasure_that_was_interrupted_is_run_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    stage.change("quick", {"suspended": True}, "olive", NOON)
    with monkeypatch.context() as patch:
        patch.setattr("deploy.erase_business.invalidate_views", interrupted)
        with pytest.raises(KeyboardInterrupt):
            erase_business(stage.client, stage.outputs, "quick")
    again = erase_business(stage.client, stage.outputs, "quick")
    assert isinstance(again, BusinessErased)
    assert again.jobs == 0
    assert [key for key in stage.stored() if "quick" in key] == ["erased/quick.json"]


def test_keys_go_first_because_with_one_people_could_be_added() -> None:
    assert PARTITIONS[:2] == ("keys#{}", "tenant#{}")


def test_the_id_of_an_erased_business_is_not_used_again(stage: Stage) -> None:
    stage.change("quick", {"suspended": True}, "olive", NOON)
    erase_business(stage.client, stage.outputs, "quick")
    with pytest.raises(ReservedId, match="quick was erased here"):
        stage.change.add(BusinessSettings(tenant="quick", name="Another"), "haul", NOON)
    assert "directory/quick.json" not in stage.stored()


def test_a_business_that_works_is_not_erased(stage: Stage) -> None:
    with pytest.raises(NotErasable, match="haul business disable quick"):
        erase_business(stage.client, stage.outputs, "quick")
    stage.change("quick", {"suspended": True}, "olive", NOON)
    S3Jobs(stage.s3, stage.bucket).mark_open("quick", "261121-7k3m2q")
    before = stage.stored()
    with pytest.raises(NotErasable, match="1 jobs are still open"):
        erase_business(stage.client, stage.outputs, "quick")
    assert stage.stored() == before


def test_an_erased_customer_is_forgotten_by_the_shared_number_too(stage: Stage) -> None:
    def known() -> tuple[str, ...] | None:
        stored = S3PhoneRecords(stage.s3, stage.bucket).read(SHARED, digest_of(SHARED, ADA))
        return stored.value.businesses if stored else None

    assert known() == ("other", "quick")
    erase_number(stage.s3, stage.bucket, "quick", ADA)
    assert known() == ("other",)
    erase_number(stage.s3, stage.bucket, "other", ADA)
    assert known() is None
