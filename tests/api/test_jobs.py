"""Jobs through the API: created once, read, and moved and edited as through the bus."""

import json
from datetime import timedelta
from typing import Any

import pytest

from events import JobCreated, JobEdited, JobMoved, JobMoveRefused, JobMoveRequested
from functions.api.board import _first_page
from functions.api.response_models import JobsDocument
from functions.jobs.advance import AdvanceJob
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Place
from statemachine.job.records import Refusal
from statemachine.values.ids import digest_of
from statemachine.values.values import Actor, iso
from statemachine.views.views import card_of
from tests.api.api_fixture import BOARD_CHANNEL, EDGE, ApiBackend, ApiReply
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job
from tests.support.fakes import FakeLog, no_pause
from tests.support.faults import Crashed, Faults
from tests.support.slot_fakes import slots_on_fakes

JOB = "261121-7k3m2q"
ORDER = {
    "customer_name": "Mark Halvorsen",
    "phone": "(555) 555-0123",
    "location": "Soderblom Ave 14",
    "price": 600.5,
    "notes": "Second floor",
    "schedule": {"window_start": "2026-11-22T08:00:00Z", "window_end": "2026-11-22T12:00:00Z"},
}


def book(api: ApiBackend, body: Any = None, key: str | None = None, by: str = "dana") -> ApiReply:
    headers = {"idempotency-key": key} if key else {}
    return api.send("POST", "/api/jobs", body or ORDER, by=by, headers=headers)


def move(api: ApiBackend, body: dict[str, Any], by: str = "dana") -> ApiReply:
    return api.send("POST", f"/api/jobs/{JOB}/moves", body, by=by)


def edit(api: ApiBackend, changes: dict[str, Any], rev: int | None, by: str = "dana") -> ApiReply:
    headers = {} if rev is None else {"if-match": f'"{rev}"'}
    return api.send("PATCH", f"/api/jobs/{JOB}", changes, by=by, headers=headers)


# Creating a job


def test_a_job_is_created_with_its_link(api: ApiBackend) -> None:
    got = book(api)
    token = got.json["tracking_token"]
    assert got.status == 201
    assert got.json["tracking_url"] == f"{EDGE}/track/{token}"
    job = api.job(got.json["job_id"])
    assert job.customer.name == "Mark Halvorsen"
    assert job.customer.phone == "+15555550123"
    assert job.place.address == "Soderblom Ave 14"
    assert job.price_cents == 60050
    assert job.created_by == Actor(kind="dispatcher", id="dana")
    assert job.token == token
    assert api.views.read(digest_of(token)) is not None


def test_a_job_without_a_flow_gets_the_businesss_default(api: ApiBackend) -> None:
    api.bucket.objects["directory/main.json"] = (
        b'{"tenant":"main","business":"Haulway","flow":"dumpster"}'
    )
    assert api.job(book(api).json["job_id"]).flow == "dumpster"
    assert api.job(book(api, ORDER | {"flow": "pickup"}).json["job_id"]).flow == "pickup"


def test_a_flow_that_does_not_exist_is_a_problem(api: ApiBackend) -> None:
    got = book(api, ORDER | {"flow": "teleport"})
    assert got.status == 422
    assert got.slug == "unknown-flow"


def test_a_retried_request_returns_the_same_job(api: ApiBackend) -> None:
    first = book(api, key="one-click")
    again = book(api, key="one-click")
    assert first.status == 201
    assert again.status == 200
    assert again.text == first.text
    assert len(list(api.jobs.all_ids("main"))) == 1


@pytest.mark.parametrize("lost", ["PutObject", "StartExecution", "GetObject"])
@pytest.mark.parametrize("fault", ["before", "after", "crash"])
def test_a_retry_after_a_lost_response_returns_the_same_job(lost: str, fault: Any) -> None:
    """Lost at the object, the view, the execution, or on the way to the client."""
    for number in range(4):
        api = ApiBackend(Faults({lost: [*[None] * number, fault]}))
        api.add_account("dana")
        answers = [book_or_crash(api) for _ in range(5)]
        (job_id,) = api.jobs.all_ids("main")
        result = {
            (got.json["job_id"], got.json["tracking_token"])
            for got in answers
            if got and got.status in (200, 201)
        }
        assert result == {(job_id, api.job(job_id).token)}
        assert answers[-1]
        assert answers[-1].status == 200
        assert list(api.executions.started) == [f"main-{job_id}-g0"]


def book_or_crash(api: ApiBackend) -> ApiReply | None:
    try:
        return book(api, key="one-click")
    except Crashed:
        return None


def test_a_retry_after_midnight_returns_the_same_job(api: ApiBackend) -> None:
    api.now = NOON + timedelta(hours=11, minutes=59, seconds=59)
    first = book(api, key="one-click")
    api.now += timedelta(seconds=2)
    assert book(api, key="one-click").json == first.json


def test_an_idempotency_key_belongs_to_its_account(api: ApiBackend) -> None:
    assert book(api, key="one-click").json != book(api, key="one-click", by="omar").json


def test_without_a_key_every_request_creates_a_job(api: ApiBackend) -> None:
    assert book(api).json["job_id"] != book(api).json["job_id"]


@pytest.mark.parametrize("key", ["short", "x" * 129, "with a blank", "ünïcödé!!"])
def test_a_key_that_may_not_be_unique_is_refused(api: ApiBackend, key: str) -> None:
    assert book(api, key=key).slug == "invalid"
    assert list(api.jobs.all_ids("main")) == []


# The board


def test_the_board_is_what_publish_board_wrote(api: ApiBackend) -> None:
    job = api.store(a_job("ready_for_pickup"))
    got = api.send("GET", "/api/jobs", by="dana")
    card = got.json["jobs"][JOB]
    assert got.json["as_of"] == iso(NOON)
    assert card["rev"] == job.rev
    assert card["customer"] == "Ada Wong"
    assert TOKEN not in got.text
    assert "+1555" not in got.text


def test_who_sees_the_board_is_told_where_to_hear_of_changes(api: ApiBackend) -> None:
    assert api.send("GET", "/api/jobs", by="dana").json["hint_channel"] == BOARD_CHANNEL


def test_a_crew_does_not_hear_of_the_changes_of_others(api: ApiBackend) -> None:
    assert "hint_channel" not in api.send("GET", "/api/jobs", by="mike").json


def test_an_empty_board_is_returned(api: ApiBackend) -> None:
    assert api.send("GET", "/api/jobs", by="dana").json["jobs"] == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "in_progress"}, [JOB]),
        ({"status": "pending_pickup"}, ["261121-000001"]),
        ({"status": "in_progress,pending_pickup"}, ["261121-000001", JOB]),
        ({"status": "nowhere"}, []),
        ({"q": "HARBOR"}, ["261121-000001", JOB]),
        ({"q": "wong", "status": "in_progress"}, [JOB]),
        ({"q": "7k3m"}, [JOB]),
        ({"q": "tesla"}, []),
    ],
)
def test_the_board_can_be_searched(
    api: ApiBackend, query: dict[str, str], found: list[str]
) -> None:
    api.store(a_job("in_progress"))
    api.store(a_job(job_id="261121-000001", token="x" * 22))
    assert list(api.send("GET", "/api/jobs", by="dana", query=query).json["jobs"]) == found


def test_an_unchanged_board_is_304(api: ApiBackend) -> None:
    api.store(a_job())
    etag = api.send("GET", "/api/jobs", by="dana").headers["etag"]
    again = api.send("GET", "/api/jobs", by="dana", headers={"if-none-match": etag})
    assert again.status == 304
    assert again.text == ""
    assert again.headers["etag"] == etag
    api.store(a_job(job_id="261121-000001", token="x" * 22))
    changed = api.send("GET", "/api/jobs", by="dana", headers={"if-none-match": etag})
    assert changed.status == 200
    assert len(changed.json["jobs"]) == 2


def test_a_large_board_is_read_in_pages_that_name_the_next(api: ApiBackend) -> None:
    ids = [f"261121-{n:06d}" for n in range(7)]
    for job_id in ids:
        api.store(a_job(job_id=job_id, token=job_id.ljust(22, "x")))
    pages, query = list[list[str]](), {"limit": "3"}
    while query:
        got = api.send("GET", "/api/jobs", by="dana", query=query).json
        pages.append(list(got["jobs"]))
        query = {"limit": "3", "after": got["next"]} if "next" in got else {}
    assert pages == [ids[:3], ids[3:6], ids[6:]]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "5001"}, {"after": "x"}])
def test_an_impossible_page_is_refused(api: ApiBackend, query: dict[str, str]) -> None:
    assert api.send("GET", "/api/jobs", by="dana", query=query).slug == "invalid"


def test_no_response_exceeds_lambdas_limit_however_large_the_cards() -> None:
    """Names have four bytes per character, and quotes, which are escaped twice."""
    large = Customer(name='"\N{COLLISION SYMBOL}' * 100)
    place = Place(address="\N{COLLISION SYMBOL}" * 200)
    flow = load_flow("haul")
    card = card_of(a_job(customer=large, place=place), flow)
    cards = [card.with_(job_id=f"261121-{n:06d}") for n in range(5_000)]
    page = _first_page(cards, 5_000)
    document = JobsDocument(jobs={each.job_id: each for each in page}, as_of=NOON)
    assert 0 < len(json.dumps(document.model_dump_json(exclude_none=True))) < 6_000_000
    assert len(page) < len(cards)


def test_etags_of_different_views_of_the_board_differ(api: ApiBackend) -> None:
    api.store(a_job())
    asked = [
        api.send("GET", "/api/jobs", by="dana"),
        api.send("GET", "/api/jobs", by="mike"),
        api.send("GET", "/api/jobs", by="fay"),
        api.send("GET", "/api/jobs", by="dana", query={"q": "ada"}),
        api.send("GET", "/api/jobs", by="dana", query={"status": "in_progress"}),
        api.send("GET", "/api/jobs", by="dana", query={"limit": "7"}),
        api.send("GET", "/api/jobs", by="dana", query={"after": JOB}),
    ]
    assert len({got.headers["etag"] for got in asked}) == 7


def test_large_responses_are_compressed_if_the_client_accepts_it(api: ApiBackend) -> None:
    api.store(a_job())
    for path in ("/api/jobs", "/api/flows"):
        plain = api.send("GET", path, by="dana")
        assert "content-encoding" not in plain.headers
        event_headers = {"accept-encoding": "gzip, br"}
        packed = api.send("GET", path, by="dana", headers=event_headers)
        assert packed.headers["content-encoding"] == "gzip"


def test_the_flows_are_those_of_the_files(api: ApiBackend) -> None:
    got = api.send("GET", "/api/flows", by="mike")
    assert got.json["default"] == "haul"
    assert sorted(got.json["flows"]) == ["crewed", "dumpster", "haul", "pickup"]
    assert got.json["time_zone"] == "America/New_York"
    assert got.json["flows"]["haul"]["moves"][0]["from"] == ["pending_pickup"]
    known = {"if-none-match": got.headers["etag"]}
    assert api.send("GET", "/api/flows", by="mike", headers=known).status == 304


# One job


def test_a_job_is_shown_with_history_and_refusals(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    move(api, {"move": "confirm"})
    got = api.send("GET", f"/api/jobs/{JOB}", by="dana")
    shown = got.json
    assert got.headers["etag"] == '"2"'
    assert shown["rev"] == 2
    assert shown["seq"] == 1
    assert shown["status"] == "ready_for_pickup"
    assert [(h["move"], h["from"], h["to"]) for h in shown["history"]] == [
        ("confirm", "pending_pickup", "ready_for_pickup")
    ]
    assert [(r["move"], r["why"]) for r in shown["refusals"]] == [("confirm", "illegal_move")]
    assert shown["refusals"][0]["explanation"]
    assert shown["tracking_url"] == f"{EDGE}/track/{TOKEN}"
    assert [m["name"] for m in shown["moves"]] == ["start", "unconfirm", "hold", "cancel"]


@pytest.mark.parametrize(
    "job_id", ["261121-000000", "nonsense", "..", "%2e%2e", "261121-7k3m2q.json", "261121-7K3M2Q"]
)
def test_an_unknown_job_is_404(api: ApiBackend, job_id: str) -> None:
    got = api.send("GET", f"/api/jobs/{job_id}", by="dana")
    assert got.status == 404
    assert got.slug == "unknown-job"


# Moves


def test_a_move_is_committed_with_its_actor(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    got = move(api, {"move": "start", "expected_rev": 2, "note": "On our way"}, by="mike")
    (*_, entry) = api.job(JOB).ledger
    assert got.status == 200
    assert got.json["status"] == "in_progress"
    assert entry.move == "start"
    assert entry.actor == Actor(kind="crew", id="mike")
    assert entry.note == "On our way"


def test_a_move_through_the_api_equals_one_from_the_bus(api: ApiBackend) -> None:
    """The record is the same except for the actor and the event id."""
    through_api, over_bus = ApiBackend(), ApiBackend()
    for each in (through_api, over_bus):
        each.add_account("dana")
        each.store(a_job("ready_for_pickup"))
    body = {"move": "start", "event_id": "e-1", "expected_rev": 2, "note": "now"}
    move(through_api, body)
    request = JobMoveRequested(
        tenant="main", job_id=JOB, occurred_at=NOON, actor=Actor(kind="dispatcher", id="dana"),
        move="start", event_id="e-1", expected_rev=2, note="now",
    )  # fmt: skip
    slots = slots_on_fakes(over_bus.jobs)
    AdvanceJob(over_bus.jobs, over_bus.executions, over_bus.bus, slots, FakeLog(), no_pause)(
        request, NOON
    )
    assert through_api.job(JOB) == over_bus.job(JOB)
    assert through_api.executions.resumed == over_bus.executions.resumed


def test_a_copy_of_a_move_changes_nothing_and_gets_the_same_response(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    body = {"move": "start", "event_id": "click-1", "expected_rev": 2}
    first = move(api, body)
    stored = api.job(JOB)
    assert move(api, body).json == first.json
    assert api.job(JOB) == stored


def test_a_copy_of_a_refused_move_is_refused_the_same_way(api: ApiBackend) -> None:
    api.store(a_job("completed"))
    body = {"move": "start", "event_id": "click-1"}
    first, again = move(api, body), move(api, body)
    assert first.status == 409
    assert first.slug == "illegal-move"
    assert again.slug == "illegal-move"
    assert len(api.job(JOB).refused) == 1


def test_another_actors_event_id_is_refused(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    move(api, {"move": "start", "event_id": "click-1"}, by="omar")
    got = move(api, {"move": "complete", "event_id": "click-1"})
    assert got.status == 409
    assert got.slug == "event-id-used"


def test_an_early_move_is_kept(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    got = move(api, {"move": "complete", "event_id": "early-1"})
    assert got.status == 202
    assert [w["move"] for w in got.json["early_moves"]] == ["complete"]
    assert move(api, {"move": "complete", "event_id": "early-1"}).status == 202
    assert move(api, {"move": "start"}).json["status"] == "completed"


@pytest.mark.parametrize(
    ("status", "body", "slug"),
    [
        ("completed", {"move": "start"}, "illegal-move"),
        ("in_progress", {"move": "fly"}, "unknown-move"),
        ("in_progress", {"to": "nowhere"}, "unknown-move"),
        ("in_progress", {"move": "cancel_under_way"}, "reason-missing"),
        ("in_progress", {"move": "complete", "expected_rev": 1}, "overtaken"),
        (
            "in_progress",
            {"move": "complete", "occurred_at": "2026-11-22T12:00:00Z"},
            "from-the-future",
        ),
    ],
)
def test_a_refused_move_says_why(
    api: ApiBackend, status: str, body: dict[str, Any], slug: str
) -> None:
    api.store(a_job(status))
    got = move(api, body)
    assert got.status == 409
    assert got.slug == slug
    assert api.job(JOB).refused[0].why == slug.replace("-", "_")


def test_the_loser_of_a_race_learns_who_won(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    move(api, {"move": "start", "expected_rev": 2}, by="omar")
    got = move(api, {"move": "cancel", "reason": "rain", "expected_rev": 2})
    assert got.status == 409
    assert got.slug == "overtaken"
    assert got.json["status"] == 409
    result = ("rev", "job_status", "moved_by", "moved_to", "moved_at")
    assert {name: got.json[name] for name in result} == {
        "rev": 3,
        "job_status": "in_progress",
        "moved_by": {"kind": "dispatcher", "id": "omar"},
        "moved_to": "in_progress",
        "moved_at": iso(NOON),
    }


def test_a_job_with_full_records_is_a_problem(api: ApiBackend) -> None:
    refusal = Refusal(
        event_id="again",
        actor=DISPATCHER,
        why="illegal_move",
        status="completed",
        occurred_at=NOON,
        recorded_at=NOON,
    )
    api.store(a_job("completed", refused=(refusal,) * 500))
    got = move(api, {"move": "start"})
    assert got.status == 409
    assert got.slug == "records-full"


# Edits


def test_an_edit_is_committed_shown_and_announced(api: ApiBackend) -> None:
    api.store(a_job())
    changes = {
        "price_cents": 70_000,
        "reason": "More to haul",
        "place": {"address": "Elsewhere 1", "gate_code": "4711"},
    }
    got = edit(api, changes, rev=1)
    assert got.status == 200
    assert got.headers["etag"] == '"2"'
    assert got.json["price_cents"] == 70_000
    assert api.job(JOB).place.address == "Elsewhere 1"
    assert [fact.rev for fact in api.bus.facts if isinstance(fact, JobEdited)] == [2]


def test_an_edit_of_a_job_that_has_changed_is_412(api: ApiBackend) -> None:
    api.store(a_job())
    edit(api, {"price_cents": 70_000, "reason": "x"}, rev=1)
    got = edit(api, {"price_cents": 80_000}, rev=1, by="omar")
    assert got.status == 412
    assert got.slug == "job-changed"
    assert got.json["rev"] == 2
    assert api.job(JOB).price_cents == 70_000


@pytest.mark.parametrize("match", ["1", "*", "W/", '"0"', '"one"', '"1", "2"', ""])
def test_a_malformed_if_match_never_matches(api: ApiBackend, match: str) -> None:
    api.store(a_job())
    got = api.send(
        "PATCH", f"/api/jobs/{JOB}", {"price_cents": 1}, by="dana", headers={"if-match": match}
    )
    assert got.status == 412
    assert api.job(JOB).price_cents == 60_000


def test_an_edit_needs_if_match(api: ApiBackend) -> None:
    api.store(a_job())
    got = edit(api, {"price_cents": 1}, rev=None)
    assert got.status == 428
    assert got.slug == "if-match-missing"


def test_a_note_needs_no_if_match(api: ApiBackend) -> None:
    api.store(a_job())
    got = edit(api, {"note": "Ring twice"}, rev=None)
    assert [note["text"] for note in got.json["notes"]] == ["Ring twice"]


def test_a_retried_edit_is_made_once(api: ApiBackend) -> None:
    api.store(a_job())
    headers = {"idempotency-key": "one-click"}
    for _ in range(2):
        got = api.send("PATCH", f"/api/jobs/{JOB}", {"note": "x"}, by="dana", headers=headers)
        assert got.status == 200
        assert len(got.json["notes"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"note": None},
        {"status": "completed"},
        {"token": "x" * 22},
        {"crew": [{"role": "driver", "member": "a", "first_name": "A"}] * 2},
        {"customer": {"name": "A", "phone": "call me"}},
        {"price_cents": -1},
        {"schedule": {"eta": "soon"}},
    ],
)
def test_an_invalid_edit_is_refused(api: ApiBackend, changes: dict[str, Any]) -> None:
    job = api.store(a_job())
    got = edit(api, changes, rev=1)
    assert got.status == 422
    assert got.slug == "invalid"
    assert api.job(JOB) == job


# The log


def test_every_outcome_has_one_log_line(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    sent = {"x-request-id": "from-the-page-1"}
    api.send("POST", f"/api/jobs/{JOB}/moves", {"move": "start"}, by="dana", headers=sent)
    api.send("POST", f"/api/jobs/{JOB}/moves", {"move": "start"}, by="dana", headers=sent)
    common = {
        "tenant": "main",
        "job": JOB,
        "route": "POST /api/jobs/<job_id>/moves",
        "request_id": "from-the-page-1",
    }
    assert api.log.lines == [
        ("moved", common | {"status": 200, "seq": 2}),
        ("illegal-move", common | {"status": 409}),
    ]


def test_refusals_are_announced_as_on_the_bus(api: ApiBackend) -> None:
    api.store(a_job("completed"))
    move(api, {"move": "start"})
    kinds = {type(fact) for fact in api.bus.facts}
    assert kinds == {JobMoveRefused}
    assert not kinds & {JobCreated, JobMoved}
