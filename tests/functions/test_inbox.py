"""Messages from a queue: done, buried with a reason, or delivered again; never lost."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from functions.inbox import Failing, Inbox, JobRef, Permanent, once, parse_event
from functions.ports import Unavailable, UnknownJob
from tests.fakes import FakeDeadLetters, FakeLog
from tests.faults import Faults
from tests.functions.making import again, batch, envelope

ONE, TWO, THREE = (
    envelope({"tenant": "main", "job_id": f"261121-00000{number}"}) for number in (1, 2, 3)
)


class Desk:
    """An inbox with somebody at it, who fails as told and notes what was done."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = {f"261121-00000{key[-1]}": error for key, error in errors.items()}
        self.done: list[str] = []
        self.letters, self.log = FakeDeadLetters(), FakeLog()
        self.inbox = Inbox(JobRef, self.letters, self.log)

    def handle(self, ref: JobRef) -> None:
        if error := self.errors.get(ref.job_id):
            raise error
        self.done.append(ref.job_id[-1])

    def handle_all(self, refs: list[JobRef]) -> None:
        for ref in refs:
            if error := self.errors.get(ref.job_id):
                raise error
        self.done.append("+".join(ref.job_id[-1] for ref in refs))

    def told(self, refs: list[JobRef]) -> list[Exception | None]:
        return [self.errors.get(ref.job_id) for ref in refs]


def test_a_message_that_is_done_is_acknowledged() -> None:
    desk = Desk()
    assert desk.inbox.deliver(batch(ONE, TWO), desk.handle) == again()
    assert desk.done == ["1", "2"]


def test_a_message_that_can_never_succeed_is_buried_with_its_reason() -> None:
    desk = Desk(job_2=UnknownJob("no job 261121-000002 of tenant main"))
    assert desk.inbox.deliver(batch(ONE, TWO, THREE), desk.handle) == again()
    assert desk.done == ["1", "3"]
    assert desk.letters.buried == [(TWO, "UnknownJob", "no job 261121-000002 of tenant main")]


def test_a_message_that_fails_this_time_comes_again_alone() -> None:
    desk = Desk(job_1=Unavailable("not now"), job_3=ZeroDivisionError("a bug of ours"))
    assert desk.inbox.deliver(batch(ONE, TWO, THREE), desk.handle) == again(0, 2)
    assert (desk.done, desk.letters.buried) == (["2"], [])


def one_by_one(desk: Desk, *bodies: str) -> dict[str, Any]:
    return desk.inbox.deliver(batch(*bodies), desk.handle)


def together(desk: Desk, *bodies: str) -> dict[str, Any]:
    return desk.inbox.deliver_together(batch(*bodies), desk.handle_all)


def each(desk: Desk, *bodies: str) -> dict[str, Any]:
    return desk.inbox.deliver_each(batch(*bodies), desk.told)


every_way = pytest.mark.parametrize("deliver", [one_by_one, together, each])


@every_way
def test_where_nothing_of_a_batch_could_be_done_the_function_fails_itself(deliver: Any) -> None:
    """Alarms count what a function raises: of what it reports back they never hear."""
    desk = Desk(job_1=KeyError("CANARY"), job_2=KeyError("CANARY"))
    with pytest.raises(Failing, match=r"^none of 2 messages: KeyError$"):
        deliver(desk, ONE, TWO)
    assert (desk.done, desk.letters.buried) == ([], [])


@every_way
def test_a_service_that_does_not_answer_is_no_fault_of_the_code(deliver: Any) -> None:
    desk = Desk(job_1=Unavailable("not now"), job_2=Unavailable("not now"))
    assert deliver(desk, ONE, TWO) == again(0, 1)


def test_a_letter_that_cannot_be_buried_comes_again_and_stops_nobody() -> None:
    desk = Desk(job_1=UnknownJob("gone"))
    desk.letters.faults = Faults({"SendMessage": ["before"]})
    assert desk.inbox.deliver(batch(ONE, TWO), desk.handle) == again(0)
    assert desk.inbox.deliver(batch(ONE), desk.handle) == again()
    assert (desk.done, len(desk.letters.buried)) == (["2"], 1)


def test_a_batch_is_handed_over_as_a_whole() -> None:
    desk = Desk()
    assert desk.inbox.deliver_together(batch(ONE, TWO), desk.handle_all) == again()
    assert desk.done == ["1+2"]


@pytest.mark.parametrize("culprit", ["not json", TWO])
def test_the_culprit_of_a_batch_is_buried_and_the_rest_is_done(culprit: str) -> None:
    desk = Desk(job_2=UnknownJob("gone"))
    assert desk.inbox.deliver_together(batch(ONE, culprit, THREE), desk.handle_all) == again()
    assert desk.done == ["1", "3"]
    assert [body for body, _, _ in desk.letters.buried] == [culprit]


def test_a_batch_that_fails_this_time_comes_again_whole() -> None:
    desk = Desk(job_2=Unavailable("throttled"))
    assert desk.inbox.deliver_together(batch(ONE, TWO), desk.handle_all) == again(0, 1)
    assert (desk.done, desk.letters.buried) == ([], [])


NOT_AN_EVENT = "the message is not an EventBridge event with a `detail`"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", NOT_AN_EVENT),
        ("not json", NOT_AN_EVENT),
        ("null", NOT_AN_EVENT),
        ("[]", NOT_AN_EVENT),
        ('"detail"', NOT_AN_EVENT),
        ("{}", NOT_AN_EVENT),
        ("[" * 100_000, NOT_AN_EVENT),
        ('{"detail": null}', "event: Input should be a valid dictionary or instance of JobRef"),
        ('{"detail": {"tenant": "main"}}', "job_id: Field required"),
        (envelope({"tenant": "M", "job_id": "1"}), "tenant: String should match pattern"),
    ],
)
def test_what_is_no_event_says_what_is_wrong_with_it(body: str, detail: str) -> None:
    with pytest.raises(Permanent) as caught:
        parse_event(JobRef, body)
    assert str(caught.value).startswith(detail)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    phone: int


def test_a_reason_has_nothing_of_what_the_sender_wrote() -> None:
    """A value or an unknown key may be somebody's name; and SQS takes no control characters."""
    body = json.dumps({"detail": {"phone": "+1555CANARY", "CANARY\x00": 1}})
    with pytest.raises(Permanent) as caught:
        parse_event(Strict, body)
    assert str(caught.value) == (
        "phone: Input should be a valid integer, unable to parse string as an integer; "
        "event: Extra inputs are not permitted"
    )


def test_the_log_has_one_line_for_each_failure_and_no_body() -> None:
    desk = Desk(job_1=UnknownJob("gone"), job_2=Unavailable("not now"))
    desk.inbox.deliver(batch(ONE, TWO, THREE), desk.handle)
    assert desk.log.lines == [
        ("buried", {"reason": "UnknownJob", "message_id": "m0"}),
        ("comes again", {"error": "Unavailable", "why": "not now"}),
    ]


def test_a_function_is_wired_once() -> None:
    wired: list[int] = []

    @once
    def wire() -> int:
        wired.append(1)
        return len(wired)

    assert (wire(), wire()) == (1, 1)


# -- partners on the bus

PARTNER = {"kind": "partner", "id": "acme"}


def asked_by(source: str, **detail: Any) -> str:
    about = {"tenant": "main", "job_id": "261121-000001", "actor": PARTNER} | detail
    return json.dumps({"source": source, "detail": about})


@pytest.mark.parametrize("source", ["haulway.partner.main.acme", "haulway.dispatch"])
def test_a_partner_may_ask_for_its_own_business_in_its_own_name(source: str) -> None:
    assert parse_event(JobRef, asked_by(source)).tenant == "main"


@pytest.mark.parametrize(
    ("source", "detail", "field"),
    [
        ("haulway.partner.main.acme", {"tenant": "other"}, "tenant"),
        ("haulway.partner.mai.acme", {}, "tenant"),
        ("haulway.partner.main", {}, "actor"),
        ("haulway.partner.main.acme", {"actor": {"kind": "dispatcher", "id": "acme"}}, "actor"),
        ("haulway.partner.main.acme", {"actor": {"kind": "partner", "id": "other"}}, "actor"),
        ("haulway.partner.main.acme", {"actor": None}, "actor"),
        ("haulway.partner.main.Not a name!", {}, "actor"),
        ("haulway.partner.", {"tenant": ""}, "actor"),
    ],
)
def test_what_a_partners_source_may_not_ask_is_a_dead_letter_that_names_the_field(
    source: str, detail: dict[str, Any], field: str
) -> None:
    desk = Desk()
    assert desk.inbox.deliver(batch(asked_by(source, **detail)), desk.handle) == again()
    ((_, reason, why),) = desk.letters.buried
    assert (desk.done, reason, why.partition(":")[0]) == ([], "Permanent", field)
