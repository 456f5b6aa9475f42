"""Fakes of the ports for ops: history, executions, queues, and records."""

import json
from collections.abc import Sequence
from datetime import datetime

from functions.api.ops_models import ProblemJob, QueueState
from functions.aws.ops_records import StuckMark
from functions.ops.dead_letters import QUEUES, ReceivedMessage
from functions.ops.history import HistoryPage, VersionStamp
from functions.ops.overview import UnsuccessfulRun
from functions.protocol.ports import Unavailable
from statemachine.job.job import Job
from statemachine.views.evidence import ExecutionRun, ObjectVersion, RunState
from statemachine.views.views import View
from tests.support.builders import NOON, minutes
from tests.support.fakes import (
    Bucket,
    Document,
    FakeExecutions,
    board_key,
    execution_name,
    job_key,
    parsed,
)
from tests.support.faults import Faults


class FakeHistory:
    """The versions in a Bucket. `most` is how many of them it lists."""

    def __init__(self, jobs: Bucket, site: Bucket, most: int = 200) -> None:
        self.jobs, self.site, self.most = jobs, site, most

    def of_job(self, tenant: str, job_id: str) -> HistoryPage[ObjectVersion[Job]]:
        return self._documents(self.jobs, job_key(tenant, job_id), Job)

    def of_view(self, digest: str) -> HistoryPage[ObjectVersion[View]]:
        return self._documents(self.site, f"t/{digest}.json", View)

    def of_board(self, tenant: str) -> HistoryPage[VersionStamp]:
        return self._stamps(self.jobs, board_key(tenant))

    def card_rev(self, tenant: str, version_id: str, job_id: str) -> int:
        body = self._read(self.jobs, board_key(tenant), version_id)
        card = json.loads(body)["jobs"].get(job_id)
        return int(card["rev"]) if card else 0

    def _documents(
        self, bucket: Bucket, key: str, document: type[Document]
    ) -> HistoryPage[ObjectVersion[Document]]:
        stamps = self._stamps(bucket, key)
        versions: list[ObjectVersion[Document]] = []
        for stamp in stamps.items:
            try:
                body = self._read(bucket, key, stamp.version_id)
                versions.append(ObjectVersion(stamp.at, parsed(document, body)))
            except ValueError:
                continue
        return HistoryPage(tuple(versions), stamps.cut or len(versions) < len(stamps.items))

    def _stamps(self, bucket: Bucket, key: str) -> HistoryPage[VersionStamp]:
        def listed() -> HistoryPage[VersionStamp]:
            stamps = [VersionStamp(str(n), at) for n, at in enumerate(bucket.times[key])]
            return HistoryPage(tuple(stamps[-self.most :]), cut=len(stamps) > self.most)

        return bucket.faults.around("ListObjectVersions", listed, Unavailable("lost"))

    def _read(self, bucket: Bucket, key: str, version_id: str) -> bytes:
        return bucket.faults.around(
            "GetObject", lambda: bucket.versions[key][int(version_id)], Unavailable("lost")
        )


class FakeInvalidationTimes:
    """CloudFront: when which path was invalidated."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.invalidated: list[tuple[datetime, str]] = []

    def times(self, path: str, around: Sequence[datetime]) -> HistoryPage[datetime]:
        def listed() -> HistoryPage[datetime]:
            return HistoryPage(tuple(at for at, named in self.invalidated if named == path))

        return self.faults.around("ListInvalidations", listed, Unavailable("lost"))


class FakeExecutionRuns:
    """The executions that FakeExecutions has started, all at `started_at`."""

    def __init__(self, executions: FakeExecutions, started_at: datetime) -> None:
        self.executions, self.started_at = executions, started_at

    def of(
        self, flow: str, tenant: str, job_id: str, generations: Sequence[int]
    ) -> list[ExecutionRun]:
        names = {n: execution_name(tenant, job_id, n) for n in generations}
        known = {n: name for n, name in names.items() if name in self.executions.started}
        return self.executions.faults.around(
            "DescribeExecution",
            lambda: [self._run(n, name in self.executions.running) for n, name in known.items()],
            Unavailable("lost"),
        )

    def _run(self, generation: int, running: bool) -> ExecutionRun:
        return ExecutionRun(
            generation=generation,
            state="running" if running else "aborted",
            started_at=self.started_at,
            stopped_at=None if running else self.started_at,
        )


class FakeDeadLetterQueues:
    """SQS queues by name. A message that was received is hidden until it is put back."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.sent: dict[str, list[str]] = {name: [] for names in QUEUES.values() for name in names}
        self.dead: dict[str, dict[str, ReceivedMessage]] = {queue: {} for queue in QUEUES}
        self.hidden: set[str] = set()

    def add(self, queue: str, body: str, **attributes: str) -> str:
        """Put a message into the dead-message queue and return its id."""
        number = sum(map(len, self.dead.values())) + 1
        message = ReceivedMessage(
            f"m-{number}", body, NOON + minutes(number), attributes, f"r-{number}"
        )
        self.dead[queue][message.message_id] = message
        return message.message_id

    def state(self, queue: str) -> QueueState:
        waiting = sum(len(self.sent[name]) for name in QUEUES[queue])
        return QueueState(queue=queue, waiting=waiting, in_flight=0, dead=len(self.dead[queue]))

    def receive(self, queue: str, most: int) -> Sequence[ReceivedMessage]:
        def seen() -> list[ReceivedMessage]:
            messages = [x for x in self.dead[queue].values() if x.message_id not in self.hidden]
            self.hidden |= {message.message_id for message in messages[:most]}
            return messages[:most]

        return self.faults.around("ReceiveMessage", seen, Unavailable("lost"))

    def make_visible(self, queue: str, messages: Sequence[ReceivedMessage]) -> None:
        self.hidden -= {message.message_id for message in messages}

    def redrive(self, queue: str, message: ReceivedMessage) -> None:
        self.faults.around(
            "SendMessage",
            lambda: self.sent[QUEUES[queue][0]].append(message.body),
            Unavailable("lost"),
        )

    def delete(self, queue: str, message: ReceivedMessage) -> None:
        self.faults.around(
            "DeleteMessage",
            lambda: self.dead[queue].pop(message.message_id, None),
            Unavailable("lost"),
        )


class FakeOpsRecords:
    """What the watchdog and `invalidate_views` store in the jobs bucket for ops."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def stuck(self, tenant: str) -> Sequence[ProblemJob]:
        prefix = f"tenants/{tenant}/stuck/"
        found = [self.bucket.get(prefix + name) for name in self.bucket.keys(prefix)]
        marks: list[ProblemJob] = []
        for each in filter(None, found):
            try:
                mark = StuckMark.model_validate_json(each[0])
            except ValueError:
                continue
            marks.append(
                ProblemJob(job_id=mark.job_id, since=mark.since, why=mark.why, detail=mark.detail)
            )
        return marks

    def board_written_at(self, tenant: str) -> datetime | None:
        return next(reversed(self.bucket.times[board_key(tenant)]), None)


class FakeExecutionCounts:
    """The number of executions by flow and state. `asked` counts the calls."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, RunState], tuple[int, bool]] = {}
        self.ended: dict[tuple[str, RunState], list[UnsuccessfulRun]] = {}
        self.asked = 0

    def count(self, flow: str, state: RunState) -> tuple[int, bool]:
        self.asked += 1
        return self.known.get((flow, state), (0, False))

    def unsuccessful(self, flow: str, state: RunState) -> tuple[Sequence[UnsuccessfulRun], bool]:
        self.asked += 1
        return self.ended.get((flow, state), []), False
