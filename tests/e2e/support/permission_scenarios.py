"""What each function must be able to do, so that each of its permissions is used."""

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from functions.api.public import BOOKER
from functions.aws.job_index import DynamoJobIndex
from functions.aws.link_ends import S3LinkEnds
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3Endpoints, S3PhoneRecords
from functions.aws.s3_stores import S3Views
from functions.aws.slots import DynamoSlots
from functions.messages.phone_numbers import change_phone_record
from functions.views.job_index import IndexJob
from functions.views.write_view import write_view
from local.laptop import Laptop
from statemachine.business.business import SHARED
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job
from statemachine.job.records import EarlyMove
from statemachine.rules.lifecycle import judge
from statemachine.schedule.reservations import window_of
from statemachine.schedule.slots import SlotSheet, taken_slot
from statemachine.values.ids import digest_of
from tests.e2e.support.function_copy import Function
from tests.e2e.support.jobs import booking, jobs_of, move, stamp
from tests.e2e.support.permission_jobs import (
    NO_ONE,
    QUIET_TENANT,
    TENANT,
    a_text,
    asks,
    driver,
    fresh,
    kept,
    new,
    now,
    ref,
    since,
    tomorrow,
)
from tests.e2e.support.permission_scenarios_api import (
    converses,
    dispatches,
    oversees,
    owns,
    works,
)
from tests.functions.creation import left_behind, waited_for
from tests.support.builders import DISPATCHER, a_request
from tests.support.message_fakes import an_endpoint

UNREADABLE = {"no": "request"}

Act = Callable[[], None]
"""The test's calls of the function, after everything it needs has been prepared."""


def books(create: Function) -> Act:
    def act() -> None:
        window = {"schedule": tomorrow().model_dump(mode="json", exclude_none=True)}
        own = {"tenant": TENANT, "overbook": True, **window}
        create.asked(booking(uuid.uuid4().int % 32768) | own)
        create.delivered(UNREADABLE)

    return act


def advances(advance: Function) -> Act:
    waiting = kept(advance.stack, waited_for(new(), fresh()))
    ended = kept(advance.stack, new("completed", schedule=tomorrow()))

    def act() -> None:
        advance.delivered(
            asks(waiting, "confirm"),
            asks(waiting, "reopen", reason="refused", expected_rev=1),
            asks(ended, "reopen", reason="wrong address"),
            move(NO_ONE["job_id"], "confirm", fresh()) | NO_ONE,
        )
        assert ended.job_id in {slot.job_id for slot in slots_of(ended, advance.stack).taken}

    return act


def edits(edit: Function) -> Act:
    """A note and a crew member; a note after which an early move is made and the execution resumed;
    an edit of an unknown job, which goes to the dead-letter queue; and a replaced link.
    """
    job = kept(edit.stack, new(schedule=tomorrow(), crew=()))
    about, who = asks(job, "x"), driver(edit.stack)
    del about["move"]
    waiting = waited_for(new(), fresh())
    early = a_request(waiting, "confirm", event_id=fresh(), expected_rev=waiting.rev + 1)
    waiting = kept(edit.stack, judge(waiting, early, load_flow(waiting.flow), now()).job)
    linked = shown(edit.stack, new())

    def act() -> None:
        edit.delivered(
            {**about, "changes": {"note": "mind the dog", "crew": [who]}},
            {**about, **ref(waiting), "event_id": fresh(), "changes": {"note": "ring twice"}},
            {**about, **NO_ONE, "changes": {"note": "no such job"}},
            {**about, **ref(linked), "event_id": fresh(), "changes": {"link": "replace"}},
        )
        assert views_of(edit.stack).read(digest_of(linked.token)) is None
        crew = jobs_of(edit.stack).read(TENANT, job.job_id).value.crew
        assert [each.member for each in crew] == [who["member"]]

    return act


def waits(register: Function) -> Act:
    job = kept(register.stack, new("ready_for_pickup"))
    about = {
        **ref(job), "seq": 0, "execution": f"{TENANT}-{job.job_id}-g9", "retry": 0,
        "settles": True,
        "entered_at": "2030-01-01T00:00:00Z", "token": fresh(),
    }  # fmt: skip
    return lambda: register.asked(about)


def settles(settle: Function) -> Act:
    job = kept(settle.stack, new())
    return lambda: settle.asked({**ref(job), "seq": 0})


def publishes(publish: Function) -> Act:
    job = kept(publish.stack, new())
    return lambda: publish.delivered({**ref(job), "rev": 1}, {**NO_ONE, "rev": 1})


def invalidates(invalidate: Function) -> Act:
    job = kept(invalidate.stack, new())

    def act() -> None:
        invalidate.delivered({**ref(job), "rev": uuid.uuid4().int % 10**9})
        invalidate.delivered({**NO_ONE, "rev": 1})

    return act


def notes_a_spent_budget(invalidate: Function) -> Act:
    """With a budget of its own, because the stage's would take a thousand invalidations."""
    job, budget = kept(invalidate.stack, new()), "INVALIDATION_PATHS_PER_MONTH"

    def act() -> None:
        before = invalidate.environment[budget]
        invalidate.environment[budget] = "0"
        invalidate.restart()
        try:
            invalidate.delivered({**ref(job), "rev": 1})
        finally:
            invalidate.environment[budget] = before
            invalidate.restart()

    return act


def is_fed(function: Function) -> Act:
    return function.takes_messages


def rotates(rotate: Function) -> Act:
    return lambda: rotate.asked({})


def texts(send: Function) -> Act:
    """To a customer who wants texts, to one who has texted STOP, which the job records, to one who
    booked on the public page, and to one of a business whose quiet hours never end."""
    phone, stopped = _a_phone(), _a_phone()
    by_customer = new(customer=Customer(name="Cy", phone=_a_phone()), created_by=BOOKER)
    quiet = new(customer=Customer(name="Di", phone=_a_phone()), tenant=QUIET_TENANT)
    more = [{**ref(kept(send.stack, each)), "seq": 0} for each in (by_customer, quiet)]
    job = kept(send.stack, new(customer=Customer(name="Ada", phone=phone)))
    other = kept(send.stack, new(customer=Customer(name="Bob", phone=stopped)))
    change_phone_record(_numbers(send.stack), TENANT, stopped, lambda number: number.stop(now()))

    def act() -> None:
        send.delivered({**ref(job), "seq": 0}, {**ref(other), "seq": 0}, *more, UNREADABLE)
        assert _texts_to(send.stack, phone)
        assert not _texts_to(send.stack, stopped)

    return act


def receives(receive: Function) -> Act:
    """A text that becomes a note, one that needs an answer, and one that is unreadable."""
    phone = _a_phone()
    job = kept(receive.stack, new(customer=Customer(name="Ada", phone=phone)))
    known = _numbers(receive.stack)
    change_phone_record(known, SHARED, phone, lambda number: number.texted_by(TENANT))
    change_phone_record(known, TENANT, phone, lambda number: number.texted(job.job_id, None))

    def act() -> None:
        receive.received(_inbound(phone, "The gate is open"), _inbound(phone, "HELP"), UNREADABLE)
        assert _texts_to(receive.stack, phone)

    return act


def fans_out(fan_out: Function) -> Act:
    """To a disabled endpoint: the delivery is recorded and not sent."""
    _endpoint(fan_out.stack, "ep_off", state="disabled")
    fact = {**NO_ONE, "seq": 0, "recorded_at": stamp(), "event_id": fresh()}
    return lambda: fan_out.received({"detail-type": "JobCreated", "detail": fact}, UNREADABLE)


def delivers(deliver: Function) -> Act:
    """To an endpoint that has failed for so long that it is paused, which is announced."""
    endpoint, slow = f"ep_{uuid.uuid4().hex[:10]}", deliver.environment["SLOW_QUEUE_ARN"]
    long_ago = now() - timedelta(days=30)
    _endpoint(
        deliver.stack, endpoint, url="http://127.0.0.1:9/", created_at=long_ago,
        failing_since=long_ago,
    )  # fmt: skip
    due = {
        "tenant": TENANT, "endpoint": endpoint, "about": NO_ONE["job_id"], "mark": fresh(),
        "type": "job.created", "timestamp": stamp(), "data": {}, "due_at": stamp(),
    }  # fmt: skip
    return lambda: deliver.delivered(due, UNREADABLE, queue_arn=slow)


def watches(watch: Function) -> Act:
    """One job is resumed, one started, one gets a new execution; one, whose execution has ended and
    whose text was never marked as sent, is repaired by request.
    """
    stack, at = watch.stack, now()
    soon, late, long_ago = (at - timedelta(minutes=n) for n in (1, 10, 30))
    early = EarlyMove(
        event_id=fresh(), actor=DISPATCHER, move="complete", occurred_at=late, until=soon
    )
    _nothing_else_is_open(stack)
    resumed = left_behind(new("ready_for_pickup"), fresh()).with_(early=(early,))
    for job, entered_at in ((resumed, soon), (new(), soon), (new(), late)):
        jobs_of(stack).mark_open(TENANT, kept(stack, since(job, entered_at)).job_id)
    dead = kept(stack, since(new(), soon))
    deliveries = S3Deliveries(stack.client("s3"), stack.outputs["JobsBucket"])
    deliveries.create(a_text(dead, long_ago))
    due = a_text(resumed, long_ago)
    deliveries.create(due)
    deliveries.remind(due.name, long_ago)
    index = DynamoJobIndex(stack.client("dynamodb"), stack.outputs["JobIndexTable"])
    IndexJob(index)(new(created_at=at - timedelta(days=1000)))  # erased: it has no object
    abandoned = new(schedule=tomorrow())  # booked to the end of the slot, and no further
    sheet = slots_of(abandoned, stack).with_slot(
        taken_slot(abandoned, window_of(abandoned) or (at, at), long_ago)
    )
    DynamoSlots(stack.client("dynamodb"), stack.outputs["CrewRosterTable"]).write(TENANT, sheet)
    logos = S3Logos(stack.client("s3"), stack.outputs["SiteBucket"])
    logos.publish(f"/logos/{TENANT}/261101-{'a' * 32}.png", b"replaced")
    over = shown(stack, since(new("completed"), at - timedelta(days=100)))
    ends = S3LinkEnds(stack.client("s3"), stack.outputs["JobsBucket"])
    ends.add(TENANT, over.job_id, long_ago)
    ended = {
        "name": f"{TENANT}-{dead.job_id}-g0", "status": "FAILED", "input": json.dumps(ref(dead))
    }  # fmt: skip

    def act() -> None:
        assert resumed.job_id not in watch.asked({"full": True})["stuck"]
        assert views_of(stack).read(digest_of(over.token)) is None
        assert over.job_id not in {job_id for _, job_id in ends.due(TENANT, at)}
        left = {reminder.tail for reminder in deliveries.reminders(TENANT, soon)}
        assert not any(resumed.job_id in tail for tail in left), left
        answer = watch.asked({"repair": ref(dead)})
        assert "text given up" in answer.get("repaired", ()), answer
        watch.delivered(ended, UNREADABLE)

    return act


def begins_rounds(watch: Function) -> Act:
    """A message to each business. By itself, because the copy's own watchdog then has a round too,
    which takes as long as everything in `watches`, and may do some of it first.
    """
    return lambda: watch.delivered({"after": "0"}, UNREADABLE)


def views_of(stack: Laptop) -> S3Views:
    return S3Views(stack.client("s3"), stack.outputs["SiteBucket"], 60)


def shown(stack: Laptop, job: Job) -> Job:
    """A stored job with its public view, as it was while its link was alive."""
    write_view(views_of(stack), job, load_flow(job.flow), job.entered_at)
    return kept(stack, job)


def slots_of(job: Job, stack: Laptop) -> SlotSheet:
    """The sheet of the job's day; the business goes by UTC."""
    begin, _ = window_of(job) or (now(), now())
    slots = DynamoSlots(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    return slots.read(TENANT, begin.date())


def _nothing_else_is_open(stack: Laptop) -> None:
    """So that a round of the watchdog checks all jobs, as in a small business."""
    for job_id in jobs_of(stack).open_jobs(TENANT):
        jobs_of(stack).mark_ended(TENANT, job_id)


SCENARIOS: dict[str, tuple[Callable[[Function], Act], ...]] = {
    "api": (dispatches, converses, works, oversees, owns),
    "create-job": (books, is_fed),
    "advance-job": (advances, is_fed),
    "edit-job": (edits, is_fed),
    "register-wait": (waits,),
    "settle-job": (settles,),
    "publish-board": (publishes, is_fed),
    "invalidate-views": (invalidates, notes_a_spent_budget, is_fed),
    "send-sms": (texts, is_fed),
    "receive-sms": (receives, is_fed),
    "fan-out-facts": (fans_out, is_fed),
    "deliver-webhooks": (delivers, is_fed),
    "watch-jobs": (watches, is_fed, begins_rounds),
    "rotate-keys": (rotates,),
}


def _numbers(stack: Laptop) -> S3PhoneRecords:
    return S3PhoneRecords(stack.client("s3"), stack.outputs["JobsBucket"])


def _endpoint(stack: Laptop, endpoint_id: str, **values: Any) -> None:
    endpoints = S3Endpoints(stack.client("s3"), stack.outputs["JobsBucket"])
    if endpoints.read(TENANT, endpoint_id) is None:
        past = {"created_at": now() - timedelta(days=1)} | values
        endpoints.write(an_endpoint(endpoint_id, tenant=TENANT, **past), None)


def _inbound(phone: str, body: str) -> dict[str, str]:
    text = {
        "originationNumber": phone, "destinationNumber": "+15555559999", "messageBody": body,
        "inboundMessageId": fresh(),
    }  # fmt: skip
    return {"Message": json.dumps(text), "Timestamp": stamp()}


def _texts_to(stack: Laptop, phone: str) -> list[str]:
    answer = stack.engine.ask("GET", "/_ministack/sns/sms-messages", params={"phoneNumber": phone})
    return [each["Message"] for each in answer.json()["sms_messages"].get(phone, [])]


def _a_phone() -> str:
    return f"+1555{secrets.randbelow(10**7):07}"
