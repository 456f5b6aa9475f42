"""Customers, found by phone while a dispatcher types, and the customer of one job."""

from datetime import timedelta

import pytest

from statemachine.flows import FAILED_ATTEMPT, flow_names, load_flow
from statemachine.history.customers import customers_in
from statemachine.history.job_search import entry_of
from statemachine.job.job import Customer, Job, Place
from statemachine.job.records import Note
from tests.api.api_fixture import ApiBackend
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job, moved

ADA, BOB = "+12065550123", "+12065550177"


def a_note(text: str, event_id: str, actor: object = DISPATCHER) -> Note:
    return Note.model_validate(
        {"text": text, "event_id": event_id, "actor": actor, "recorded_at": NOON}
    )


def of_ada(number: int, job: Job, **values: object) -> Job:
    """A job of Ada's, so many days ago."""
    at = NOON - timedelta(number)
    customer = Customer(name="Ada Wong", phone=ADA)
    own = {"job_id": f"261121-{number:06d}", "token": f"{number:022d}", "created_at": at}
    return job.with_(**{"customer": customer, **own, **values})


@pytest.fixture
def known(api: ApiBackend) -> ApiBackend:
    failed = moved(
        a_job("in_progress"),
        FAILED_ATTEMPT,
        "start",
        FAILED_ATTEMPT,
        "cancel",
    )
    notes = (
        a_note("Two sofas", "booking-1"),
        a_note("Dog in the yard", "n1"),
        a_note("Ring twice", "n2", CUSTOMER),
    )
    api.store(of_ada(1, a_job("completed"), notes=notes, place=Place(address="9 Elm")))
    api.store(of_ada(2, failed, texts_stopped=True))
    api.store(of_ada(3, a_job(), customer=Customer(name="Bob", phone=BOB)))
    return api


def found(api: ApiBackend, phone: str) -> list[str]:
    reply = api.send("GET", "/api/customers", by="dana", query={"phone": phone})
    assert reply.status == 200, reply.text
    return [each["name"] for each in reply.json["customers"]]


@pytest.mark.parametrize(
    ("phone", "names"),
    [
        ("0123", ["Ada Wong"]),
        ("(206) 555", ["Ada Wong", "Bob"]),
        ("206-555-0177", ["Bob"]),
        (BOB, ["Bob"]),
        ("9999", []),
    ],
)
def test_customers_are_found_by_whole_numbers_beginnings_and_ends(
    known: ApiBackend, phone: str, names: list[str]
) -> None:
    assert found(known, phone) == names


def test_a_customer_has_addresses_jobs_notes_of_the_office_and_no_shows(known: ApiBackend) -> None:
    reply = known.send("GET", "/api/jobs/261121-000002/customer", by="dana")
    ada = reply.json
    assert (ada["name"], ada["phone"], ada["addresses"]) == (
        "Ada Wong", ADA, ["9 Elm", "12 Harbor Road"]
    )  # fmt: skip
    assert ada["jobs"] == 2
    assert ada["completed"] == 1
    assert ada["cancelled"] == 1
    assert ada["no_shows"] == 2
    assert [each["job_id"] for each in ada["latest"]] == ["261121-000001", "261121-000002"]
    assert [note["text"] for note in ada["notes"]] == ["Dog in the yard"]
    assert not ada["texts_stopped"]


def test_without_a_number_a_name_at_an_address_is_a_person(api: ApiBackend) -> None:
    jobs = [
        of_ada(n, a_job(), customer=Customer(name=name), place=Place(address=address))
        for n, (name, address) in enumerate((("Al", "1 A"), ("Al", "1 A"), ("Al", "2 B")))
    ]
    entries = [entry_of(job, load_flow(job.flow)) for job in jobs]
    assert [summary.jobs for summary, _ in customers_in(entries)] == [2, 1]
    api.store(jobs[0])
    reply = api.send("GET", f"/api/jobs/{jobs[0].job_id}/customer", by="dana")
    assert reply.json["name"] == "Al"
    assert reply.json["jobs"] == 1
    assert reply.json.get("phone") is None


def test_every_flow_with_work_under_way_has_the_move_of_a_failed_attempt() -> None:
    flows = [load_flow(name) for name in flow_names()]
    moves = {flow.name: {move.name for move in flow.moves} for flow in flows}
    assert [name for name, names in moves.items() if FAILED_ATTEMPT not in names] == []


@pytest.mark.parametrize("phone", ["012", "", "abc"])
def test_too_few_digits_are_refused(known: ApiBackend, phone: str) -> None:
    query = {"phone": phone}
    assert known.send("GET", "/api/customers", by="dana", query=query).slug == "invalid"


def test_crew_do_not_see_customers(known: ApiBackend) -> None:
    for path in ("/api/customers", "/api/jobs/261121-000001/customer"):
        assert known.send("GET", path, by="mike", query={"phone": "0123"}).slug == "not-allowed"
