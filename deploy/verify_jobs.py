"""Whether a stage works: it is reached from outside, and a job of each flow comes to its end."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from deploy.artifacts import Release
from deploy.erase import erase_job
from deploy.target import Outputs, Target
from deploy.verify_edge import (
    NotVerified,
    is_entered,
    verify_address,
    verify_api,
    verify_pages,
)
from events import Assignment, Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.people.accounts import Account, AccountExists
from functions.protocol.ports import Conflict
from functions.protocol.read_each import read_each
from statemachine.business import CANARY, BusinessSettings
from statemachine.flows import Flow, Move
from statemachine.job import Customer, Job, Place
from statemachine.values import Actor
from tracking.http_reader import follow
from tracking.link import Link, parse_link
from tracking.polling_policy import Policy

ME = Actor(kind="dispatcher", id="deploy")
DRIVER = Assignment(role="driver", member="canary")
EAGER = Policy(poll_max_s=2)
LOOK_EVERY_S = 0.2
WINDOW_S = 12


def verify(
    target: Target,
    outputs: Outputs,
    release: Release,
    flows: Sequence[Flow],
    say: Callable[[str], None],
) -> None:
    """That the stage runs this release. `say` hears of each part. Raises NotVerified."""
    with target.edge(outputs) as edge_url:
        say("verify pages")
        verify_pages(edge_url, release.build, release.pages, target.patience_s)
        say("verify API")
        verify_api(edge_url, target.patience_s)
        if flows:
            say("verify jobs")
            verify_jobs(target, outputs, edge_url, flows)
    if target.on_aws:
        _verify_domain(target, outputs["DistributionDomain"], release.build, say)


def _verify_domain(
    target: Target, distribution: str, build: str, say: Callable[[str], None]
) -> None:
    """Where the DNS is not ours, someone enters the domain by hand, perhaps later."""
    parameters = target.stack.parameters()
    domain = parameters.get("DomainName")
    if domain and (parameters.get("HostedZoneId") or is_entered(domain, distribution)):
        say(f"verify {domain}")
        verify_address(f"https://{domain}", build, target.patience_s)
    elif domain:
        say(f"{domain} is not verified: its DNS does not lead to {distribution}")


def verify_jobs(
    target: Target, outputs: Outputs, edge_url: str, flows: Sequence[Flow]
) -> list[str]:
    """A job of each flow is booked, moved, followed and removed. Raises NotVerified."""
    with ThreadPoolExecutor(max(1, len(flows))) as canaries:
        runs = [canaries.submit(_Canary(target, outputs, edge_url, flow)) for flow in flows]
    jobs = [run.result() for run in runs]
    _wait_for_consumers(target, outputs)
    for job in jobs:
        erase_job(target.client, outputs, job)
    return [job.job_id for job in jobs]


def _wait_for_consumers(target: Target, outputs: Outputs) -> None:
    """Who still has a message about a job must find the job.

    On a busy stage the queues are never empty; there the longest batching window is waited out.
    """
    sqs, deadline = target.client("sqs"), time.monotonic() + WINDOW_S
    urls = [url for name, url in outputs.items() if name.endswith("QueueUrl")]
    while time.monotonic() < deadline and any(_waiting(sqs, url) for url in urls):
        time.sleep(LOOK_EVERY_S)


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
        """A job that was seen through to its end."""
        booked = self._book()
        job_id, link = booked["job_id"], parse_link(booked["tracking_token"], self.edge_url)
        try:
            self._move_to_the_end(job_id)
            self._followed(link)
            self._settled(job_id)
        except BaseException:
            with suppress(Exception):  # what is told is why it got stuck
                self._ask(self._cancelling(job_id))
            raise
        return self._job(job_id)

    def _book(self) -> dict[str, Any]:
        request = JobRequested(
            tenant=CANARY,
            event_id=f"canary-{uuid4()}",
            occurred_at=_now(),
            actor=ME,
            flow=self.flow.name,
            customer=Customer(name="Canary"),
            place=Place(address="1 Coal Mine Road"),
        )
        answer = self.target.client("lambda").invoke(
            FunctionName=self.outputs["CreateJobFunction"],
            Payload=request.model_dump_json().encode(),
        )
        booked: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or "error" in booked:
            why = booked.get("errorMessage") or booked.get("detail")
            raise NotVerified(f"no job of flow {self.flow.name} can be booked: {why}")
        return booked

    def _move_to_the_end(self, job_id: str) -> None:
        moves = list(way_to_end(self.flow))
        if any("driver" in move.requires for move in moves):
            changes = Changes(crew=(DRIVER,))
            self._ask(JobEditRequested(changes=changes, **self._about(job_id, "driver")))
            self._until(job_id, lambda job: bool(job.crew), "it has got no driver")
        for number, move in enumerate(moves, 1):
            self._ask(_moving(move.name, self._about(job_id, f"move-{number}")))
            self._until(
                job_id,
                lambda job, number=number: job.seq >= number,  # type: ignore[misc]  # a default binds the loop
                f"it is not moved by {move.name}",
            )

    def _until(self, job_id: str, good: Callable[[Job], bool], otherwise: str) -> None:
        while not good(self._job(job_id)):
            if time.monotonic() > self.deadline:
                status = self._job(job_id).status
                raise NotVerified(f"a job of flow {self.flow.name}: {otherwise}, in {status}")
            time.sleep(LOOK_EVERY_S)

    def _followed(self, link: Link) -> None:
        """Through the edge, as the customer does, until the view says that it is over."""
        for shown in follow(link, policy=EAGER):
            seen = shown.view["status"] if shown.view else shown.kind
            if shown.view and self.flow.status(seen).terminal:
                return
            if shown.kind == "not_found" or time.monotonic() > self.deadline:
                raise NotVerified(f"a job of flow {self.flow.name}: its link shows {seen} at last")

    def _settled(self, job_id: str) -> None:
        """Its execution has come to the same end."""
        self._until(job_id, lambda job: job.execution.seq >= job.seq, "its execution is stuck")

    def _job(self, job_id: str) -> Job:
        return self.jobs.read(CANARY, job_id).value

    def _about(self, job_id: str, what: str) -> dict[str, Any]:
        ids = {"tenant": CANARY, "job_id": job_id, "event_id": f"{job_id}-{what}"}
        return {**ids, "occurred_at": _now(), "actor": ME}

    def _cancelling(self, job_id: str) -> JobMoveRequested:
        return _moving("cancel", self._about(job_id, "cancel"))

    def _ask(self, request: JobMoveRequested | JobEditRequested) -> None:
        entry = {
            "EventBusName": self.outputs["BusName"],
            "Source": "haulway.dispatch",
            "DetailType": type(request).__name__,
            "Detail": request.model_dump_json(exclude_none=True),
        }
        answer = self.target.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotVerified(f"the bus takes no events: {answer['Entries'][0]}")


def _moving(name: str, about: dict[str, Any]) -> JobMoveRequested:
    return JobMoveRequested(move=name, reason="a deployment tries the way", **about)


def way_to_end(flow: Flow) -> tuple[Move, ...]:
    """The shortest way for a dispatcher from the first status to the first ended one."""
    end = next(status.name for status in flow.statuses if status.terminal)
    ways: dict[str, tuple[Move, ...]] = {flow.initial.name: ()}
    for _ in flow.statuses:
        for here, way in list(ways.items()):
            for move in flow.moves_from(here):
                if ME.kind in move.by:
                    ways.setdefault(move.to, (*way, move))
    return ways[end]


def prepare(target: Target, outputs: Outputs, businesses: dict[str, str]) -> None:
    """Businesses that must exist before anybody books; one that does is left as it is.

    The canary's driver is on the roster without a password: no one signs in as a canary.
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
        password_since=_now(),
    )
    with suppress(AccountExists):
        accounts = DynamoAccounts(target.client("dynamodb"), outputs["CrewRosterTable"])
        accounts.add(driver)


def sweep(target: Target, outputs: Outputs, flows: Mapping[str, Flow]) -> int:
    """Remove canaries that earlier deployments left behind and that have come to an end."""
    jobs, removed = S3Jobs(target.client("s3"), outputs["JobsBucket"]), 0
    for job in _left_behind(jobs):
        if job.status in _ends(flows.get(job.flow)) and job.execution.seq >= job.seq:
            erase_job(target.client, outputs, job)
            removed += 1
    return removed


def _ends(flow: Flow | None) -> set[str]:
    return {status.name for status in flow.statuses if status.terminal} if flow else set()


def _left_behind(jobs: S3Jobs) -> Iterator[Job]:
    """One that cannot be read stays for a person: `haul ops stuck` lists it."""
    found = read_each(jobs, CANARY, list(jobs.all_ids(CANARY)))
    return (job for job in found if isinstance(job, Job))


def _now() -> datetime:
    return datetime.now(timezone.utc)
