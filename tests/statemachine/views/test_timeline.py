"""The timeline of a job, and the diagnosis of what is wrong with it."""

from datetime import datetime, timedelta

import pytest

from statemachine.flows import load_flow
from statemachine.job.deliveries import Attempt, Delivery, DeliveryName
from statemachine.job.job import Epoch, Execution, Job, Photo, ShownAt, TaskWait
from statemachine.job.records import EarlyMove, RepairRecord
from statemachine.rules.edits import EXPLANATIONS, CrewUnavailable, edited, with_refusal
from statemachine.rules.lifecycle import Refused, judge
from statemachine.views.diagnosis import diagnose
from statemachine.views.evidence import ExecutionRun, JobEvidence, ObjectVersion
from statemachine.views.timeline import changes_of, span, timeline_of
from statemachine.views.views import view_of
from tests.support.builders import DISPATCHER, NOON, a_job, a_request, an_edit, minutes, moved

HAUL = load_flow("haul")
SOON = NOON + timedelta(seconds=3)
NAME = DeliveryName(
    tenant="main", about="261121-7k3m2q", mark="1", channel="sms", recipient="customer"
)


def waits(job: Job, at: datetime, generation: int = 0) -> Job:
    epoch = Epoch(generation=generation, entered_at=at, retry=0)
    wait = TaskWait(seq=job.seq, epoch=epoch, token=f"task-{job.seq}-{generation}")
    return job.with_bookkeeping(wait=wait, execution=job.execution.with_(seq=job.seq))


def texts(known: JobEvidence) -> list[str]:
    return [f"{line.what}: {line.text}" for line in timeline_of(known)]


def a_day() -> JobEvidence:
    """A job that was booked at NOON, settled, confirmed, shown on the board, and texted about."""
    booked = a_job()
    waiting = waits(booked, SOON)
    confirmed = moved(waiting, "confirm")
    return JobEvidence(
        job=confirmed,
        versions=(
            ObjectVersion(NOON, booked),
            ObjectVersion(SOON, waiting),
            ObjectVersion(SOON, confirmed),
        ),
        views=(
            ObjectVersion(NOON, view_of(booked, HAUL)),
            ObjectVersion(SOON, view_of(confirmed, HAUL)),
        ),
        cards=(
            ObjectVersion(SOON, 1),
            ObjectVersion(SOON + timedelta(seconds=9), confirmed.rev),
        ),
        on_board=confirmed.rev,
        invalidations=(SOON + timedelta(seconds=5),),
        deliveries=(a_delivery("sent"),),
        runs=(ExecutionRun(generation=0, state="running", started_at=NOON),),
    )


def a_delivery(state: str, **values: object) -> Delivery:
    return Delivery.model_validate(
        {
            "name": NAME,
            "state": state,
            "status": "ready_for_pickup",
            "to": "•••0123",
            "created_at": NOON,
            "updated_at": NOON + minutes(1),
            **values,
        }
    )


def test_events_are_in_the_order_in_which_they_happened() -> None:
    assert texts(a_day()) == [
        "booked: begins in Pending pickup",
        "moved: Confirm pickup: Pending pickup → Ready for pickup",
        "execution: execution 0 started",
        "view: the view shows rev 1",
        "view: the view shows rev 3, 3.0 s after the change",
        "settled: Pending pickup is settled",
        "waiting: execution 0 waits in Pending pickup for the next move",
        "board: the board shows rev 1, 3.0 s after the change",
        "invalidation: the cached view was invalidated",
        "board: the board shows rev 3, 12 s after the change",
        "message: text to the customer about Ready for pickup: sent",
    ]


def test_an_invalidation_comes_after_its_change_although_its_time_is_cut_to_the_second() -> None:
    job = a_job(created_at=NOON + timedelta(seconds=0.4))
    told = [line.what for line in timeline_of(JobEvidence(job, invalidations=(NOON,)))]
    assert told == ["booked", "invalidation"]


def test_the_diagnosis_of_a_healthy_job_is_empty() -> None:
    assert diagnose(a_day(), NOON) == ()


def test_a_refusal_has_its_reason_and_actor() -> None:
    job = a_job("completed")
    verdict = judge(job, a_request(job, "start"), HAUL, NOON)
    assert isinstance(verdict, Refused)
    (line,) = [line for line in timeline_of(JobEvidence(verdict.job)) if line.what == "refused"]
    assert line.text == (
        "Start job refused in Completed: the job's status does not allow that move"
    )
    assert not line.ok
    assert line.actor == DISPATCHER


def test_a_move_that_arrived_late_says_by_how_much() -> None:
    job = a_job("ready_for_pickup")
    entry = job.ledger[0].with_(occurred_at=NOON - minutes(40))
    (line,) = [
        line
        for line in timeline_of(JobEvidence(job.with_(ledger=(entry,))))
        if line.what == "moved"
    ]
    assert line.text.endswith(", 40 min after it happened")


def test_a_photo_has_its_actor_and_how_late_it_came() -> None:
    taken = Photo(
        event_id="p-1",
        actor=DISPATCHER,
        photo_id="0" * 32,
        kind="before",
        taken_at=NOON - minutes(40),
        recorded_at=NOON,
    )
    (line,) = [
        line for line in timeline_of(JobEvidence(a_job(photos=(taken,)))) if line.what == "edited"
    ]
    assert line.text == "a photo from before the work was added, 40 min after it happened"
    assert line.actor == DISPATCHER


def test_a_status_that_the_flow_has_no_more_is_told_by_its_name() -> None:
    job = a_job("in_progress")
    entry = job.ledger[0].with_(to="weighed")
    told = texts(JobEvidence(job.with_(ledger=(entry, job.ledger[1]))))
    assert "moved: Confirm pickup: Pending pickup → weighed" in told


def test_a_successor_is_told_with_what_became_of_the_one_before() -> None:
    first = waits(a_job(), NOON)
    asked = first.with_bookkeeping(
        execution=Execution(generation=1, seq=0, since=NOON + minutes(5)), wait=None
    )
    job = waits(asked, NOON + minutes(6), generation=1).with_(
        repaired=(RepairRecord(repairs=("replaced",), at=NOON + minutes(5)),)
    )
    at = NOON + minutes(5)
    known = JobEvidence(
        job,
        versions=(
            ObjectVersion(NOON, first),
            ObjectVersion(at, asked),
            ObjectVersion(at + minutes(1), job),
        ),
        runs=(
            ExecutionRun(
                generation=0, state="aborted", started_at=NOON, stopped_at=NOON + minutes(4)
            ),
            ExecutionRun(generation=1, state="running", started_at=at),
        ),
    )
    assert texts(known)[2:] == [
        "execution: execution 0 aborted",
        "repair: the watchdog repaired it: replaced",
        "execution: execution 1 was requested, to take over",
        "execution: execution 1 started",
        "waiting: execution 1 waits in Pending pickup for the next move",
    ]


def test_an_early_move_is_one_event_although_it_was_made_later() -> None:
    booked = a_job()
    early = EarlyMove(
        event_id="e-1", actor=DISPATCHER, move="start", occurred_at=NOON, until=NOON + minutes(60)
    )
    kept = booked.with_bookkeeping(early=(early,))
    after = moved(kept.with_bookkeeping(early=()), "confirm", "start")
    known = JobEvidence(
        after, versions=tuple(ObjectVersion(NOON, job) for job in (booked, kept, after))
    )
    told = [text for text in texts(known) if text.startswith("kept")]
    assert told == ["kept: Start job came before its turn and is kept until 2026-11-21 13:00 UTC"]


def test_an_early_move_is_an_event_even_if_no_version_is_known() -> None:
    early = EarlyMove(
        event_id="e-1", actor=DISPATCHER, move="start", occurred_at=NOON, until=NOON + minutes(60)
    )
    assert any(
        text.startswith("kept: Start job") for text in texts(JobEvidence(a_job(early=(early,))))
    )


def test_a_time_that_s3_cut_to_the_second_is_not_before_its_cause() -> None:
    at = NOON + timedelta(milliseconds=900)
    job = moved(a_job(), "confirm")
    job = job.with_(ledger=(job.ledger[0].with_(recorded_at=at),))
    known = JobEvidence(job, views=(ObjectVersion(NOON, view_of(job, HAUL)),))
    assert [line.what for line in timeline_of(known)] == ["booked", "moved", "view"]


def test_a_view_has_its_exact_time_if_that_was_recorded() -> None:
    job = moved(a_job(), "confirm").with_(
        shown=(ShownAt(seq=1, at=NOON + timedelta(milliseconds=400)),)
    )
    known = JobEvidence(job, views=(ObjectVersion(NOON, view_of(job, HAUL)),))
    (line,) = [line for line in timeline_of(known) if line.what == "view"]
    assert line.text == "the view shows rev 2, 0.4 s after the change"


def test_the_time_of_an_edit_is_that_of_the_version_it_made() -> None:
    job = a_job()
    after = edited(job, an_edit(job, note="Ring twice"), NOON + minutes(2))
    versions = (ObjectVersion(NOON, job), ObjectVersion(NOON + minutes(2), after))
    assert changes_of(after, versions) == {1: NOON, 2: NOON + minutes(2)}


def test_a_version_after_an_edit_does_not_give_the_time_of_the_edit() -> None:
    after = edited(a_job(), an_edit(a_job(), note="Ring twice"), NOON + minutes(2))
    later = waits(after, NOON + minutes(9))
    assert changes_of(later, (ObjectVersion(NOON + minutes(9), later),)) == {1: NOON}


def test_every_attempt_to_send_a_message_is_an_event() -> None:
    attempts = tuple(Attempt(at=NOON, outcome=outcome) for outcome in ("500", "timeout", "204"))
    told = list(
        timeline_of(JobEvidence(a_job(), deliveries=(a_delivery("sent", attempts=attempts),)))
    )
    messages = [line.text for line in told if line.what == "message"]
    assert [text.rpartition(": ")[2] for text in messages] == [
        "attempt 1, 500",
        "attempt 2, timeout",
        "sent",
    ]


SECRETS = ("Ada", "Wong", "0123", "Harbor", "4711", "Zk3rW8qQ1vN6tYb0xJp_Lg", "task-", "Ring")


def test_no_event_has_personal_data_or_secrets() -> None:
    job = a_job("ready_for_pickup", place={"address": "12 Harbor Road", "gate_code": "4711"})
    entry = job.ledger[0].with_(reason="Ada Wong said so", note="Ring twice")
    job = waits(job.with_(ledger=(entry,)), NOON)
    known = JobEvidence(
        job, versions=(ObjectVersion(NOON, a_job()), ObjectVersion(NOON, job)),
        deliveries=(a_delivery("unknown", why="no_answer"),),
    )  # fmt: skip
    told = " ".join([*texts(known), *diagnose(known, NOON + minutes(9000))])
    assert [secret for secret in SECRETS if secret in told] == []


LATE = NOON + minutes(30)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (JobEvidence(moved(waits(a_job(), NOON), "confirm")), "has settled only entry 0 of 1"),
        (JobEvidence(a_job(execution=Execution(seq=0, since=NOON))), "No execution waits"),
        (JobEvidence(waits(a_job(), NOON), runs=()), "Execution 0 is unknown to Step Functions"),
        (
            JobEvidence(
                waits(a_job(), NOON),
                runs=(
                    ExecutionRun(generation=0, state="failed", started_at=NOON, stopped_at=NOON),
                ),
            ),
            "Execution 0 is failed",
        ),
        (JobEvidence(waits(a_job(), NOON), views=()), "Customers see rev 0 of 1"),
        (JobEvidence(waits(a_job(), NOON), on_board=0), "The board shows rev 0 of 1"),
        (
            JobEvidence(waits(a_job(), NOON), deliveries=(a_delivery("unknown"),)),
            "Message sms 1 to customer is unknown",
        ),
    ],
)
def test_the_diagnosis_says_what_is_wrong_and_what_to_do(known: JobEvidence, words: str) -> None:
    (sentence,) = diagnose(known, LATE)
    assert words in sentence
    assert ": " in sentence or sentence.endswith(".")


def test_work_in_progress_is_not_wrong() -> None:
    known = JobEvidence(moved(a_job(), "confirm"), views=(), on_board=0, runs=())
    assert diagnose(known, NOON + timedelta(seconds=5)) == ()


def test_a_new_edit_is_work_in_progress() -> None:
    job = waits(a_job(), NOON)
    after = edited(job, an_edit(job, note="Ring twice"), LATE)
    known = JobEvidence(after, views=(ObjectVersion(NOON, view_of(job, HAUL)),), on_board=1)
    assert diagnose(known, LATE + timedelta(seconds=5)) == ()
    assert len(diagnose(known, LATE + minutes(1))) == 2


def test_the_diagnosis_names_an_overdue_job() -> None:
    job = waits(a_job("in_progress"), NOON)
    (sentence,) = diagnose(JobEvidence(job), NOON + timedelta(days=9))
    assert sentence.startswith("It is overdue in In progress by ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (12, "12 s"), (90, "90 s"), (300, "5 min"), (7200, "2 h"), (259200, "3 d")],
)
def test_a_span_of_time_has_a_suitable_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_refused_edit_does_not_have_the_text_for_its_sender() -> None:
    error = CrewUnavailable("'canary' is not on the roster; choose someone who is")
    job = with_refusal(a_job(), an_edit(a_job(), truck="t9", price_cents=1), error, SOON)
    (line,) = (line for line in timeline_of(JobEvidence(job=job)) if line.what == "refused")
    assert line.at == SOON
    assert line.actor == DISPATCHER
    assert not line.ok
    assert line.text == f"change of price cents, truck refused: {EXPLANATIONS['crew_unavailable']}"
