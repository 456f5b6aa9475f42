"""Bad input is refused on the record or sent to the dead-letter queue; nothing is half done.

The complete handlers run on moto. CANARY stands for what must not leave the message: a dead letter
has its body anyway, but its reason is shown to anyone who looks at the queue.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any, cast

import pytest
from pydantic import ValidationError

from functions import (
    advance_job,
    create_job,
    edit_job,
    invalidate_views,
    publish_board,
    register_wait,
    settle_job,
    watch_jobs,
)
from functions.aws import container
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Job
from statemachine.values.values import iso
from tests.functions.conftest import S3Storage
from tests.functions.creation import again, batch, envelope
from tests.functions.protocol.test_ports import a_bus_on, letters_in
from tests.support.builders import NOON, a_booking, a_job, a_request, an_edit
from tests.support.fakes import FakeLog, board_key, job_key, to_bytes
from tests.support.moto_server import Moto

TOMORROW = iso(NOON + timedelta(days=1))
HUGE = "CANARY" + "x" * 300_000
FROM_QUEUES = (create_job, advance_job, edit_job, publish_board, invalidate_views, watch_jobs)
INVOKED = (settle_job, register_wait)


class WiredFunctions(S3Storage):
    """Every function on moto, with a tenant and one job in progress."""

    def __init__(self, moto: Moto) -> None:
        super().__init__(moto.s3, moto.bucket(), lambda: moto.client("s3"))
        self.sqs = moto.client("sqs")
        self.site, self.log = moto.bucket(), FakeLog()
        self.letters_url = self.sqs.create_queue(QueueName=moto.name("letters"))["QueueUrl"]
        self.bus, self.heard = a_bus_on(moto)
        self.put("directory/main.json", to_bytes(BusinessSettings(tenant="main", name="Haulway")))
        self.jobs.create(a_job("in_progress"))
        environment = {
            "JOBS_BUCKET": self.bucket,
            "SITE_BUCKET": self.site,
            "CREW_ROSTER": moto.crew_roster(),
            "JOB_INDEX": moto.job_index(),
            "RETENTION_DAYS": "730",
            "VIEW_TTL_S": "60",
            "SLOW_QUEUE_URL": self.letters_url,
            "WATCH_QUEUE_URL": self.letters_url,
            "TEXT_QUEUE_URL": self.letters_url,
            "INVALIDATION_PATHS_PER_MONTH": "1000",
            "BUS_NAME": self.bus.bus_name,
            "MACHINE_PREFIX": "arn:aws:states:us-east-1:123456789012:stateMachine:none-",
            "DEAD_LETTER_URL": self.letters_url,
            "DISTRIBUTION_ID": "E1",
        }
        with moto.environment(**environment), pytest.MonkeyPatch.context() as patch:
            patch.setattr(container, "log", self.log)
            for module in (*FROM_QUEUES, *INVOKED):
                cast("Any", module.wire).cache_clear()
                module.wire()

    def deliver(self, function: ModuleType, body: str) -> dict[str, Any]:
        return cast("dict[str, Any]", function.handler(batch(body), None))

    def letters(self) -> list[tuple[str, str, str]]:
        return letters_in(self.sqs, self.letters_url)

    def everything(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())
        assert self.s3.list_objects_v2(Bucket=self.site)["KeyCount"] == 0
        return {item["Key"]: self.get(item["Key"]) for item in listed}

    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value


@pytest.fixture(scope="module")
def wired(moto: Moto) -> Iterator[WiredFunctions]:
    """A little after NOON; wired as in a container, so the next test module wires again."""
    ticks = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        for module in (create_job, advance_job, edit_job, publish_board, watch_jobs):
            patch.setattr(module, "utc_now", lambda: NOON + timedelta(milliseconds=next(ticks)))
        yield WiredFunctions(moto)
    for module in (*FROM_QUEUES, *INVOKED):
        cast("Any", module.wire).cache_clear()


def booking(**values: Any) -> str:
    return envelope({**json.loads(a_booking().model_dump_json(exclude_none=True)), **values})


def move(**values: Any) -> str:
    request = json.loads(a_request(a_job(), "complete").model_dump_json(exclude_none=True))
    return envelope({**request, **values})


def edit(**changes: Any) -> str:
    request = json.loads(an_edit(a_job(), note="Ring").model_dump_json(exclude_none=True))
    return envelope({**request, "changes": changes})


def about(function: ModuleType, who: dict[str, str]) -> str:
    """A good message for the function, but about that job."""
    good = {advance_job: move(), edit_job: edit(note="Ring")}.get(function, envelope({}))
    return envelope({**json.loads(good)["detail"], **who})


def ended(**values: Any) -> str:
    return envelope({"name": "main-261121-7k3m2q-g0", "status": "FAILED", "input": "{}", **values})


NO_SUCH_JOB = "261121-000000"
NO_EVENT = "the message is not an EventBridge event with a `detail`"
NO_ZONE = "2026-11-21T12:00:00"


def assert_dead_lettered(
    wired: WiredFunctions, function: ModuleType, body: str, reason: str, detail: str
) -> None:
    """Acknowledged, in the dead-letter queue with its reason, and nothing else has changed."""
    wired.heard()
    before = wired.everything()
    assert wired.deliver(function, body) == again()
    [(dead_lettered, why, what)] = wired.letters()
    assert dead_lettered == body
    assert why == reason
    assert what[: len(detail)] == detail
    assert "CANARY" not in what + str(wired.log.lines)
    assert wired.everything() == before
    assert wired.heard() == []


@pytest.mark.parametrize("body", [" ", "CANARY", booking()[:50], '"CANARY"', '{"CANARY": 1}', "[]"])
@pytest.mark.parametrize("function", FROM_QUEUES)
def test_a_message_that_is_no_event_is_dead_lettered(
    wired: WiredFunctions, function: ModuleType, body: str
) -> None:
    assert_dead_lettered(wired, function, body, "Permanent", NO_EVENT)


@pytest.mark.parametrize("function", FROM_QUEUES)
def test_an_event_with_an_unknown_detail_is_dead_lettered(
    wired: WiredFunctions, function: ModuleType
) -> None:
    assert_dead_lettered(wired, function, envelope("CANARY"), "Permanent", "")
    assert_dead_lettered(wired, function, envelope({"CANARY": 1}), "Permanent", "")


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"note": HUGE}, "note: String should have at most 2000"),
        ({"tenant": "CANARY!"}, "tenant: String should match"),
        ({"occurred_at": NO_ZONE}, "occurred_at: Input should have timezone"),
        ({"occurred_at": "CANARY"}, "occurred_at: write date, time, and zone"),
        ({"customer": "CANARY"}, "customer: Input should be"),
        (
            {"customer": {"name": "A", "phone": "CANARY"}},
            "customer.phone: write one phone number in",
        ),
        ({"place": {"address": "A", "CANARY": 1}}, "place: Extra inputs"),
        ({"event_id": "CANARY CANARY"}, "event_id: String should match"),
    ],
)
def test_an_invalid_booking_is_dead_lettered(
    wired: WiredFunctions, values: dict[str, Any], detail: str
) -> None:
    assert_dead_lettered(wired, create_job, booking(**values), "Permanent", detail)


NO_PRICES: list[Any] = [
    "CANARY",
    "600",
    "",
    -1,
    12.5,
    600.0,
    1e30,
    float("nan"),
    True,
    [600],
    {"CANARY": 1},
    100_000_001,
]


@pytest.mark.parametrize("price", NO_PRICES, ids=repr)
def test_a_price_that_is_not_an_amount_is_dead_lettered(
    wired: WiredFunctions, price: object
) -> None:
    assert_dead_lettered(
        wired, create_job, booking(price_cents=price), "Permanent", "price_cents: Input"
    )
    assert_dead_lettered(
        wired, edit_job, edit(price_cents=price), "Permanent", "changes.price_cents: Input"
    )


@pytest.mark.parametrize(
    ("values", "reason", "detail"),
    [
        ({"tenant": "unknown"}, "UnknownTenant", "no tenant unknown"),
        ({"flow": "piano"}, "UnknownFlow", "no flow 'piano'; there are "),
        ({"occurred_at": TOMORROW}, "FromTheFuture", "event booking-1 says it happened in the "),
    ],
)
def test_a_booking_that_can_never_be_made_is_dead_lettered(
    wired: WiredFunctions, values: dict[str, Any], reason: str, detail: str
) -> None:
    assert_dead_lettered(wired, create_job, booking(**values), reason, detail)


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"job_id": "CANARY"}, "job_id: job ids look like 261121-7k3m2q"),
        ({"to": "completed"}, "event: send exactly one of"),
        ({"move": None}, "event: send exactly one of"),
        ({"note": HUGE}, "note: String should have at most 2000"),
        ({"reason": HUGE}, "reason: String should have at most 2000"),
        ({"occurred_at": NO_ZONE}, "occurred_at: Input should have timezone"),
        ({"actor": {"kind": "CANARY", "id": "a"}}, "actor.kind: Input should be 'dispatcher'"),
        ({"expected_rev": "CANARY"}, "expected_rev: Input should be"),
    ],
)
def test_an_invalid_move_is_dead_lettered(
    wired: WiredFunctions, values: dict[str, Any], detail: str
) -> None:
    assert_dead_lettered(wired, advance_job, move(**values), "Permanent", detail)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "changes: nothing to change"),
        ({"CANARY": 1}, "changes: Extra inputs"),
        ({"note": HUGE}, "changes.note: String should have at most 2000"),
        ({"schedule": {"eta": NO_ZONE}}, "changes.schedule.eta: Input should have timezone"),
    ],
)
def test_an_invalid_edit_is_dead_lettered(
    wired: WiredFunctions, changes: dict[str, Any], detail: str
) -> None:
    assert_dead_lettered(wired, edit_job, edit(**changes), "Permanent", detail)


def test_an_edit_that_cannot_be_made_is_refused_on_the_record(wired: WiredFunctions) -> None:
    """A person's mistake is not an outage: it leaves no dead letter."""
    drivers = [{"role": "driver", "member": name, "first_name": "CANARY"} for name in "ab"]
    late = {**json.loads(edit(note="CANARY"))["detail"], "occurred_at": TOMORROW}
    alone = edit(crew=[{"role": "driver", "member": "stranger"}])
    bodies = [edit(crew=drivers), alone, envelope(late), edit(truck="nosuchtruck")]
    for number, body in enumerate(bodies):
        detail = {**json.loads(body)["detail"], "event_id": f"refused-{number}"}
        assert wired.deliver(edit_job, envelope(detail)) == again()
    assert [(each.why, each.text) for each in wired.job().refused_edits] == [
        ("not_possible", "two people have the same role; only helpers may be several"),
        ("crew_unavailable", "'stranger' is not on the roster; choose someone who is"),
        ("from_the_future", "`occurred_at` is in the future; check the sender's clock"),
        ("crew_unavailable", "there is no truck 'nosuchtruck'; choose one from the roster"),
    ]
    assert wired.letters() == []
    assert wired.job().edits == ()


@pytest.mark.parametrize("who", [{"job_id": NO_SUCH_JOB}, {"tenant": "unknown"}], ids=str)
@pytest.mark.parametrize("function", [advance_job, edit_job, publish_board, invalidate_views])
def test_a_message_about_an_unknown_job_is_dead_lettered(
    wired: WiredFunctions, function: ModuleType, who: dict[str, str]
) -> None:
    whose = {"tenant": "main", "job_id": a_job().job_id, **who}
    reason = f"no job {whose['job_id']} of tenant {whose['tenant']}"
    assert_dead_lettered(wired, function, about(function, whose), "UnknownJob", reason)


@pytest.mark.parametrize(
    "values", [{"name": "CANARY"}, {"input": "CANARY"}, {"input": '{"tenant": "CANARY"}'}]
)
def test_an_event_about_another_execution_is_dead_lettered(
    wired: WiredFunctions, values: dict[str, str]
) -> None:
    assert_dead_lettered(
        wired, watch_jobs, ended(**values), "Permanent", "RoundRequest: Extra inputs"
    )


REFUSED = {
    "an illegal move": (move(event_id="r1", move="confirm"), "illegal_move"),
    "an unknown move": (move(event_id="r2", move="fly"), "unknown_move"),
    "from the future": (move(event_id="r3", occurred_at=TOMORROW), "from_the_future"),
    "not for customers": (
        move(event_id="r4", actor={"kind": "customer", "id": "link"}),
        "not_allowed",
    ),
    "without a reason": (move(event_id="r5", move="cancel_under_way"), "reason_missing"),
    "overtaken": (move(event_id="r6", expected_rev=1), "overtaken"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_move_that_may_not_be_made_is_refused_on_the_record(
    wired: WiredFunctions, case: str
) -> None:
    body, why = REFUSED[case]
    before = wired.job()
    assert wired.deliver(advance_job, body) == again()
    after = wired.job()
    assert after == before.with_bookkeeping(refused=(*before.refused, after.refused[-1]))
    assert after.refused[-1].why == why
    assert [(fact["event_id"], fact["why"]) for fact in wired.heard()] == [
        (after.refused[-1].event_id, why)
    ]
    assert wired.letters() == []


@pytest.mark.parametrize("function", [advance_job, edit_job, publish_board, invalidate_views])
@pytest.mark.parametrize("broken", [b"CANARY", b'{"CANARY": 1}'])
def test_a_job_that_cannot_be_read_is_left_as_it_is(
    wired: WiredFunctions, function: ModuleType, broken: bytes
) -> None:
    key = job_key("main", "261121-00000b")
    wired.put(key, broken)
    body = about(function, {"tenant": "main", "job_id": "261121-00000b"})
    assert_dead_lettered(wired, function, body, "Corrupt", f"{key} is not a Jo")
    wired.s3.delete_object(Bucket=wired.bucket, Key=key)


@pytest.mark.parametrize("broken", [b"CANARY", b'{"jobs": []}', b""])
def test_a_board_that_cannot_be_read_is_rebuilt(wired: WiredFunctions, broken: bytes) -> None:
    body = envelope({"tenant": "main", "job_id": a_job().job_id})
    wired.deliver(publish_board, body)
    good = wired.get(board_key("main"))
    wired.put(board_key("main"), broken)
    assert wired.deliver(publish_board, body) == again()
    assert wired.get(board_key("main")) == good
    assert wired.letters() == []
    wired.s3.delete_object(Bucket=wired.bucket, Key=board_key("main"))


def test_good_messages_beside_bad_ones_are_done(wired: WiredFunctions) -> None:
    bodies = ["CANARY", move(event_id="good-1", move="confirm"), move(job_id=NO_SUCH_JOB)]
    assert advance_job.handler(batch(*bodies), None) == again()
    assert wired.job().refusal_of("good-1")
    assert [reason for _, reason, _ in wired.letters()] == ["Permanent", "UnknownJob"]


def test_a_booking_that_is_invoked_is_answered_with_what_is_wrong(wired: WiredFunctions) -> None:
    """Someone waits for the answer, so nothing is dead-lettered."""
    for body, error in (
        (booking(price_cents="CANARY"), "Invalid"),
        (booking(tenant="unknown"), "UnknownTenant"),
        (booking(event_id="haulway.CANARY"), "Permanent"),
        (booking(occurred_at=TOMORROW), "FromTheFuture"),
    ):
        answer = create_job.handler(json.loads(body)["detail"], None)
        assert answer["error"] == error
        assert "CANARY" not in answer["detail"]
    assert wired.letters() == []


@pytest.mark.parametrize("function", INVOKED)
def test_the_input_from_the_state_machine_never_shows_in_an_error(
    wired: WiredFunctions, function: ModuleType
) -> None:
    """Lambda logs errors as they are, and a task token is a key."""
    with pytest.raises(ValidationError) as caught:
        function.handler({"tenant": "main", "token": "CANARY", "seq": "CANARY"}, None)
    assert "CANARY" not in str(caught.value)
