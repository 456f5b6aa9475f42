"""A deployment from its beginning to its end, or back.

    build ─ imports ─ upload ─┐         ┌─────────── hashed pages ────────────┐
              (or a release)  ├─ lock ─ edge ─ stack ─ try functions ─ publish ─┴─ flows ─┐
                              │                                                          │
                              │                 done ─ verify ─ invalidate ─ pages ──────┘
                              │                           │
                              └─ the release before, by the same steps ◀─ from anywhere

Every step can be done again: what is there already is found and left. So a deployment that was
killed is finished by the next one, whichever release that is of, or taken back. What a stage runs
is noted only after it was verified; `pending` notes what was begun, and beside it how the stack was
set before.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from uuid import uuid4

from deploy import edge_functions, pages, state_machine_versions, verify_jobs
from deploy.artifacts import Artifacts, Release, StageRecord
from deploy.bundle import flows_of
from deploy.diff import Difference, compare
from deploy.imports import check_imports
from deploy.lock import LEASE, Lock, LockLost, locked, who
from deploy.pages import Page
from deploy.rollout import Parameters, Review, Rollout, Say
from deploy.stack import DeployFailed, Stack
from deploy.target import Outputs, Target
from deploy.template import PUBLISHED, Built
from statemachine.business import CANARY
from statemachine.flows import Flow

BUSINESSES = {"main": "Haulway"}


class RolledBack(DeployFailed):
    """The release did not prove itself; the stage runs what it ran before."""


class NotConfirmed(DeployFailed):
    """Another release would be promoted than the one that someone agreed to."""


class NothingToRollBackTo(DeployFailed):
    """The stage has never run another verified release."""


class Stopped(DeployFailed):
    """Someone stopped a deployment midway; the text says where the stage stands."""


@dataclass
class Deployment:
    """Bring releases to `target`. `say` hears of each step, `review` sees each change set first."""

    target: Target
    say: Say = print
    review: Review = lambda _: None
    flows: tuple[str, ...] | None = None
    """The flows that a canary goes through; None is all of the release, () is no canary."""
    businesses: Mapping[str, str] = field(default_factory=lambda: dict(BUSINESSES))
    lease: timedelta = LEASE
    goes_back: bool = True
    """Whether to bring back the release before where this one does not prove good."""

    def __post_init__(self) -> None:
        self.lock: Lock | None = None
        self.tell, self.say = self.say, self._next_step
        self.artifacts: Artifacts = self.target.artifacts
        self.stack: Stack = self.target.stack
        self.rollout = Rollout(self.target, self.stack, self.say, self.review)
        self.contents: dict[str, bytes] = {}

    def deploy(self, built: Built) -> Outputs:
        """Raises NotImportable, Locked, StackFailed, RolledBack; else the stack's outputs."""
        self.say("imports")
        check_imports(built.contents[built.release.code], built.contents[built.release.template])
        self.say("upload")
        self.contents |= built.contents
        self.artifacts.ensure(self.target.region)
        self.artifacts.add(built.contents)
        self.artifacts.add_release(built.release)
        return self.release(built.release)

    def release(self, release: Release) -> Outputs:
        """Bring a release whose artifacts are there; go back where it does not prove good."""
        self.artifacts.ensure(self.target.region)
        with self._lock(f"deploy {release.name}"), self._told_where_it_stands():
            return self._guarded(release)

    def promote(self, source: str, meant: str | None = None) -> Outputs:
        """The release that `source` runs, as it is. Raises LookupError where it runs none.

        Whoever agreed to one release says which is `meant`: NotConfirmed where it is another by now.
        """
        record = self.artifacts.record(source)
        if record.current is None:
            raise LookupError(f"stage {source} runs no verified release; deploy to it first")
        if meant and record.current != meant:
            raise NotConfirmed(
                f"stage {source} runs release {record.current} by now and not {meant}, which was "
                f"agreed to; nothing was changed: look at {record.current} and agree to that one"
            )
        return self.release(self.artifacts.release(record.current))

    def roll_back(self) -> Outputs:
        """The release before. Raises NothingToRollBackTo.

        Where a deployment did not come to its end, that is the one that ran when it began.
        """
        with self._lock("roll back"), self._told_where_it_stands():
            record = self.artifacts.record(self.target.stage)
            if record.pending and not record.going_back:
                return self._restore(record)
            return self._to_the_one_before(record)

    def _to_the_one_before(self, record: StageRecord) -> Outputs:
        if not record.previous:
            raise NothingToRollBackTo(f"stage {self.target.stage} has run no other release")
        release = self.artifacts.release(record.previous[0])
        begun = self._begin(record, release, going_back=True)
        outputs = self._bring(release, begun, back_to=begun.parameters)
        left = begun.with_(previous=record.previous[1:], current=None)
        self._end(left.with_current(release.name, who(), _now()))
        return outputs

    def difference(self, built: Built) -> Difference:
        """What `deploy` would change; nothing of the stage is touched."""
        self.artifacts.ensure(self.target.region)
        return compare(self.artifacts, self.target.stage, self.rollout, built)

    @contextmanager
    def _lock(self, doing: str) -> Iterator[None]:
        with locked(self.target.leases, self.target.stage, doing, self.lease) as self.lock:
            try:
                yield
            finally:
                self.lock = None

    def _next_step(self, name: str) -> None:
        """Each step is said before it is done. Raises LockLost where the stage is another's."""
        self._still_ours()
        self.tell(name)

    def _still_ours(self) -> None:
        if self.lock:
            self.lock.check()

    @contextmanager
    def _told_where_it_stands(self) -> Iterator[None]:
        """Whoever stops it by hand. Raises Stopped."""
        try:
            yield
        except KeyboardInterrupt:
            if (record := self.artifacts.record(self.target.stage)).pending is None:
                raise  # nothing was begun
            raise Stopped(_standing(self.target.stage, record)) from None

    def _guarded(self, release: Release) -> Outputs:
        record = self._begin(self.artifacts.record(self.target.stage), release)
        try:
            outputs = self._bring(release, record)
        except LockLost:
            raise  # and nothing is taken back: whoever has the stage now brings what they bring
        except Exception as error:
            self._go_back(record, error)
            raise
        self._end(record.with_current(release.name, who(), _now()))
        self._clean(release, outputs)
        return outputs

    def _begin(
        self, record: StageRecord, release: Release, going_back: bool = False
    ) -> StageRecord:
        """On top of what was left unfinished, the parameters stay those of before it."""
        begun = record.with_(
            pending=release.name,
            parameters=record.parameters if record.pending else self._parameters(),
            going_back=going_back,
            at=_now(),
            by=who(),
        )
        self.artifacts.write_record(self.target.stage, begun)
        return begun

    def _parameters(self) -> dict[str, str]:
        found = self.stack.parameters() if self.stack.is_there else {}
        return {name: value for name, value in found.items() if name != PUBLISHED}

    def _end(self, record: StageRecord) -> None:
        self._still_ours()
        self.artifacts.write_record(self.target.stage, record)

    def _go_back(self, record: StageRecord, error: Exception) -> None:
        """Raises RolledBack where there is something to go back to and it works again."""
        if record.current is None or not self.goes_back:
            return
        # What is removed now came a moment ago: the way back asks no one.
        self.rollout = replace(self.rollout, review=lambda _: None)
        self._restore(record)
        raise RolledBack(
            f"release {record.pending} was taken back, {record.current} runs again: {error}"
        ) from error

    def _restore(self, record: StageRecord) -> Outputs:
        """The current release, as it was before `pending` was begun."""
        if record.current is None:
            raise NothingToRollBackTo(_standing(self.target.stage, record))
        self.say(f"back to {record.current}")
        release = self.artifacts.release(record.current)
        outputs = self._bring(release, record, back_to=record.parameters)
        self._end(record.settled())
        return outputs

    def _bring(
        self, release: Release, record: StageRecord, back_to: Parameters | None = None
    ) -> Outputs:
        """All the steps. Each is idempotent; their order is that of the drawing above."""
        files = self._files(release)
        self.say("edge function")
        self._edge(release)
        with ThreadPoolExecutor(1) as meanwhile:
            uploads = meanwhile.submit(self._hashed_pages, files)
            template = self._content(release.template)
            outputs = self.rollout.bring(template, self.artifacts.url(release.template), back_to)
            uploads.result()
        self.say("flows")
        state_machine_versions.go_live(
            self.target.client("stepfunctions"), outputs["MachinePrefix"], sorted(release.asl)
        )
        self.say("pages")
        changed = pages.publish(self.target.client("s3"), outputs["SiteBucket"], files)
        self.say("data")
        verify_jobs.prepare(self.target, outputs, {**self.businesses, CANARY: "Canary"})
        if changed or record.pending != record.current:
            self.say("invalidation")
            self._invalidate(outputs)
        self._verify(release, outputs)
        return outputs

    def _content(self, key: str) -> bytes:
        """What was built or fetched a moment ago need not be fetched."""
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
            return  # the engine has no TestFunction; there the stack publishes by itself
        code = {name: self._content(key).decode() for name, key in release.edge.items()}
        tried = {name: json.loads(self._content(key)) for name, key in release.cases.items()}
        edge_functions.go_live(self.target.client("cloudfront"), self.target.stage, code, tried)

    def _hashed_pages(self, files: list[Page]) -> None:
        """Beside the stack, for no one refers to them yet; not where there is no bucket so far."""
        if self.stack.status() not in (None, "REVIEW_IN_PROGRESS"):
            bucket = self.stack.outputs().get("SiteBucket")
            hashed = [page for page in files if not page.is_entry]
            if bucket:
                pages.publish(self.target.client("s3"), bucket, hashed)

    def _invalidate(self, outputs: Outputs) -> None:
        cloudfront, distribution = self.target.client("cloudfront"), outputs["DistributionId"]
        made = pages.invalidate(cloudfront, distribution, uuid4().hex)
        if self.target.on_aws:
            cloudfront.get_waiter("invalidation_completed").wait(
                DistributionId=distribution, Id=made, WaiterConfig={"Delay": 5, "MaxAttempts": 120}
            )

    def _verify(self, release: Release, outputs: Outputs) -> None:
        flows = self._flows(release)
        names = sorted(release.asl) if self.flows is None else self.flows
        ways = [flows[name] for name in names]
        verify_jobs.verify(self.target, outputs, release, ways, self.say)

    def _flows(self, release: Release) -> dict[str, Flow]:
        return flows_of(self._content(release.code))

    def _clean(self, release: Release, outputs: Outputs) -> None:
        """Away with canaries left behind, and with files that only forgotten releases have."""
        self.say("clean")
        verify_jobs.sweep(self.target, outputs, self._flows(release))
        record = self.artifacts.record(self.target.stage)
        names = [name for name in (record.current, *record.previous[:2]) if name]
        kept = {key for name in names for key in self.artifacts.release(name).pages}
        pages.remove_others(self.target.client("s3"), outputs["SiteBucket"], kept)


def _standing(stage: str, record: StageRecord) -> str:
    """For whoever has to decide how it goes on."""
    said = (
        f"stage {stage} is on its way to release {record.pending}, which may serve already and is "
        "not verified; deploy it again to finish"
    )
    back = f", or `haul rollback {stage}` to have {record.current} again"
    return said + (back if record.current and not record.going_back else "")


def _now() -> datetime:
    return datetime.now(timezone.utc)
