"""The history in S3, CloudFront, and Step Functions: on the fakes and on the real adapters."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from functions.aws.history import CloudFrontInvalidationTimes, S3History, StepFunctionsExecutionRuns
from functions.aws.ops_records import StepFunctionsExecutionCounts
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Views
from functions.ops.history import BoardSearch, History, TooManyReads, VersionStamp
from functions.protocol.ports import Boards, Jobs, Unavailable, Views
from statemachine.flows import load_flow
from statemachine.views.evidence import RunState
from statemachine.views.views import Board, card_of, view_of
from tests.support.builders import NOON, a_job, moved
from tests.support.fakes import Bucket, FakeBoards, FakeExecutions, FakeJobs, FakeViews, job_key
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.ops_fakes import FakeExecutionRuns, FakeHistory

HAUL = load_flow("haul")
DIGEST = "0" * 32


class Storage(Protocol):
    jobs: Jobs
    views: Views
    boards: Boards
    history: History

    def corrupt(self, key: str) -> None: ...


class FakeStorage:
    def __init__(self) -> None:
        self.bucket = Bucket()
        self.jobs, self.views = FakeJobs(self.bucket), FakeViews(self.bucket)
        self.boards = FakeBoards(self.bucket)
        self.history = FakeHistory(self.bucket, self.bucket)

    def corrupt(self, key: str) -> None:
        self.bucket.put(key, b"{}")


class MotoStorage:
    def __init__(self, moto: Moto) -> None:
        self.s3, self.bucket = moto.s3, moto.bucket()
        moto.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.jobs, self.views = S3Jobs(self.s3, self.bucket), S3Views(self.s3, self.bucket, 60)
        self.boards = S3Boards(self.s3, self.bucket)
        self.history = S3History(self.s3, self.bucket, self.bucket)

    def corrupt(self, key: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"{}")


@pytest.fixture(params=["fake", "moto"])
def storage(request: pytest.FixtureRequest) -> Any:
    return (
        FakeStorage() if request.param == "fake" else MotoStorage(request.getfixturevalue("moto"))
    )


def test_the_versions_of_a_job_come_oldest_first(storage: Storage) -> None:
    job = a_job()
    storage.jobs.create(job)
    later = [job := moved(job, move) for move in ("confirm", "start")]
    for each in later:
        storage.jobs.replace(each, storage.jobs.read("main", job.job_id).etag)
    storage.jobs.create(a_job(job_id="261121-7k3m2r"))
    past = storage.history.of_job("main", job.job_id)
    assert [version.value for version in past.items] == [a_job(), *later]
    assert not past.cut
    assert [v.at.microsecond for v in past.items] == [0, 0, 0]


def test_an_unreadable_version_is_left_out_and_marks_the_page_as_cut(storage: Storage) -> None:
    storage.corrupt(job_key("main", a_job().job_id))
    storage.jobs.create(a_job(job_id="261121-7k3m2r"))
    past = storage.history.of_job("main", a_job().job_id)
    assert past.items == ()
    assert past.cut


def test_an_object_that_was_never_stored_has_no_versions(storage: Storage) -> None:
    assert storage.history.of_job("main", "261121-000000").items == ()
    assert storage.history.of_view(DIGEST).items == ()
    assert storage.history.of_board("main").items == ()


def test_the_versions_of_a_view_have_their_revs(storage: Storage) -> None:
    job = a_job()
    storage.views.write(DIGEST, view_of(job, HAUL), None)
    stored = storage.views.read(DIGEST)
    assert stored
    storage.views.write(DIGEST, view_of(moved(job, "confirm"), HAUL), stored.etag)
    assert [version.value.rev for version in storage.history.of_view(DIGEST).items] == [1, 2]


def test_each_version_of_the_board_has_the_rev_of_a_card(storage: Storage) -> None:
    job = a_job()
    for board in (
        Board(),
        *(Board().merged([card_of(j, HAUL)]) for j in (job, moved(job, "confirm"))),
    ):
        storage.boards.overwrite("main", board)
    stamps = storage.history.of_board("main").items
    ids = [stamp.version_id for stamp in stamps]
    assert [storage.history.card_rev("main", one, job.job_id) for one in ids] == [0, 1, 2]


def test_a_history_that_cannot_be_read_is_unavailable(moto: Moto) -> None:
    storage, lost = MotoStorage(moto), Faults({"ListObjectVersions": ["before"]})
    with lost.on(storage.s3), pytest.raises(Unavailable):
        storage.history.of_job("main", a_job().job_id)
    fake = FakeStorage()
    fake.bucket.faults = Faults({"ListObjectVersions": ["before"]})
    with pytest.raises(Unavailable):
        fake.history.of_job("main", a_job().job_id)


def test_of_many_versions_the_latest_are_returned(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.aws.history.MOST_VERSIONS", 2)
    for storage in (MotoStorage(moto), FakeStorage()):
        if isinstance(storage.history, FakeHistory):
            storage.history.most = 2
        job = a_job()
        storage.jobs.create(job)
        for each in (moved(job, "confirm"), moved(job, "confirm", "start")):
            storage.jobs.replace(each, storage.jobs.read("main", job.job_id).etag)
        past = storage.history.of_job("main", job.job_id)
        assert [version.value.seq for version in past.items] == [1, 2]
        assert past.cut


# -- the first board with a change


def stamps(number: int) -> list[VersionStamp]:
    return [VersionStamp(str(n), NOON + timedelta(seconds=n)) for n in range(number)]


@pytest.mark.parametrize("came_at", [10, 11, 12, 17, 400, 999])
def test_a_change_is_found_on_the_board_in_a_few_reads(came_at: int) -> None:
    looked: list[str] = []

    def rev_in(stamp: VersionStamp) -> int:
        looked.append(stamp.version_id)
        return 7 if int(stamp.version_id) >= came_at else 6

    found = BoardSearch(stamps(1000), rev_in).first_with(7, NOON + timedelta(seconds=10))
    assert found
    assert found.value == 7
    assert found.at == NOON + timedelta(seconds=came_at)
    assert len(looked) <= 22
    assert len(set(looked)) == len(looked)


def test_a_change_that_was_never_on_the_board_is_not_found() -> None:
    search = BoardSearch(stamps(50), lambda stamp: 6)
    assert search.first_with(7, NOON) is None
    assert search.first_with(6, NOON + timedelta(days=1)) is None
    assert BoardSearch([], lambda stamp: 6).first_with(1, NOON) is None


def test_the_search_reads_a_limited_number_of_boards() -> None:
    search = BoardSearch(stamps(1000), lambda stamp: 0, most_reads=5)
    with pytest.raises(TooManyReads):
        search.first_with(1, NOON)


# -- invalidations


def test_only_invalidations_that_name_the_path_count(moto: Moto) -> None:
    cloudfront, now = moto.client("cloudfront"), datetime.now(UTC)
    distribution = a_distribution(moto, cloudfront)
    numbers = itertools.count()

    def forget(*paths: str) -> None:
        cloudfront.create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": list(paths)},
                "CallerReference": str(next(numbers)),
            },
        )

    forget("/t/a.json", "/t/b.json")
    forget("/t/b.json")
    forget("/t/a.json")
    forgotten = CloudFrontInvalidationTimes(cloudfront, lambda: distribution)
    assert len(forgotten.times("/t/a.json", [now]).items) == 2
    assert forgotten.times("/t/c.json", [now]).items == ()
    assert forgotten.times("/t/a.json", [now - timedelta(hours=1)]).items == ()


def test_of_many_invalidations_some_are_read_and_the_page_is_marked_as_cut(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.aws.history.MOST_INVALIDATIONS", 2)
    cloudfront, now = moto.client("cloudfront"), datetime.now(UTC)
    distribution = a_distribution(moto, cloudfront)
    for number in range(3):
        cloudfront.create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": ["/t/a.json"]}, "CallerReference": str(number),
            },
        )  # fmt: skip
    past = CloudFrontInvalidationTimes(cloudfront, lambda: distribution).times("/t/a.json", [now])
    assert len(past.items) == 2
    assert past.cut


def a_distribution(moto: Moto, cloudfront: Any) -> str:
    config = {
        "CallerReference": moto.name("distribution"),
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site.test"}]},
        "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all"},
    }
    made = cloudfront.create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


# -- executions

STATES: tuple[RunState, ...] = ("running", "aborted")
WAITING = '{"StartAt": "a", "States": {"a": {"Type": "Wait", "Seconds": 900, "End": true}}}'


def test_an_execution_is_returned_with_its_state(moto: Moto) -> None:
    sfn, iam, prefix = moto.client("stepfunctions"), moto.client("iam"), moto.name("m") + "-"
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = iam.create_role(RoleName=moto.name("role"), AssumeRolePolicyDocument=trust)
    machine = sfn.create_state_machine(
        name=f"{prefix}haul",
        definition=WAITING,
        roleArn=role["Role"]["Arn"],
    )["stateMachineArn"]
    made = sfn.start_execution(stateMachineArn=machine, name="main-261121-7k3m2q-g0")
    runs = StepFunctionsExecutionRuns(sfn, machine.removesuffix("haul"))
    fake = FakeExecutionRuns(FakeExecutions(), NOON)
    fake.executions.start("haul", "main", "261121-7k3m2q", 0)
    for each in (runs, fake):
        states = [(r.generation, r.state) for r in each.of("haul", "main", "261121-7k3m2q", (0, 1))]
        assert states == [(0, "running")]
    numbers = StepFunctionsExecutionCounts(sfn, machine.removesuffix("haul"))
    assert [numbers.count("haul", state)[0] for state in STATES] == [1, 0]
    sfn.stop_execution(executionArn=made["executionArn"])
    assert [numbers.count("haul", state)[0] for state in STATES] == [0, 1]
    fake.executions.running.clear()
    for each in (runs, fake):
        (run,) = each.of("haul", "main", "261121-7k3m2q", (0, 1))
        assert run.state == "aborted"
        assert run.stopped_at is not None
