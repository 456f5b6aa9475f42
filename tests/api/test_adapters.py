"""The adapters that only the API uses: copies of the board, and the site's address."""

import pytest

from functions.aws.board_channels import S3BoardChannels
from functions.aws.board_copies import S3BoardCopies
from functions.aws.s3_stores import S3Boards
from functions.aws.site_address import StoredEdgeAddress
from functions.protocol.ports import Unavailable
from statemachine.flows import load_flow
from statemachine.views.views import Board, card_of
from tests.support.builders import a_job
from tests.support.faults import Faults
from tests.support.moto_server import Moto


@pytest.fixture
def bucket(moto: Moto) -> str:
    return moto.bucket()


def a_board(*statuses: str) -> Board:
    jobs = [a_job(status, job_id=f"261121-00000{n}") for n, status in enumerate(statuses)]
    return Board().merged(card_of(job, load_flow("haul")) for job in jobs)


def test_a_board_that_was_never_written_is_empty(moto: Moto, bucket: str) -> None:
    assert S3BoardCopies(moto.s3, bucket).latest("main").value == Board()


def test_a_copy_is_kept_until_the_board_changes(moto: Moto, bucket: str) -> None:
    copies, boards = S3BoardCopies(moto.s3, bucket), S3Boards(moto.s3, bucket)
    boards.overwrite("main", a_board("in_progress"))
    first = copies.latest("main")
    assert copies.latest("main") is first
    boards.overwrite("main", a_board("in_progress", "completed"))
    assert copies.latest("main").value == a_board("in_progress", "completed")


def test_each_business_has_its_own_copy(moto: Moto, bucket: str) -> None:
    copies, boards = S3BoardCopies(moto.s3, bucket), S3Boards(moto.s3, bucket)
    boards.overwrite("main", a_board("in_progress"))
    boards.overwrite("other", a_board("completed"))
    told = [copies.latest(tenant).value for tenant in ("main", "other", "main")]
    assert told == [a_board("in_progress"), a_board("completed"), a_board("in_progress")]


def test_a_board_of_a_newer_version_is_read_after_a_rollback(moto: Moto, bucket: str) -> None:
    newer = a_board("in_progress").to_bytes()[:-1] + b',"of_later":1}'
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/board/jobs.json", Body=newer)
    assert S3BoardCopies(moto.s3, bucket).latest("main").value == a_board("in_progress")


def test_an_unreadable_board_is_unavailable(moto: Moto, bucket: str) -> None:
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/board/jobs.json", Body=b"{")
    with pytest.raises(Unavailable):
        S3BoardCopies(moto.s3, bucket).latest("main")


def test_a_lost_response_is_not_an_empty_board(moto: Moto, bucket: str) -> None:
    with Faults({"GetObject": ["before"]}).on(moto.s3), pytest.raises(Unavailable):
        S3BoardCopies(moto.s3, bucket).latest("main")


def test_all_containers_have_one_channel_of_a_board(moto: Moto, bucket: str) -> None:
    one, other = S3BoardChannels(moto.s3, bucket), S3BoardChannels(moto.s3, bucket)
    channel = one.ensure("main")
    assert channel is not None
    assert other.ensure("main") == channel
    assert other.ensure("other") != channel


def test_a_board_has_no_channel_before_it_is_made(moto: Moto, bucket: str) -> None:
    channels = S3BoardChannels(moto.s3, bucket)
    assert channels.read("main") is None
    S3BoardChannels(moto.s3, bucket).ensure("main")
    assert channels.read("main") is not None


def test_a_channel_whose_making_lost_its_answer_is_used(moto: Moto, bucket: str) -> None:
    channels = S3BoardChannels(moto.s3, bucket)
    with Faults({"PutObject": ["after"]}).on(moto.s3):
        channel = channels.ensure("main")
    assert channel is not None
    assert S3BoardChannels(moto.s3, bucket).read("main") == channel


def test_without_the_store_there_is_no_channel_and_no_error(moto: Moto, bucket: str) -> None:
    channels = S3BoardChannels(moto.s3, bucket)
    with Faults({"GetObject": ["before"] * 2, "PutObject": ["before"]}).on(moto.s3):
        assert channels.ensure("main") is None


def test_a_channel_that_cannot_be_read_is_none(moto: Moto, bucket: str) -> None:
    moto.s3.put_object(Bucket=bucket, Key="tenants/main/board/channel.json", Body=b"{")
    assert S3BoardChannels(moto.s3, bucket).ensure("main") is None


def test_the_site_address_is_read_once(moto: Moto) -> None:
    ssm = moto.client("ssm")
    ssm.put_parameter(Name="/haulway/test/edge-url", Value="https://edge.test/", Type="String")
    noted = StoredEdgeAddress(ssm, "/haulway/test/edge-url")
    assert noted.url == "https://edge.test"
    ssm.delete_parameter(Name="/haulway/test/edge-url")
    assert noted.url == "https://edge.test"
