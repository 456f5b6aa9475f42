"""`haul erase`: finding the customer, former names and numbers, and safe interruptions."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import export_import
from cli.commands.erase import erase
from functions.aws.messages import S3Deliveries, S3PhoneRecords
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Tenants
from functions.messages.phone_numbers import change_phone_record, digest_of
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.job.job import Customer, Job
from statemachine.rules.edits import edited
from statemachine.views.views import Board, card_of
from tests.support.builders import NOON, a_job, an_edit, moved
from tests.support.faults import Faults
from tests.support.moto_server import Moto

app = typer.Typer()
app.command("erase")(erase)
app.command("export")(export_import.export)
app.command("import")(export_import.import_)
ADA, BOB, OLD = "+15555550123", "+15555550177", "+15555550199"


@dataclass
class Business:
    moto: Moto
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.s3 = self.moto.s3
        for name in ("JobsBucket", "SiteBucket"):
            self.outputs[name] = self.moto.bucket()
            self.s3.put_bucket_versioning(
                Bucket=self.outputs[name], VersioningConfiguration={"Status": "Enabled"}
            )
        self.outputs |= {"CrewRosterTable": self.moto.crew_roster(), "DistributionId": "E1"}
        self.outputs["JobIndexTable"] = self.moto.job_index()
        tenants = S3Tenants(self.s3, self.outputs["JobsBucket"])
        tenants.add(BusinessSettings(tenant="main", name="Haulway"))
        self.bucket = self.outputs["JobsBucket"]
        self.jobs, self.boards = S3Jobs(self.s3, self.bucket), S3Boards(self.s3, self.bucket)
        self.numbers = S3PhoneRecords(self.s3, self.bucket)

    def client(self, service: str) -> Any:
        if service == "cloudfront":
            return SimpleNamespace(create_invalidation=lambda **_: None)
        return self.s3 if service == "s3" else self.moto.client(service)

    def add_ended_job(self, number: int, name: str, phone: str | None = None, **values: Any) -> Job:
        """An ended job, stored and on the board."""
        customer = Customer(name=name, phone=phone)
        job_id, token = f"261121-00000{number}", f"{number}" * 22
        job = a_job("in_progress", job_id=job_id, token=token, customer=customer, **values)
        self.jobs.create(job)
        return self.ended(job)

    def ended(self, job: Job) -> Job:
        job = moved(job, "complete")
        job = job.with_(execution=job.execution.with_(seq=job.seq))
        self.jobs.replace(job, self.jobs.read("main", job.job_id).etag)
        return self.show(job)

    def show(self, job: Job) -> Job:
        known = self.boards.read("main")
        board = (known.value if known else Board()).merged([card_of(job, load_flow(job.flow))])
        self.boards.overwrite("main", board)
        return job

    def corrupt(self, job_id: str) -> None:
        key = f"tenants/main/jobs/{job_id}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"{")

    def run(self, *words: str, tenant: str = "main") -> tuple[int, str]:
        obj = SimpleNamespace(connection=self, tenant=tenant, zone=ZoneInfo("America/New_York"))
        said = CliRunner().invoke(app, list(words), obj=obj)
        assert not said.exception or isinstance(said.exception, SystemExit), said.exception
        return said.exit_code, said.output

    def erase(self, customer: str) -> tuple[int, str]:
        return self.run("erase", "--customer", customer, "--yes")

    def left(self) -> list[str]:
        return list(self.jobs.all_ids("main"))

    def traces(self, text: str) -> list[str]:
        """Keys of all versions of all objects that contain the text."""
        found = []
        for each in self.s3.list_object_versions(Bucket=self.bucket).get("Versions", ()):
            which = {"Bucket": self.bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            if text.encode() in self.s3.get_object(**which)["Body"].read():
                found.append(each["Key"])
        return found


@pytest.fixture
def business(moto: Moto) -> Business:
    return Business(moto)


def test_jobs_that_another_business_has_are_not_imported(
    business: Business, tmp_path: Path
) -> None:
    """Both would have one view: whichever is erased first would take it from the other."""
    job = business.add_ended_job(1, "Ada Wong", ADA)
    file = tmp_path / "jobs.jsonl"
    file.write_text(job.model_dump_json(exclude_none=True) + "\n", encoding="utf-8")
    code, said = business.run("import", str(file), tenant="other")
    assert code != 0
    assert "haul business erase main" in " ".join(said.split())
    assert list(business.jobs.all_ids("other")) == []


def test_two_people_with_one_name_are_listed_and_not_erased(business: Business) -> None:
    business.add_ended_job(1, "John Q Smith", ADA)
    business.add_ended_job(2, "John Q Smith", BOB)
    code, said = business.erase("john q  smith")
    assert code == 2
    assert len(business.left()) == 2
    assert all(each in said for each in (ADA, BOB, "261121-000001", "261121-000002"))
    assert business.erase(BOB)[0] == 0
    assert business.left() == ["261121-000001"]


@pytest.mark.parametrize("written", ["(555) 555-0123", "555-555-0123", "+1 555 555 0123", ADA])
def test_a_number_is_found_in_usual_spellings(business: Business, written: str) -> None:
    business.add_ended_job(1, "Ada Wong", ADA)
    assert business.erase(written)[0] == 0
    assert business.left() == []


def test_a_job_id_chooses_between_two_people_without_numbers(business: Business) -> None:
    business.add_ended_job(1, "Ada Wong")
    business.add_ended_job(2, "Ada Wong", place={"address": "9 Elm St"})
    assert business.erase("Ada Wong")[0] == 2
    assert business.erase("261121-000002")[0] == 0
    assert business.left() == ["261121-000001"]


def corrected(business: Business) -> Job:
    """Booked for Ada Wong with a wrong number, texted there, then corrected."""
    job = a_job(
        "in_progress", job_id="261121-000001", customer=Customer(name="Ada Wong", phone=OLD)
    )
    business.jobs.create(job)
    change_phone_record(
        business.numbers, "main", OLD, lambda number: number.texted(job.job_id, None)
    )
    name = {"tenant": "main", "mark": "1", "channel": "sms", "recipient": "customer"}
    for about in ("replies", job.job_id):
        draft = {"state": "sent", "to": masked_phone(OLD), "created_at": NOON, "updated_at": NOON}
        delivery = Delivery(name=DeliveryName.model_validate({**name, "about": about}), **draft)
        S3Deliveries(business.s3, business.bucket).create(delivery)
    job = edited(job, an_edit(job, customer={"name": "Ada Lovelace", "phone": ADA}), NOON)
    business.jobs.replace(job, business.jobs.read("main", job.job_id).etag)
    return business.ended(job)


def number_left(business: Business, phone: str) -> bool:
    return business.numbers.read("main", digest_of("main", phone)) is not None


@pytest.mark.parametrize("customer", ["Ada Lovelace", "Ada Wong", ADA, OLD])
def test_former_names_and_numbers_find_the_job_and_are_erased_with_it(
    business: Business, customer: str
) -> None:
    corrected(business)
    business.add_ended_job(2, "Bob", BOB)
    assert business.erase(customer)[0] == 0
    assert business.left() == ["261121-000002"]
    assert not number_left(business, OLD)
    assert [business.traces(text) for text in ("Ada", OLD, masked_phone(OLD))] == [[], [], []]


def test_a_former_number_is_erased_after_its_versions_have_expired(business: Business) -> None:
    job = corrected(business)
    listed = business.s3.list_object_versions(
        Bucket=business.bucket, Prefix=f"tenants/main/jobs/{job.job_id}"
    )
    for each in listed["Versions"]:
        if not each["IsLatest"]:
            which = {"Bucket": business.bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            business.s3.delete_object(**which)
    assert business.erase("Ada Lovelace")[0] == 0
    assert not number_left(business, OLD)
    assert business.traces(masked_phone(OLD)) == []


def test_a_number_that_now_belongs_to_someone_else_is_kept(business: Business) -> None:
    corrected(business)
    business.add_ended_job(2, "Bob", OLD)
    assert business.erase(ADA)[0] == 0
    assert business.left() == ["261121-000002"]
    assert number_left(business, OLD)


def test_if_the_board_cannot_be_rebuilt_it_stays_and_the_command_can_be_repeated(
    business: Business,
) -> None:
    business.add_ended_job(1, "Ada Wong", ADA)
    open_job = business.show(a_job(job_id="261121-000002", customer=Customer(name="Bob")))
    business.jobs.create(open_job)
    business.jobs.mark_open("main", open_job.job_id)
    before = business.boards.read("main")
    listings = [None] * 3 + ["before"] * 20
    with Faults({"ListObjectsV2": listings}).on(business.s3):  # type: ignore[dict-item]  # a script
        assert business.erase(ADA)[0] != 0
    assert business.boards.read("main") == before
    assert len(business.left()) == 2
    assert business.erase(ADA)[0] == 0
    board = business.boards.read("main")
    assert board
    assert list(board.value.jobs) == ["261121-000002"]
    assert business.traces("Ada Wong") == []


def test_corrupt_jobs_do_not_block_an_erasure_and_are_named(business: Business) -> None:
    business.add_ended_job(1, "Ada Wong", ADA)
    business.s3.put_object(
        Bucket=business.bucket, Key="tenants/main/jobs/261121-00000z.json", Body=b"{"
    )
    code, said = business.erase(ADA)
    assert code == 0
    assert "261121-00000z" in said
    assert business.left() == ["261121-00000z"]


def test_a_corrupt_job_must_be_restored_before_it_is_erased(business: Business) -> None:
    job = business.add_ended_job(1, "Ada Wong", ADA)
    business.corrupt(job.job_id)
    code, said = business.erase(ADA)
    assert code == 1
    assert "haul ops restore" in said
    assert business.left() == [job.job_id]


def test_an_export_skips_and_names_unreadable_jobs(business: Business, tmp_path: Any) -> None:
    business.add_ended_job(1, "Ada Wong", ADA)
    business.s3.put_object(
        Bucket=business.bucket, Key="tenants/main/jobs/261121-000000.json", Body=b"{"
    )
    code, said = business.run("export", str(tmp_path / "jobs.jsonl"))
    [line] = (tmp_path / "jobs.jsonl").read_text("utf-8").splitlines()
    assert code == 1
    assert "261121-000000" in said
    assert json.loads(line)["job_id"] == "261121-000001"
