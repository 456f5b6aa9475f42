"""How long what was put away stays readable, by the buckets' own rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError

from cli.data.audit_log import audit_line
from deploy.bundle import ROOT
from deploy.template_file import read_template
from functions.aws.board_channels import S3BoardChannels
from functions.aws.business_settings import S3SettingsStore
from functions.aws.conversations import S3Conversations
from functions.aws.invalidation_usage import S3InvalidationUsage
from functions.aws.link_ends import S3LinkEnds
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3Endpoints, S3PhoneRecords, S3TextBudgets
from functions.aws.photos import UPLOADS, S3Photos
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Stuck, S3Tenants, S3Views
from functions.messages.phone_numbers import PhoneRecord
from functions.messages.sms_budget import SpentTexts
from functions.ops.history import KEPT_AT_LEAST
from functions.protocol.ports import StuckJob
from functions.views.invalidation_budget import MonthlyUsage
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.messages.conversation import (
    Conversation,
    ConversationList,
    ConversationMessage,
    ConversationPage,
)
from statemachine.settings.business_changes import SettingsChange, created
from statemachine.views.views import Board, card_of, view_of
from tests.support.builders import NOON, a_job
from tests.support.message_fakes import an_endpoint

RESOURCES: dict[str, Any] = read_template()["Resources"]
KEPT = {
    "tenants/*/jobs/*": "open: it has a way to go, and its end is written with the tag",
    "tenants/*/open/*": "the watchdog removes it when its job has ended",
    "tenants/*/links/*": "the watchdog removes it when the link has ended",
    "tenants/*/stuck/*": "the watchdog removes it when its job goes on",
    "tenants/*/board/jobs.json": "one, in use; it forgets an ended job after two days",
    "tenants/*/board/channel.json": "one, in use",
    "tenants/*/numbers/*": "a STOP holds without end, under a hash",
    "tenants/*/endpoints/*": "in use, until someone removes it",
    "directory/*": "the businesses there are",
    "erased/*": "the ids of erased businesses: none is used again",
    "tenants/*/settings/*": "who changed which setting of a business, a few a month",
    "ops/invalidations/*": "a number a month",
    "logos/*": "in use; the watchdog erases it a day after another one replaced it",
    "audit/*": "who did what, without names or numbers",
}
"""By key: why no rule erases it."""


def rules_of(bucket: str) -> list[dict[str, Any]]:
    rules = RESOURCES[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return [rule for rule in rules if rule["Status"] == "Enabled"]


@dataclass(frozen=True)
class Written:
    bucket: str
    key: str
    tags: tuple[tuple[str, str], ...]
    size: int

    def is_under(self, rule: dict[str, Any]) -> bool:
        """As S3 decides it: everything that a rule names has to fit."""
        return (
            self.key.startswith(rule.get("Prefix", ""))
            and all((tag["Key"], tag["Value"]) in self.tags for tag in rule.get("TagFilters", ()))
            and self.size > int(rule.get("ObjectSizeGreaterThan", -1))
            and self.size < int(rule.get("ObjectSizeLessThan", 10**12))
        )

    @property
    def erased_by(self) -> list[str]:
        rules = rules_of(self.bucket)
        return [r["Id"] for r in rules if "ExpirationInDays" in r and self.is_under(r)]


@dataclass
class RecordingS3:
    """An S3 that records what is put into it."""

    written: list[Written] = field(default_factory=list)

    def get_object(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

    def put_object(
        self,
        Bucket: str,  # noqa: N803 - as AWS has it
        Key: str,  # noqa: N803 - as AWS has it
        Body: bytes,  # noqa: N803 - as AWS has it
        Tagging: str = "",  # noqa: N803 - as AWS has it
        **_: Any,
    ) -> dict[str, str]:
        tags = tuple((key, value) for key, (value,) in parse_qs(Tagging).items())
        self.written.append(Written(Bucket, Key, tags, len(Body)))
        return {"ETag": "e"}


def a_delivery() -> Delivery:
    name = DeliveryName(
        tenant="main", about="261121-7k3m2q", mark="0", channel="sms", recipient="customer"
    )
    return Delivery(name=name, state="held", to="…0123", created_at=NOON, updated_at=NOON)


def write_everything(s3: Any) -> None:
    """One small object of every kind that the adapters write."""
    jobs, ended = S3Jobs(s3, "JobsBucket"), a_job("completed")
    jobs.create(a_job())
    jobs.create(ended)
    jobs.replace(ended, "e")
    jobs.mark_open("main", ended.job_id)
    S3LinkEnds(s3, "JobsBucket").add("main", ended.job_id, NOON)
    stuck = StuckJob(tenant="main", job_id=ended.job_id, why="corrupt", since=NOON)
    S3Stuck(s3, "JobsBucket").add(stuck)
    cards = {ended.job_id: card_of(ended, load_flow("haul"))}
    S3Boards(s3, "JobsBucket").write("main", Board(jobs=cards), None)
    S3BoardChannels(s3, "JobsBucket").ensure("main")
    S3Tenants(s3, "JobsBucket").add(BusinessSettings(tenant="main", name="H"))
    record = created(BusinessSettings(tenant="main", name="H"), "haul", NOON)
    S3SettingsStore(s3, "JobsBucket").create(record)
    change = SettingsChange(version=1, at=NOON, by="haul", changes=())
    S3SettingsStore(s3, "JobsBucket").add_to_history("main", change)
    S3SettingsStore(s3, "JobsBucket").mark_erased("main")
    S3Deliveries(s3, "JobsBucket").create(a_delivery())
    S3Deliveries(s3, "JobsBucket").replace(a_delivery(), "e")
    S3PhoneRecords(s3, "JobsBucket").write(
        PhoneRecord(tenant="m", digest="0" * 64, version=1), None
    )
    spent = SpentTexts(tenant="main", day="2026-11-21", of="business")
    S3TextBudgets(s3, "JobsBucket").write(spent, None)
    conversations, phone = S3Conversations(s3, "JobsBucket"), "+12065550123"
    conversations.write(Conversation(tenant="main", digest="d" * 32, phone=phone), None)
    said = ConversationMessage(seq=1, message_id="in-1", at=NOON, sender="customer", text="Hi")
    conversations.write_page("main", "d" * 32, ConversationPage(messages=(said,)))
    conversations.write_list("main", ConversationList(), None)
    S3Endpoints(s3, "JobsBucket").write(an_endpoint("ep_1"), None)
    S3InvalidationUsage(s3, "JobsBucket").write(MonthlyUsage(month="2026-11"))
    S3Photos(s3, "JobsBucket", "SiteBucket", "h", None).publish("a" * 32, b"jpeg")
    S3Logos(s3, "SiteBucket").publish("/logos/main/261121-a.png", b"png")
    view = view_of(ended, load_flow("haul"))
    S3Views(s3, "SiteBucket", 60).write("0" * 32, view, None)
    s3.put_object(Bucket="JobsBucket", Key=f"{UPLOADS}main/261121-7k3m2q/a", Body=b"raw")
    key, body = audit_line("erase", "main", NOON, {})
    s3.put_object(Bucket="JobsBucket", Key=key, Body=body)


@pytest.fixture(scope="module")
def written() -> list[Written]:
    s3 = RecordingS3()
    write_everything(s3)
    return s3.written


def test_everything_that_is_written_is_erased_by_a_rule_or_kept_for_a_reason(
    written: list[Written],
) -> None:
    kept = [each for each in written if not each.erased_by]
    reasons = {pattern for each in kept for pattern in KEPT if fnmatchcase(each.key, pattern)}
    assert [each for each in kept if not any(fnmatchcase(each.key, p) for p in KEPT)] == []
    assert reasons == set(KEPT)


def test_every_write_of_a_message_and_an_ended_job_has_an_erasing_rule(
    written: list[Written],
) -> None:
    erased = [
        (each.key.split("/")[2], each.erased_by)
        for each in written
        if each.key.startswith("tenants/") and each.erased_by
    ]
    assert erased == [
        ("jobs", ["ended-erased"]), ("jobs", ["ended-erased"]),
        ("deliveries", ["messages-erased"]), ("deliveries", ["messages-erased"]),
        ("budgets", ["messages-erased"]),
        ("conversations", ["messages-erased"]), ("conversations", ["messages-erased"]),
        ("conversations", ["messages-erased"]),
    ]  # fmt: skip


def test_only_versions_of_the_index_expire_after_a_day(
    written: list[Written],
) -> None:
    (rule,) = (each for each in rules_of("JobsBucket") if each["Id"] == "index-versions")
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    small = {each.key.split("/")[2] for each in written if _lasts(each) and each.is_under(rule)}
    assert small == {"open", "links"}


def _lasts(each: Written) -> bool:
    return each.bucket == "JobsBucket" and not each.key.startswith(UPLOADS)


def test_every_writing_adapter_is_covered_here() -> None:
    source = ast.unparse(ast.parse((ROOT / "tests/deploy/test_retention.py").read_text("utf-8")))
    assert [name for name in writers() if f"{name}(" not in source] == []


def writers() -> Iterator[str]:
    """The adapters that put objects into S3, by their calls."""
    for path in (ROOT / "functions" / "aws").glob("*.py"):
        for part in ast.parse(path.read_text("utf-8")).body:
            if isinstance(part, ast.ClassDef) and part.name != "S3Objects":
                calls = {ast.unparse(c.func) for c in ast.walk(part) if isinstance(c, ast.Call)}
                if calls & {"self.objects.store", "self.objects.put", "self.s3.put_object"}:
                    yield part.name


def test_a_mark_of_deletion_goes_when_nothing_is_left_that_it_ends() -> None:
    """S3 admits that only in a rule for everything, without an age."""
    for bucket in ("JobsBucket", "SiteBucket"):
        (rule,) = (each for each in rules_of(bucket) if each.get("ExpiredObjectDeleteMarker"))
        assert {"Prefix", "TagFilters", "ExpirationInDays"}.isdisjoint(rule)


def test_a_photo_as_it_came_from_the_phone_is_gone_after_a_day_in_every_version() -> None:
    """Of two rules S3 goes by the one that erases sooner."""
    (rule,) = (each for each in rules_of("JobsBucket") if each.get("Prefix") == UPLOADS)
    assert rule["ExpirationInDays"] == 1
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_old_versions_of_everything_else_are_gone_after_a_month() -> None:
    for bucket in ("JobsBucket", "SiteBucket"):
        (rule,) = (each for each in rules_of(bucket) if each["Id"] == "old-versions")
        assert "Prefix" not in rule
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_no_version_is_gone_sooner_than_those_who_explain_a_job_count_on() -> None:
    for bucket in ("JobsBucket", "SiteBucket"):
        rules = [rule.get("NoncurrentVersionExpiration", {}) for rule in rules_of(bucket)]
        days = [rule["NoncurrentDays"] for rule in rules if rule]
        assert min(days) >= KEPT_AT_LEAST.days
