"""A deployment from start to end, or back.

    build ─ imports ─ upload ─┐         ┌─────────── hashed pages ────────────┐
              (or a release)  ├─ lock ─ edge ─ stack ─ try functions ─ publish ─┴─ flows ─┐
                              │                                                          │
                              │                 done ─ verify ─ invalidate ─ pages ──────┘
                              │                           │
                              └─ the previous release, by the same steps ◀─ from any step

Every step is idempotent, so the next deployment finishes one that was killed, whichever release it
deploys, or a rollback undoes it. The record of a stage names a release as current only after it was
verified; until then `pending` names it, with the stack's parameters from before.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

from deploy import edge_functions, pages, push, state_machine_versions, verify_jobs
from deploy.artifacts import Artifacts, Release, StageRecord
from deploy.bundle import flows_of
from deploy.deployment_errors import (
    NotConfirmed,
    NothingToRollBackTo,
    RolledBack,
    Stopped,
    unfinished,
)
from deploy.diff import Difference, compare
from deploy.imports import check_imports
from deploy.lock import LEASE, Lock, LockLost, locked, who
from deploy.pages import Page
from deploy.rollout import Parameters, Report, Review, Rollout
from deploy.stack import Stack
from deploy.target import Outputs, Target
from deploy.template import PUBLISHED, Built
from functions.protocol.clock import utc_now
from statemachine.business.business import CANARY
from statemachine.flows import Flow

BUSINESSES = {"main": "Haulway"}


@dataclass
class Deployment:
    """Deploys releases to `target`. `report` gets each step, `review` gets each change set."""

    target: Target
    report: Report = print
    review: Review = lambda _: None
    flows: tuple[str, ...] | None = None
    """The flows to verify with a job each; None is all flows of the release, () is none."""
    businesses: Mapping[str, str] = field(default_factory=lambda: dict(BUSINESSES))
    lease: timedelta = LEASE
    goes_back: bool = True
    """Whether to restore the previous release if this one fails."""

    def __post_init__(self) -> None:
        self.lock: Lock | None = None
        self.artifacts: Artifacts = self.target.artifacts
        self.stack: Stack = self.target.stack
        self.rollout = Rollout(self.target, self.stack, self.step, self.review)
        self.contents: dict[str, bytes] = {}

    def deploy(self, built: Built) -> Outputs:
        """Returns the stack's outputs. Raises NotImportable, Locked, StackFailed, RolledBack."""
        self.step("imports")
        check_imports(built.contents[built.release.code], built.contents[built.release.template])
        self.step("upload")
        self.contents |= built.contents
        self.artifacts.ensure(self.target.region)
        self.artifacts.add(built.contents)
        self.artifacts.add_release(built.release)
        return self.release(built.release)

    def release(self, release: Release) -> Outputs:
        """Deploy a release whose artifacts are stored; go back if it fails."""
        self.artifacts.ensure(self.target.region)
        with self._lock(f"deploy {release.name}"), self._stop_reported():
            return self._deploy_or_go_back(release)

    def promote(self, source: str, approved: str | None = None) -> Outputs:
        """Deploy the release that `source` runs, unchanged.

        Raises LookupError if it runs none, NotConfirmed if it is not the `approved` one.
        """
        record = self.artifacts.record(source)
        if record.current is None:
            raise LookupError(f"stage {source} runs no verified release; deploy to it first")
        if approved and record.current != approved:
            raise NotConfirmed(
                f"stage {source} now runs release {record.current}, not {approved}, which was "
                f"approved; nothing was changed: review and approve {record.current}"
            )
        return self.release(self.artifacts.release(record.current))

    def roll_back(self) -> Outputs:
        """Deploy the previous release. Raises NothingToRollBackTo.

        After an unfinished deployment, that is the release that ran when it began.
        """
        with self._lock("roll back"), self._stop_reported():
            record = self.artifacts.record(self.target.stage)
            if record.pending and not record.going_back:
                return self._restore(record)
            return self._deploy_previous(record)

    def _deploy_previous(self, record: StageRecord) -> Outputs:
        if not record.previous:
            raise NothingToRollBackTo(f"stage {self.target.stage} has never run another release")
        release = self.artifacts.release(record.previous[0])
        begun = self._begin(record, release, going_back=True)
        outputs = self._run_steps(release, begun, back_to=begun.parameters)
        left = begun.with_(previous=record.previous[1:], current=None)
        self._end(left.with_current(release.name, who(), utc_now()))
        return outputs

    def difference(self, built: Built) -> Difference:
        """What `deploy` would change. The stage is not changed."""
        self.artifacts.ensure(self.target.region)
        return compare(self.artifacts, self.target.stage, self.rollout, built)

    @contextmanager
    def _lock(self, doing: str) -> Iterator[None]:
        with locked(self.target.leases, self.target.stage, doing, self.lease) as self.lock:
            try:
                yield
            finally:
                self.lock = None

    def step(self, name: str) -> None:
        """Begin a step: check the lock, then report the step. Raises LockLost."""
        self._check_lock()
        self.report(name)

    def _check_lock(self) -> None:
        if self.lock:
            self.lock.check()

    @contextmanager
    def _stop_reported(self) -> Iterator[None]:
        """Turns Ctrl-C into Stopped, which has the state of the stage."""
        try:
            yield
        except KeyboardInterrupt:
            if (record := self.artifacts.record(self.target.stage)).pending is None:
                raise  # the stage is unchanged
            raise Stopped(unfinished(self.target.stage, record)) from None

    def _deploy_or_go_back(self, release: Release) -> Outputs:
        record = self._begin(self.artifacts.record(self.target.stage), release)
        try:
            outputs = self._run_steps(release, record)
        except LockLost:
            raise  # without going back: the stage belongs to another deployment now
        except Exception as error:
            self._go_back(record, error)
            raise
        self._end(record.with_current(release.name, who(), utc_now()))
        self._clean(release, outputs)
        return outputs

    def _begin(
        self, record: StageRecord, release: Release, going_back: bool = False
    ) -> StageRecord:
        """Record `release` as pending. After an unfinished deployment, its parameters are kept."""
        begun = record.with_(
            pending=release.name,
            parameters=record.parameters if record.pending else self._parameters(),
            going_back=going_back,
            at=utc_now(),
            by=who(),
        )
        self.artifacts.write_record(self.target.stage, begun)
        return begun

    def _parameters(self) -> dict[str, str]:
        found = self.stack.parameters() if self.stack.exists else {}
        return {name: value for name, value in found.items() if name != PUBLISHED}

    def _end(self, record: StageRecord) -> None:
        self._check_lock()
        self.artifacts.write_record(self.target.stage, record)

    def _go_back(self, record: StageRecord, error: Exception) -> None:
        """Raises RolledBack once the previous release works again. Without one, does nothing."""
        if record.current is None or not self.goes_back:
            return
        # No review on the way back: it only removes what this deployment has added.
        self.rollout = replace(self.rollout, review=lambda _: None)
        self._restore(record)
        raise RolledBack(
            f"release {record.pending} failed and {record.current} runs again: {error}"
        ) from error

    def _restore(self, record: StageRecord) -> Outputs:
        """Deploy the current release, with the parameters from before `pending`."""
        if record.current is None:
            raise NothingToRollBackTo(unfinished(self.target.stage, record))
        self.step(f"back to {record.current}")
        release = self.artifacts.release(record.current)
        outputs = self._run_steps(release, record, back_to=record.parameters)
        self._end(record.settled())
        return outputs

    def _run_steps(
        self, release: Release, record: StageRecord, back_to: Parameters | None = None
    ) -> Outputs:
        """All steps, in the order of the drawing above. Each is idempotent."""
        files = self._files(release)
        self.step("edge function")
        self._edge(release)
        self.step("push")
        push_api = push.ensure(self.target.client("appsync"), self.target.stage, utc_now())
        with ThreadPoolExecutor(1) as background:
            uploads = background.submit(self._upload_hashed_pages, files)
            template, url = self._content(release.template), self.artifacts.url(release.template)
            outputs = self.rollout.run(template, url, back_to, push_api.parameters)
            uploads.result()
        self.step("flows")
        state_machine_versions.go_live(
            self.target.client("stepfunctions"), outputs["MachinePrefix"], sorted(release.asl)
        )
        self.step("pages")
        files = pages.in_order([*files, push_api.page])
        changed = pages.publish(self.target.client("s3"), outputs["SiteBucket"], files)
        self.step("data")
        verify_jobs.prepare(self.target, outputs, {**self.businesses, CANARY: "Canary"})
        if changed or record.pending != record.current:
            self.step("invalidation")
            self._invalidate(outputs)
        self._verify(release, outputs)
        return outputs

    def _content(self, key: str) -> bytes:
        """From memory if it was built or fetched by this deployment."""
        if key not in self.contents:
            self.contents[key] = self.artifacts.get(key)
        return self.contents[key]

    def _files(self, release: Release) -> list[Page]:
        """The pages of a release, in the order of their upload."""
        with ThreadPoolExecutor(8) as reads:
            bodies = reads.map(self._content, release.pages.values())
            files = [Page(key, body) for key, body in zip(release.pages, bodies, strict=True)]
        return pages.in_order(files)

    def _edge(self, release: Release) -> None:
        if not self.target.on_aws:
            return  # the engine has no TestFunction; its stack publishes edge functions itself
        code = {name: self._content(key).decode() for name, key in release.edge.items()}
        cases = {name: json.loads(self._content(key)) for name, key in release.cases.items()}
        edge_functions.go_live(self.target.client("cloudfront"), self.target.stage, code, cases)

    def _upload_hashed_pages(self, files: list[Page]) -> None:
        """While the stack is updated, because no page refers to them yet. Needs the bucket."""
        if self.stack.status() not in (None, "REVIEW_IN_PROGRESS"):
            bucket = self.stack.outputs().get("SiteBucket")
            hashed = [page for page in files if not page.is_entry]
            if bucket:
                pages.publish(self.target.client("s3"), bucket, hashed)

    def _invalidate(self, outputs: Outputs) -> None:
        cloudfront, distribution = self.target.client("cloudfront"), outputs["DistributionId"]
        invalidation = pages.invalidate(cloudfront, distribution, uuid4().hex)
        if self.target.on_aws:
            cloudfront.get_waiter("invalidation_completed").wait(
                DistributionId=distribution,
                Id=invalidation,
                WaiterConfig={"Delay": 5, "MaxAttempts": 120},
            )

    def _verify(self, release: Release, outputs: Outputs) -> None:
        flows = self._flows(release)
        names = sorted(release.asl) if self.flows is None else self.flows
        verified = [flows[name] for name in names]
        verify_jobs.verify(self.target, outputs, release, verified, self.step)

    def _flows(self, release: Release) -> dict[str, Flow]:
        return flows_of(self._content(release.code))

    def _clean(self, release: Release, outputs: Outputs) -> None:
        """Remove jobs of earlier verifications, and files that only older releases need."""
        self.step("clean")
        verify_jobs.sweep(self.target, outputs, self._flows(release))
        record = self.artifacts.record(self.target.stage)
        names = [name for name in (record.current, *record.previous[:2]) if name]
        kept = {key for name in names for key in self.artifacts.release(name).pages} | {push.FILE}
        pages.remove_others(self.target.client("s3"), outputs["SiteBucket"], kept)
