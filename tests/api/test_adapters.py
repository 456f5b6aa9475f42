"""What only the API asks of AWS: copies of the board, and where customers reach us."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from functions.aws.board_copies import S3BoardCopies
from functions.aws.edge_address import NotedEdgeAddress
from functions.aws.stores import S3Boards
from functions.ports import Unavailable
from statemachine.flows import load_flow
from statemachine.views import Board, card_of
from tests.builders import a_job
from tests.faults import Faults

BUCKET = "jobs"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


@pytest.fixture
def s3(aws: boto3.Session) -> Any:
    client = aws.client("s3", config=Config(retries={"total_max_attempts": 1}))
    client.create_bucket(Bucket=BUCKET)
    return client


def a_board(*statuses: str) -> Board:
    jobs = [a_job(status, job_id=f"261121-00000{n}") for n, status in enumerate(statuses)]
    return Board().merged(card_of(job, load_flow("haul")) for job in jobs)


def test_a_board_that_was_never_written_is_empty(s3: Any) -> None:
    assert S3BoardCopies(s3, BUCKET).latest("main").value == Board()


def test_a_copy_is_kept_until_the_board_changes(s3: Any) -> None:
    copies, boards = S3BoardCopies(s3, BUCKET), S3Boards(s3, BUCKET)
    boards.overwrite("main", a_board("in_progress"))
    first = copies.latest("main")
    assert copies.latest("main") is first
    boards.overwrite("main", a_board("in_progress", "completed"))
    assert copies.latest("main").value == a_board("in_progress", "completed")


def test_copies_of_two_businesses_are_two(s3: Any) -> None:
    copies, boards = S3BoardCopies(s3, BUCKET), S3Boards(s3, BUCKET)
    boards.overwrite("main", a_board("in_progress"))
    boards.overwrite("other", a_board("completed"))
    told = [copies.latest(tenant).value for tenant in ("main", "other", "main")]
    assert told == [a_board("in_progress"), a_board("completed"), a_board("in_progress")]


def test_a_board_that_cannot_be_read_is_asked_for_again_later(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="tenants/main/board/jobs.json", Body=b"{")
    with pytest.raises(Unavailable):
        S3BoardCopies(s3, BUCKET).latest("main")


def test_a_board_whose_answer_was_lost_is_not_taken_for_an_empty_one(s3: Any) -> None:
    with Faults({"GetObject": ["before"]}).on(s3), pytest.raises(Unavailable):
        S3BoardCopies(s3, BUCKET).latest("main")


def test_the_edges_address_is_read_once(aws: boto3.Session) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/haulway/test/edge-url", Value="https://edge.test/", Type="String")
    noted = NotedEdgeAddress(ssm, "/haulway/test/edge-url")
    assert noted.url == "https://edge.test"
    ssm.delete_parameter(Name="/haulway/test/edge-url")
    assert noted.url == "https://edge.test"
