"""`haul job`: what it shows, and the requests it sends."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli.client.bus_client import OPERATOR
from cli.commands import job
from cli.output.output import console, local_time
from events import Assignment, JobEditRequested, JobMoveRequested, JobRequested
from functions.api.response_models import JobDocument
from functions.api.responses import job_document
from functions.protocol.clock import utc_now
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.job.records import Note
from statemachine.rules.lifecycle import Refused, judge
from statemachine.views.views import Card, card_of
from tests.support.builders import CREW, DRIVER, NOON, a_job, a_request, minutes

HAUL = load_flow("haul")


class FakeClient:
    """A client with one job, and others on the board; records the edits and moves it gets."""

    def __init__(self, job: Job, *others: Job) -> None:
        self.stored, self.others = job, others
        self.edits: list[JobEditRequested] = []
        self.moves: list[JobMoveRequested] = []
        self.bookings: list[JobRequested] = []

    def book(self, request: JobRequested) -> dict[str, str]:
        self.bookings.append(request)
        return {"job_id": self.stored.job_id, "tracking_url": "https://haul.example.com/track/x"}

    def move(self, request: JobMoveRequested) -> JobDocument:
        self.moves.append(request)
        return self.job(request.job_id)

    def cards(self) -> list[Card]:
        return [card_of(job, load_flow(job.flow)) for job in (self.stored, *self.others)]

    def time_zone(self) -> str:
        return "America/New_York"

    def edit(self, request: JobEditRequested) -> JobDocument:
        self.edits.append(request)
        return self.job(request.job_id)

    def job(self, job_id: str) -> JobDocument:
        return job_document(self.stored, OPERATOR, None)


def said(client: FakeClient, *words: str) -> str:
    obj = SimpleNamespace(client=client, tenant="main")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "_width", 200)  # or a narrow terminal breaks the lines
        result = CliRunner().invoke(job.app, list(words), obj=obj)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_an_offline_action_is_shown_with_its_own_time_and_when_it_was_sent() -> None:
    done, heard = NOON + minutes(60), NOON + minutes(305)
    shown = a_job("ready_for_pickup")
    shown = judge(shown, a_request(shown, "start", occurred_at=done), HAUL, heard).job
    note = Note(event_id="n", text="Gate open", actor=CREW, occurred_at=done, recorded_at=heard)
    text = said(FakeClient(shown.with_(notes=(note,))), "show", shown.job_id)
    when = f"{local_time(done)}, sent {local_time(heard)}"
    assert f"│ {when} │ start → in_progress │" in text
    assert f"note, {when}: Gate open" in text
    assert f"│ {local_time(NOON)} │ confirm → ready_for_pickup │" in text


def test_the_crew_is_replaced_only_if_the_job_is_unchanged() -> None:
    client = FakeClient(a_job("ready_for_pickup"))
    said(client, "edit", "261121-7k3m2q", "--crew", "driver=sam")
    said(client, "edit", "261121-7k3m2q", "--crew", "driver=sam", "--expected-rev", "1")
    said(client, "edit", "261121-7k3m2q", "--price", "600")
    assert [each.expected_rev for each in client.edits] == [2, 1, None]
    assert client.edits[0].changes.crew == (Assignment(role="driver", member="sam"),)


def test_none_empties_the_crew() -> None:
    client = FakeClient(a_job())
    said(client, "edit", "261121-7k3m2q", "--crew", "none")
    assert client.edits[0].changes.crew == ()


def test_a_move_sends_the_rev_it_is_based_on_so_that_it_is_refused_at_once() -> None:
    client = FakeClient(a_job())
    said(client, "move", "261121-7k3m2q", "complete")
    (request,) = client.moves
    assert request.expected_rev == client.stored.rev
    assert isinstance(judge(client.stored, request, HAUL, request.occurred_at), Refused)


def test_the_user_may_give_another_rev() -> None:
    client = FakeClient(a_job("ready_for_pickup"))
    said(client, "move", "261121-7k3m2q", "start", "--expected-rev", "1")
    said(client, "cancel", "261121-7k3m2q", "--reason", "rain")
    assert [request.expected_rev for request in client.moves] == [1, client.stored.rev]


def test_a_start_that_is_probably_a_mistake_is_made_only_on_demand() -> None:
    later = Schedule(window_start=utc_now() + timedelta(days=2))
    early = a_job("ready_for_pickup", schedule=later)
    ready = a_job("ready_for_pickup", crew=(DRIVER,))
    busy = a_job("in_progress", job_id="261121-aaaaaa", crew=(DRIVER,))
    for client, why in (
        (FakeClient(early), "the arrival window is on"),
        (FakeClient(ready, busy), "is still on the job of"),
    ):
        words = ["move", "261121-7k3m2q", "start"]
        obj = SimpleNamespace(client=client, tenant="main")
        result = CliRunner().invoke(job.app, words, obj=obj)
        said_so = " ".join(result.output.split())
        assert (result.exit_code, client.moves) == (3, []), said_so
        assert why in said_so
        assert "--start-anyway" in said_so
        said(client, *words, "--start-anyway")
        assert [request.move for request in client.moves] == ["start"]


def test_a_full_window_is_overbooked_only_if_asked() -> None:
    client = FakeClient(a_job())
    words = ("new", "--customer", "Ada", "--location", "12 Harbor Road")
    said(client, *words)
    said(client, *words, "--overbook")
    assert [request.overbook for request in client.bookings] == [False, True]


def test_a_reserved_event_id_is_refused_without_a_request() -> None:
    client, obj = FakeClient(a_job()), SimpleNamespace(tenant="main")
    obj.client = client
    words = ["move", "261121-7k3m2q", "confirm", "--event-id", "haulway.api-1"]
    result = CliRunner().invoke(job.app, words, obj=obj)
    assert result.exit_code == 2
    assert client.moves == []


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--price", "240,50", "a comma separates thousands"),
        ("--price", "1e3", "this is not an amount"),
        ("--phone", "447700900123", "begin a number of another country with +"),
        ("--window-end", "9999-12-31T23:59:59Z", "the year is not possible"),
        ("--window-end", "0001-01-01T00:00:00Z", "the year is not possible"),
        ("--customer", "\u200b", "customer.name: it has a control or invisible"),
        ("--note", "\x1b[31m", "note: it has a control or invisible"),
    ],
)
def test_an_invalid_value_is_a_usage_error(option: str, value: str, why: str) -> None:
    words = {"--customer": "Ada", "--location": "12 Harbor Road", option: value}
    flat = [word for pair in words.items() for word in pair]
    obj = SimpleNamespace(client=FakeClient(a_job()), tenant="main")
    result = CliRunner().invoke(job.app, ["new", *flat], obj=obj)
    assert (result.exit_code, why in " ".join(result.output.split())) == (2, True), result.output
