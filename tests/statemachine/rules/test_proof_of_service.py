"""A move may require proof of service: photos before and after, and the load size."""

import pytest

from statemachine.flows import Flow, load_flow
from statemachine.job.job import Job, Photo, PhotoKind
from statemachine.job.prices import LoadSize
from statemachine.rules.lifecycle import Committed, EarlyMoveKept, Refused, Verdict, judge
from statemachine.rules.requirements import has_proof
from tests.support.builders import CREW, NOON, a_job, a_request, minutes

HAUL = load_flow("haul")


def haul_with_proof_for(*moves: str) -> Flow:
    """The haul flow, where these moves require proof."""
    moves_with_proof = tuple(
        move.with_(requires=(*move.requires, "proof")) if move.name in moves else move
        for move in HAUL.moves
    )
    return HAUL.with_(moves=moves_with_proof)


def a_photo(kind: PhotoKind) -> Photo:
    return Photo(
        event_id=f"photo-{kind}",
        actor=CREW,
        photo_id=("b" if kind == "before" else "a") * 32,
        kind=kind,
        taken_at=NOON,
        recorded_at=NOON,
    )


def worked_on(*kinds: PhotoKind, load: LoadSize | None = "half") -> Job:
    return a_job("in_progress", photos=tuple(map(a_photo, kinds)), load_size=load)


def complete(job: Job, flow: Flow) -> Verdict:
    return judge(job, a_request(job, "complete"), flow, NOON + minutes(5))


@pytest.mark.parametrize(
    ("job", "proven"),
    [
        (worked_on("before", "after"), True),
        (worked_on("before", "before", "after", "after", load="minimum"), True),
        (worked_on("before", "after", load=None), False),
        (worked_on("before", "attempt", "after"), True),
        (worked_on("before", "attempt"), False),
        (worked_on("before", "customer", "after"), True),
        (worked_on("before", "customer"), False),
        (worked_on("before"), False),
        (worked_on("after", "after"), False),
        (worked_on(load="full"), False),
        (a_job("in_progress"), False),
    ],
)
def test_proof_is_both_kinds_of_photo_and_the_load_size(job: Job, proven: bool) -> None:
    assert has_proof(job) is proven
    verdict = complete(job, haul_with_proof_for("complete"))
    assert isinstance(verdict, Committed if proven else Refused)


def test_a_move_without_proof_is_refused_on_the_record() -> None:
    verdict = complete(worked_on("before"), haul_with_proof_for("complete"))
    assert isinstance(verdict, Refused)
    assert verdict.refusal.why == "proof_missing"
    assert verdict.job.status == "in_progress"
    assert verdict.job.refused == (verdict.refusal,)


def test_a_move_that_requires_no_proof_is_made_without_it() -> None:
    assert isinstance(complete(a_job("in_progress"), HAUL), Committed)


def test_other_moves_of_the_flow_require_no_proof() -> None:
    flow = haul_with_proof_for("complete")
    job = a_job("ready_for_pickup")
    assert isinstance(judge(job, a_request(job, "start"), flow, NOON), Committed)


def test_an_early_move_needs_its_proof_when_its_turn_comes() -> None:
    flow = haul_with_proof_for("complete")
    job = a_job("ready_for_pickup")
    kept = judge(job, a_request(job, "complete"), flow, NOON)
    assert isinstance(kept, EarlyMoveKept)
    started = judge(kept.job, a_request(job, "start"), flow, NOON + minutes(1))
    assert isinstance(started, Committed)
    assert [refusal.why for refusal in started.job.refused] == ["proof_missing"]
    proven = kept.job.with_(photos=worked_on("before", "after").photos, load_size="half")
    through = judge(proven, a_request(job, "start"), flow, NOON + minutes(1))
    assert through.job.status == "completed"
    assert through.job.refused == ()
