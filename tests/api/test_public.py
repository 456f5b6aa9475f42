"""What needs no session: booking, tracking, and moves by the holder of the link."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.s3_stores import to_bytes
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.values.ids import digest_of
from statemachine.views.views import view_of
from tests.api.api_fixture import EDGE, ApiBackend, ApiReply
from tests.api.test_races import InterruptedJobs
from tests.support.builders import CUSTOMER, NOON, SOON, TOKEN, a_job, moved
from tests.support.fakes import FakeTenants

JOB = "261121-7k3m2q"
DIGEST = digest_of(TOKEN)
BOOKING = {
    "name": "Ada Wong",
    "phone": "+15555550123",
    "address": "12 Harbor Road",
    "what": "A sofa and two mattresses",
    "window_start": "2026-11-23T13:00:00Z",
    "window_end": "2026-11-23T17:00:00Z",
    "language": "es",
}
ANY_DAY = {name: value for name, value in BOOKING.items() if not name.startswith("window")}
"""Of these there is no last one."""


def book(
    api: ApiBackend, body: Any = None, key: str | None = "a-key-of-mine", **headers: str
) -> ApiReply:
    sent = headers | ({"idempotency-key": key} if key else {})
    return api.send("POST", "/api/bookings", BOOKING if body is None else body, headers=sent)


def choose(api: ApiBackend, move: str, **body: Any) -> ApiReply:
    return api.send("POST", f"/api/track/{DIGEST}/{move}", {"token": TOKEN} | body)


def track(api: ApiBackend, digest: str = DIGEST, **headers: str) -> ApiReply:
    return api.send("GET", f"/api/track/{digest}", headers=headers)


# Booking


def test_a_booking_is_a_job_and_a_link(api: ApiBackend) -> None:
    got = book(api)
    token = got.json["tracking_token"]
    assert got.status == 201
    assert got.json["tracking_url"] == f"{EDGE}/track/{token}"
    job = api.job(got.json["job_id"])
    assert job.customer.name == "Ada Wong"
    assert job.customer.language == "es"
    assert job.created_by.kind == "customer"
    assert job.created_by.id == "booking"
    assert job.schedule.window_start == NOON + timedelta(hours=49)
    assert job.notes[0].text == BOOKING["what"]
    assert track(api, digest_of(token)).json["status"] == "pending_pickup"


def test_a_booking_sent_twice_is_one_job(api: ApiBackend) -> None:
    first, again = book(api), book(api)
    assert first.status == 201
    assert again.status == 200
    assert again.json == first.json


def test_a_used_key_does_not_reveal_the_first_booking(api: ApiBackend) -> None:
    """Nor is the booking dropped silently: the response says that a new key is needed."""
    first = book(api)
    other = book(api, BOOKING | {"name": "Eve"})
    assert other.status == 422
    assert other.slug == "idempotency-key-reused"
    assert first.json["tracking_token"] not in other.text
    assert len(list(api.jobs.all_ids("main"))) == 1


def test_a_booking_without_a_key_is_refused(api: ApiBackend) -> None:
    got = book(api, key=None)
    assert got.status == 422
    assert got.slug == "invalid"
    assert list(api.jobs.all_ids("main")) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+15555550123", "+15555550123"),
        ("(555) 555-0123", "+15555550123"),
        ("555.555.0123", "+15555550123"),
        ("1 555 555 0123", "+15555550123"),
        ("+49 30 1234567", "+49301234567"),
    ],
)
def test_phone_numbers_are_normalized(api: ApiBackend, typed: str, kept: str) -> None:
    got = book(api, BOOKING | {"phone": typed})
    assert api.job(got.json["job_id"]).customer.phone == kept


@pytest.mark.parametrize("typed", ["", "555", "call me", "+1555", "+0123456789", "5" * 30, None])
def test_an_invalid_phone_number_is_refused(api: ApiBackend, typed: Any) -> None:
    assert book(api, BOOKING | {"phone": typed}).slug == "invalid"


def test_an_unknown_business_accepts_no_bookings(api: ApiBackend) -> None:
    got = book(api, BOOKING | {"tenant": "unknown"})
    assert got.status == 422
    assert got.slug == "invalid"


@pytest.mark.parametrize("tenant", ["canary", "test-yard"])
def test_an_internal_business_looks_like_an_unknown_one(api: ApiBackend, tenant: str) -> None:
    internal = BusinessSettings(tenant=tenant, name="Internal")
    api.bucket.objects[f"directory/{tenant}.json"] = to_bytes(internal)
    got, unknown = (book(api, BOOKING | {"tenant": each}) for each in (tenant, "unknown"))
    assert got.status == 422
    assert got.json["detail"] == unknown.json["detail"]
    assert list(api.jobs.all_ids(tenant)) == []


def test_a_booking_goes_to_the_named_business(api: ApiBackend) -> None:
    got = book(api, BOOKING | {"tenant": "other"})
    assert api.job(got.json["job_id"], tenant="other").tenant == "other"


def test_bookings_from_one_address_are_limited(api: ApiBackend) -> None:
    statuses = [book(api, ANY_DAY, key=f"a-key-{number:04}").status for number in range(21)]
    assert statuses == [201] * 20 + [429]
    elsewhere = {"cloudfront-viewer-address": "198.51.100.1:1"}
    assert book(api, ANY_DAY, **elsewhere).status == 201
    api.now += timedelta(hours=1)
    assert book(api, ANY_DAY, key="a-key-later").status == 201


def test_a_refused_booking_says_how_long_to_wait(api: ApiBackend) -> None:
    for number in range(20):
        book(api, ANY_DAY, key=f"a-key-{number:04}")
    api.now += timedelta(minutes=20)
    got = book(api, ANY_DAY, key="a-key-later")
    assert got.status == 429
    assert got.headers["retry-after"] == "2400"
    assert "try again in 40 min" in got.json["detail"]


def test_bookings_from_all_addresses_are_limited_for_each_business(
    api: ApiBackend,
) -> None:
    for number in range(200):
        seen = {"cloudfront-viewer-address": f"198.51.{number}.1:1"}
        assert book(api, ANY_DAY, key=f"a-key-{number:04}", **seen).status == 201
    got = book(api, ANY_DAY, key="a-key-more", **{"cloudfront-viewer-address": "192.0.2.1:1"})
    assert got.status == 429
    assert got.headers["retry-after"] == "3600"
    assert book(api, ANY_DAY | {"tenant": "other"}).status == 201


def test_a_forged_address_does_not_help(api: ApiBackend) -> None:
    """A Function URL passes on the X-Forwarded-For that the client sent."""
    forged = [
        book(api, ANY_DAY, key=f"a-key-{n:04}", **{"x-forwarded-for": f"10.0.0.{n}"})
        for n in range(21)
    ]
    assert forged[-1].slug == "too-many-requests"


def test_ipv6_addresses_are_counted_by_64_prefix(api: ApiBackend) -> None:
    for number in range(20):
        address = f"[2001:db8:0:1::{number:x}]:443"
        book(api, ANY_DAY, key=f"a-key-{number:04}", **{"cloudfront-viewer-address": address})
    neighbours = {"cloudfront-viewer-address": "2001:db8:0:1::ffff:443"}
    others = {"cloudfront-viewer-address": "2001:db8:0:2::1:443"}
    assert book(api, ANY_DAY, **neighbours).status == 429
    assert book(api, ANY_DAY, **others).status == 201


def test_ip_addresses_are_not_stored(api: ApiBackend) -> None:
    book(api)
    counted = str(api.limits.taken)
    assert "bookings" in counted
    assert "203.0.113" not in counted


# Tracking


def test_the_view_equals_the_one_at_the_edge(api: ApiBackend) -> None:
    job = api.store(a_job("ready_for_pickup"))
    got = track(api)
    view = view_of(job, load_flow("haul"))
    assert got.status == 200
    assert got.text == view.model_dump_json(exclude_none=True)
    assert got.headers["etag"] == '"2"'


def test_an_unchanged_view_is_304(api: ApiBackend) -> None:
    api.store(a_job())
    for known in ('"1"', 'W/"1"', '"0", "1"'):
        assert track(api, **{"if-none-match": known}).status == 304
    assert track(api, **{"if-none-match": '"11"'}).status == 200


@pytest.mark.parametrize(
    "digest", ["0" * 32, DIGEST.upper(), DIGEST[:-1], TOKEN, "..", "%2e%2e%2fjobs"]
)
def test_every_unknown_link_gets_the_same_response(api: ApiBackend, digest: str) -> None:
    api.store(a_job())
    got, unknown = track(api, digest), track(api, "f" * 32)
    assert got.status == 404
    assert got.json == unknown.json


def test_an_unreadable_view_is_unavailable(api: ApiBackend) -> None:
    api.site.objects[f"t/{DIGEST}.json"] = b"{"
    assert track(api).status == 503


# Moves by link


def test_the_holder_of_the_link_confirms(api: ApiBackend) -> None:
    api.store(a_job(schedule=SOON))
    got = choose(api, "confirm")
    (entry,) = api.job(JOB).ledger
    assert got.status == 200
    assert got.json["status"] == "ready_for_pickup"
    assert got.headers["etag"] == '"2"'
    assert entry.move == "confirm"
    assert entry.actor == CUSTOMER


def test_there_is_nothing_to_confirm_before_the_business_has_given_a_time(api: ApiBackend) -> None:
    job = api.store(a_job())
    assert choose(api, "confirm").slug == "window-missing"
    assert api.job(JOB) == job
    assert [each["move"] for each in track(api).json["choices"]] == ["cancel"]


def test_a_booking_that_a_dispatcher_has_to_accept_cannot_be_confirmed_before(
    api: ApiBackend,
) -> None:
    settings = BusinessSettings(tenant="main", name="Haulway", accepts_bookings="by_dispatcher")
    FakeTenants(api.bucket, settings)
    booked = book(api).json
    token = booked["tracking_token"]
    view = track(api, digest_of(token)).json
    assert view["requested"]
    assert view["steps"][0]["label"]["en"] == "Requested"
    path = f"/api/track/{digest_of(token)}/confirm"
    assert api.send("POST", path, {"token": token}).slug == "window-missing"
    moves = f"/api/jobs/{booked['job_id']}/moves"
    assert api.send("POST", moves, {"move": "confirm"}, by="dana").status == 200
    assert api.job(booked["job_id"]).accepted


def test_the_holder_of_the_link_cancels_with_a_reason(api: ApiBackend) -> None:
    api.store(a_job(schedule=SOON))
    assert choose(api, "cancel").slug == "reason-missing"
    assert choose(api, "cancel", reason="Sold it").json["status"] == "cancelled"
    assert api.job(JOB).ledger[-1].reason == "Sold it"


def test_a_repeated_move_by_link_is_made_once(api: ApiBackend) -> None:
    api.store(a_job(schedule=SOON))
    first, again = choose(api, "confirm"), choose(api, "confirm")
    assert again.status == 200
    assert again.json == first.json
    assert api.job(JOB).seq == 1


def test_a_customer_confirms_again_after_the_office_took_the_confirmation_back(
    api: ApiBackend,
) -> None:
    api.store(a_job(schedule=SOON))
    choose(api, "confirm")
    back = {"move": "unconfirm", "reason": "another truck"}
    assert api.send("POST", f"/api/jobs/{JOB}/moves", back, by="dana").status == 200
    assert choose(api, "confirm").json["status"] == "ready_for_pickup"
    assert [entry.move for entry in api.job(JOB).ledger] == ["confirm", "unconfirm", "confirm"]


@pytest.mark.parametrize(
    ("flow", "status", "move", "slug"),
    [
        ("haul", "in_progress", "confirm", "illegal-move"),
        ("haul", "in_progress", "cancel", "illegal-move"),
        ("haul", "cancelled", "confirm", "illegal-move"),
        ("crewed", "booking_confirmed", "confirm", "illegal-move"),
    ],
)
def test_a_move_that_customers_may_not_make_leaves_no_record(
    api: ApiBackend, flow: str, status: str, move: str, slug: str
) -> None:
    """Anyone may have the link: it must not fill the job's record."""
    job = api.store(a_job(status, flow=flow))
    got = choose(api, move, reason="because")
    assert got.status == 409
    assert got.slug == slug
    assert api.job(JOB) == job
    assert "moved_by" not in got.json


@pytest.mark.parametrize(
    "token", ["", "x" * 22, TOKEN[:-1], TOKEN.lower(), DIGEST, f"{TOKEN} ", "ü" * 22]
)
@pytest.mark.parametrize("move", ["confirm", "cancel"])
def test_the_digest_alone_proves_nothing(api: ApiBackend, token: str, move: str) -> None:
    job = api.store(a_job(schedule=SOON))
    got = api.send("POST", f"/api/track/{DIGEST}/{move}", {"token": token, "reason": "x"})
    assert got.status == 404
    assert got.slug == "unknown-job"
    assert api.job(JOB) == job


def test_a_token_of_another_job_proves_nothing(api: ApiBackend) -> None:
    job = api.store(a_job(schedule=SOON))
    other = api.store(a_job(job_id="261121-000001", token="x" * 22))
    got = api.send("POST", f"/api/track/{DIGEST}/confirm", {"token": other.token})
    assert got.status == 404
    assert api.job(JOB) == job
    assert api.job(other.job_id) == other


def test_a_link_finds_its_job_in_any_business(api: ApiBackend) -> None:
    """Two businesses may have jobs with the same id; the token decides which is meant."""
    mains = api.store(a_job(token="x" * 22))
    api.store(a_job(tenant="other", schedule=SOON))
    assert choose(api, "confirm").status == 200
    assert api.job(JOB) == mains
    assert api.job(JOB, tenant="other").status == "ready_for_pickup"


def test_a_customer_does_not_learn_who_was_faster(api: ApiBackend) -> None:
    job = api.store(a_job(schedule=SOON))

    def dana_is_faster() -> None:
        later = moved(job, "confirm")
        api.jobs.replace(later, api.jobs.read("main", JOB).etag)

    advance = replace(api.dependencies.advance, jobs=InterruptedJobs(api.jobs, dana_is_faster))
    got = choose(api.other_container(replace(api.dependencies, advance=advance)), "confirm")
    assert got.status == 409
    assert got.slug == "overtaken"
    assert "dana" not in got.text


def test_moves_from_one_address_are_limited(api: ApiBackend) -> None:
    api.store(a_job(schedule=SOON))
    tried = [choose(api, "confirm", token="x" * 22).status for _ in range(31)]
    assert tried == [404] * 30 + [429]


# The business


def test_only_a_businesss_name_and_zone_are_public(api: ApiBackend) -> None:
    got = api.send("GET", "/api/businesses/main")
    assert got.status == 200
    assert got.json["name"] == "Haulway"
    assert got.json["time_zone"] == "America/New_York"
    assert got.headers["cache-control"] == "public, max-age=300"


def test_the_holder_of_a_link_learns_the_businesss_zone(api: ApiBackend) -> None:
    token = book(api).json["tracking_token"]
    got = api.send("GET", f"/api/track/{digest_of(token)}/business")
    assert got.status == 200
    assert got.json["time_zone"] == "America/New_York"


def test_an_unknown_business_or_link_is_not_found(api: ApiBackend) -> None:
    nowhere = (
        api.send("GET", "/api/businesses/nowhere"),
        api.send("GET", f"/api/track/{'0' * 32}/business"),
    )
    assert [(got.status, got.json["type"]) for got in nowhere] == [
        (404, "/problems/unknown-business"),
        (404, "/problems/unknown-job"),
    ]
