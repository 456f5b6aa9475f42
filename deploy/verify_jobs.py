"""Verifies a stage: it can be reached from outside, and a job of each flow runs to its end."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

from deploy.artifacts import Release
from deploy.erase import erase_job
from deploy.job_requests import BookingFailed, BookingRefused, book_job, send_request
from deploy.target import Outputs, Target
from deploy.verify_edge import (
    NotVerified,
    points_to,
    verify_address,
    verify_api,
    verify_pages,
)
from events import Assignment, Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.people.accounts import Account, AccountExists
from functions.protocol.clock import utc_now
from functions.protocol.ports import Conflict, Unavailable
from functions.protocol.read_each import read_each
from statemachine.business.business import CANARY, BusinessSettings
from statemachine.flows import Flow, Move
from statemachine.job.job import Customer, Job, Place
from statemachine.values.values import Actor
from tracking.http_reader import follow
from tracking.link import Link, parse_link
from tracking.polling_policy import Policy

DEPLOYER = Actor(kind="dispatcher", id="deploy")
DRIVER = Assignment(role="driver", member="canary")
FAST_POLLING = Policy(poll_max_s=2)
POLL_EVERY_S = 0.2
LONGEST_BATCH_WINDOW_S = 12


def verify(
    target: Target,
    outputs: Outputs,
    release: Release,
    flows: Sequence[Flow],
    step: Callable[[str], None],
) -> None:
    """The stage runs this release. `step` begins each part. Raises NotVerified."""
    with target.edge(outputs) as edge_url:
        step("verify pages")
        verify_pages(edge_url, release.build, release.pages, target.patience_s)
        step("verify API")
        verify_api(edge_url, target.patience_s)
        if flows:
            step("verify jobs")
            verify_jobs(target, outputs, edge_url, flows)
    if target.on_aws:
        _verify_domain(target, outputs["DistributionDomain"], release.build, step)


def _verify_domain(
    target: Target, distribution: str, build: str, step: Callable[[str], None]
) -> None:
    """Skipped until the DNS record exists: without a hosted zone, someone adds it by hand."""
    parameters = target.stack.parameters()
    domain = parameters.get("DomainName")
    if domain and (parameters.get("HostedZoneId") or points_to(domain, distribution)):
        step(f"verify {domain}")
        verify_address(f"https://{domain}", build, target.patience_s)
    elif domain:
        step(f"{domain} is not verified: its DNS name does not lead to {distribution}")


def verify_jobs(
    target: Target, outputs: Outputs, edge_url: str, flows: Sequence[Flow]
) -> list[str]:
    """Book, move, follow, and erase a job of each flow. Raises NotVerified."""
    with ThreadPoolExecutor(max(1, len(flows))) as canaries:
        runs = [canaries.submit(_Canary(target, outputs, edge_url, flow)) for flow in flows]
    jobs = [run.result() for run in runs]
    _wait_for_consumers(target, outputs)
    for job in jobs:
        erase_job(target.client, outputs, job)
    return [job.job_id for job in jobs]


def _wait_for_consumers(target: Target, outputs: Outputs) -> None:
    """Wait until no message about a job is left, because its consumer must find the job.

    On a busy stage the queues are never empty; then it waits for the longest batching window.
    """
    sqs, deadline = target.client("sqs"), time.monotonic() + LONGEST_BATCH_WINDOW_S
    urls = [url for name, url in outputs.items() if name.endswith("QueueUrl")]
    while time.monotonic() < deadline and any(_waiting(sqs, url) for url in urls):
        time.sleep(POLL_EVERY_S)


def _waiting(sqs: Any, url: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return any(int(answer["Attributes"][name]) for name in names)


class _Canary:
    def __init__(self, target: Target, outputs: Outputs, edge_url: str, flow: Flow) -> None:
        self.target, self.outputs, self.edge_url = target, outputs, edge_url
        self.flow = flow
        self.jobs = S3Jobs(target.client("s3"), outputs["JobsBucket"])
        self.deadline = time.monotonic() + target.patience_s

    def __call__(self) -> Job:
        """Run a job to its end."""
        booked = self._book()
        job_id, link = booked["job_id"], parse_link(booked["tracking_token"], self.edge_url)
        try:
            self._move_to_the_end(job_id)
            self._follow_to_the_end(link)
            self._wait_until_settled(job_id)
        except BaseException:
            with suppress(Exception):  # the first error is the one to report
                self._send(self._cancel_request(job_id))
            raise
        return self._job(job_id)

    def _book(self) -> dict[str, Any]:
        request = JobRequested(
            tenant=CANARY,
            event_id=f"canary-{uuid4()}",
            occurred_at=utc_now(),
            actor=DEPLOYER,
            flow=self.flow.name,
            customer=Customer(name="Canary"),
            place=Place(address="1 Coal Mine Road"),
        )
        function = self.outputs["CreateJobFunction"]
        try:
            return book_job(self.target.client("lambda"), function, request)
        except (BookingFailed, BookingRefused) as error:
            raise NotVerified(f"no job of flow {self.flow.name} can be booked: {error}") from error

    def _move_to_the_end(self, job_id: str) -> None:
        moves = list(way_to_end(self.flow))
        if any("driver" in move.requires for move in moves):
            changes = Changes(crew=(DRIVER,))
            self._send(JobEditRequested(changes=changes, **self._about(job_id, "driver")))
            self._wait_until(job_id, lambda job: bool(job.crew), "it got no driver")
        for number, move in enumerate(moves, 1):
            self._send(_move_request(move.name, self._about(job_id, f"move-{number}")))
            self._wait_until(
                job_id,
                lambda job, number=number: job.seq >= number,  # type: ignore[misc]  # a default binds the loop
                f"the move {move.name} did not happen",
            )

    def _wait_until(self, job_id: str, good: Callable[[Job], bool], problem: str) -> None:
        while not good(self._job(job_id)):
            if time.monotonic() > self.deadline:
                status = self._job(job_id).status
                raise NotVerified(f"a job of flow {self.flow.name}: {problem}, in status {status}")
            time.sleep(POLL_EVERY_S)

    def _follow_to_the_end(self, link: Link) -> None:
        """Through the edge, as the customer does, until the view shows an end status."""
        for shown in follow(link, policy=FAST_POLLING):
            seen = shown.view["status"] if shown.view else shown.kind
            if shown.view and self.flow.status(seen).terminal:
                return
            if shown.kind == "not_found" or time.monotonic() > self.deadline:
                raise NotVerified(f"a job of flow {self.flow.name}: its link still shows {seen}")

    def _wait_until_settled(self, job_id: str) -> None:
        """Until the execution has reached the end too."""
        self._wait_until(job_id, lambda job: job.execution.seq >= job.seq, "its execution is stuck")

    def _job(self, job_id: str) -> Job:
        return self.jobs.read(CANARY, job_id).value

    def _about(self, job_id: str, what: str) -> dict[str, Any]:
        ids = {"tenant": CANARY, "job_id": job_id, "event_id": f"{job_id}-{what}"}
        return {**ids, "occurred_at": utc_now(), "actor": DEPLOYER}

    def _cancel_request(self, job_id: str) -> JobMoveRequested:
        return _move_request("cancel", self._about(job_id, "cancel"))

    def _send(self, request: JobMoveRequested | JobEditRequested) -> None:
        try:
            send_request(self.target.client("events"), self.outputs["BusName"], request)
        except Unavailable as error:
            raise NotVerified(str(error)) from error


def _move_request(name: str, about: dict[str, Any]) -> JobMoveRequested:
    return JobMoveRequested(move=name, reason="verification of a deployment", **about)


def way_to_end(flow: Flow) -> tuple[Move, ...]:
    """A dispatcher's shortest sequence of moves from the first status to an end status."""
    end = next(status.name for status in flow.statuses if status.terminal)
    ways: dict[str, tuple[Move, ...]] = {flow.initial.name: ()}
    for _ in flow.statuses:
        for here, way in list(ways.items()):
            for move in flow.moves_from(here):
                if DEPLOYER.kind in move.by:
                    ways.setdefault(move.to, (*way, move))
    return ways[end]


def prepare(target: Target, outputs: Outputs, businesses: dict[str, str]) -> None:
    """Create the businesses and the verification jobs' driver, unless they exist already.

    The driver has no password, because no one signs in as it.
    """
    tenants = S3Tenants(target.client("s3"), outputs["JobsBucket"])
    for tenant, name in businesses.items():
        with suppress(Conflict):
            tenants.add(BusinessSettings(tenant=tenant, name=name))
    driver = Account(
        tenant=CANARY,
        account=DRIVER.member,
        name="Canary",
        roles=(DRIVER.role,),
        password_since=utc_now(),
    )
    with suppress(AccountExists):
        accounts = DynamoAccounts(target.client("dynamodb"), outputs["CrewRosterTable"])
        accounts.add(driver)


def sweep(target: Target, outputs: Outputs, flows: Mapping[str, Flow]) -> int:
    """Erase ended verification jobs that earlier deployments have left behind."""
    jobs, removed = S3Jobs(target.client("s3"), outputs["JobsBucket"]), 0
    for job in _left_behind(jobs):
        if job.status in _ends(flows.get(job.flow)) and job.execution.seq >= job.seq:
            erase_job(target.client, outputs, job)
            removed += 1
    return removed


def _ends(flow: Flow | None) -> set[str]:
    return {status.name for status in flow.statuses if status.terminal} if flow else set()


def _left_behind(jobs: S3Jobs) -> Iterator[Job]:
    """Skips jobs that cannot be read; `haul ops stuck` lists them."""
    found = read_each(jobs, CANARY, list(jobs.all_ids(CANARY)))
    return (job for job in found if isinstance(job, Job))
