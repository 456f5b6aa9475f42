"""What needs no session: booking, following a job, and the choices of the link's holder."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.s3_stores import to_bytes
from statemachine.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.ids import digest_of
from statemachine.views import view_of
from tests.api.api_fixture import EDGE, Got, Office
from tests.api.test_races import Between
from tests.support.builders import CUSTOMER, NOON, TOKEN, a_job, moved

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


def book(
    office: Office, body: Any = None, key: str | None = "a-key-of-mine", **headers: str
) -> Got:
    sent = headers | ({"idempotency-key": key} if key else {})
    return office.ask("POST", "/api/bookings", BOOKING if body is None else body, headers=sent)


def choose(office: Office, move: str, **body: Any) -> Got:
    return office.ask("POST", f"/api/track/{DIGEST}/{move}", {"token": TOKEN} | body)


def track(office: Office, digest: str = DIGEST, **headers: str) -> Got:
    return office.ask("GET", f"/api/track/{digest}", headers=headers)


# Booking


def test_a_booking_is_a_job_and_a_link(office: Office) -> None:
    got = book(office)
    token = got.json["tracking_token"]
    assert (got.status, got.json["tracking_url"]) == (201, f"{EDGE}/track/{token}")
    job = office.job(got.json["job_id"])
    assert (job.customer.name, job.customer.language) == ("Ada Wong", "es")
    assert (job.created_by.kind, job.created_by.id) == ("customer", "booking")
    assert (job.schedule.window_start, job.notes[0].text) == (
        NOON + timedelta(hours=49),
        BOOKING["what"],
    )
    assert track(office, digest_of(token)).json["status"] == "pending_pickup"


def test_a_booking_sent_twice_is_one_job(office: Office) -> None:
    first, again = book(office), book(office)
    assert (first.status, again.status, again.json) == (201, 200, first.json)


def test_someone_elses_key_does_not_give_their_link_away(office: Office) -> None:
    """Nor does it book silently: the answer says that a fresh key is needed."""
    first = book(office)
    other = book(office, BOOKING | {"name": "Eve"})
    assert (other.status, other.slug) == (422, "idempotency-key-reused")
    assert first.json["tracking_token"] not in other.text
    assert len(list(office.jobs.all_ids("main"))) == 1


def test_a_booking_without_a_key_is_refused(office: Office) -> None:
    got = book(office, key=None)
    assert (got.status, got.slug, list(office.jobs.all_ids("main"))) == (422, "invalid", [])


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
def test_phone_numbers_are_taken_as_people_write_them(
    office: Office, typed: str, kept: str
) -> None:
    got = book(office, BOOKING | {"phone": typed})
    assert office.job(got.json["job_id"]).customer.phone == kept


@pytest.mark.parametrize("typed", ["", "555", "call me", "+1555", "+0123456789", "5" * 30, None])
def test_what_is_no_phone_number_is_refused(office: Office, typed: Any) -> None:
    assert book(office, BOOKING | {"phone": typed}).slug == "invalid"


def test_an_unknown_business_takes_no_bookings(office: Office) -> None:
    got = book(office, BOOKING | {"tenant": "no one"})
    assert (got.status, got.slug) == (422, "invalid")


@pytest.mark.parametrize("tenant", ["canary", "test-yard"])
def test_an_internal_business_has_no_public_form_and_is_not_told_from_an_unknown_one(
    office: Office, tenant: str
) -> None:
    internal = BusinessSettings(tenant=tenant, name="Internal")
    office.bucket.objects[f"directory/{tenant}.json"] = to_bytes(internal)
    got, unknown = (book(office, BOOKING | {"tenant": each}) for each in (tenant, "no one"))
    assert (got.status, got.json["detail"]) == (422, unknown.json["detail"])
    assert list(office.jobs.all_ids(tenant)) == []


def test_another_business_takes_its_own(office: Office) -> None:
    got = book(office, BOOKING | {"tenant": "other"})
    assert office.job(got.json["job_id"], tenant="other").tenant == "other"


def test_one_address_may_book_just_so_often(office: Office) -> None:
    statuses = [book(office, key=f"a-key-{number:04}").status for number in range(21)]
    assert statuses == [201] * 20 + [429]
    elsewhere = {"cloudfront-viewer-address": "198.51.100.1:1"}
    assert book(office, **elsewhere).status == 201
    office.now += timedelta(hours=1)
    assert book(office, key="a-key-later").status == 201


def test_who_books_too_often_is_told_the_true_time_to_wait(office: Office) -> None:
    for number in range(20):
        book(office, key=f"a-key-{number:04}")
    office.now += timedelta(minutes=20)
    got = book(office, key="a-key-later")
    assert (got.status, got.headers["retry-after"]) == (429, "2400")
    assert "try again in 40 min" in got.json["detail"]


def test_a_flood_from_everywhere_is_bounded_for_its_business_and_no_other(office: Office) -> None:
    for number in range(200):
        seen = {"cloudfront-viewer-address": f"198.51.{number}.1:1"}
        assert book(office, key=f"a-key-{number:04}", **seen).status == 201
    got = book(office, key="a-key-more", **{"cloudfront-viewer-address": "192.0.2.1:1"})
    assert (got.status, got.headers["retry-after"]) == (429, "3600")
    assert book(office, BOOKING | {"tenant": "other"}).status == 201


def test_a_forged_address_does_not_help(office: Office) -> None:
    """A Function URL hands on the X-Forwarded-For that the viewer has chosen."""
    forged = [
        book(office, key=f"a-key-{n:04}", **{"x-forwarded-for": f"10.0.0.{n}"}) for n in range(21)
    ]
    assert forged[-1].slug == "too-many-requests"


def test_a_household_of_ipv6_addresses_is_one(office: Office) -> None:
    for number in range(20):
        address = f"[2001:db8:0:1::{number:x}]:443"
        book(office, key=f"a-key-{number:04}", **{"cloudfront-viewer-address": address})
    neighbours = {"cloudfront-viewer-address": "2001:db8:0:1::ffff:443"}
    others = {"cloudfront-viewer-address": "2001:db8:0:2::1:443"}
    assert book(office, **neighbours).status == 429
    assert book(office, **others).status == 201


def test_addresses_are_not_kept(office: Office) -> None:
    book(office)
    counted = str(office.limits.taken)
    assert "bookings" in counted
    assert "203.0.113" not in counted


# Following


def test_the_view_is_the_one_at_the_edge(office: Office) -> None:
    job = office.keep(a_job("ready_for_pickup"))
    got = track(office)
    view = view_of(job, load_flow("haul"))
    assert (got.status, got.text) == (200, view.model_dump_json(exclude_none=True))
    assert got.headers["etag"] == '"2"'


def test_an_unchanged_view_is_304(office: Office) -> None:
    office.keep(a_job())
    for known in ('"1"', 'W/"1"', '"0", "1"'):
        assert track(office, **{"if-none-match": known}).status == 304
    assert track(office, **{"if-none-match": '"11"'}).status == 200


@pytest.mark.parametrize(
    "digest", ["0" * 32, DIGEST.upper(), DIGEST[:-1], TOKEN, "..", "%2e%2e%2fjobs"]
)
def test_every_unknown_link_is_answered_alike(office: Office, digest: str) -> None:
    office.keep(a_job())
    got, unknown = track(office, digest), track(office, "f" * 32)
    assert (got.status, got.json) == (404, unknown.json)


def test_a_view_that_cannot_be_read_is_not_taken_for_none(office: Office) -> None:
    office.site.objects[f"t/{DIGEST}.json"] = b"{"
    assert track(office).status == 503


# Choosing


def test_the_holder_of_the_link_confirms(office: Office) -> None:
    office.keep(a_job())
    got = choose(office, "confirm")
    (entry,) = office.job(JOB).ledger
    assert (got.status, got.json["status"], got.headers["etag"]) == (
        200,
        "ready_for_pickup",
        '"2"',
    )
    assert (entry.move, entry.actor) == ("confirm", CUSTOMER)


def test_the_holder_of_the_link_cancels_with_a_reason(office: Office) -> None:
    office.keep(a_job())
    assert choose(office, "cancel").slug == "reason-missing"
    assert choose(office, "cancel", reason="Sold it").json["status"] == "cancelled"
    assert office.job(JOB).ledger[-1].reason == "Sold it"


def test_choosing_twice_is_choosing_once(office: Office) -> None:
    office.keep(a_job())
    first, again = choose(office, "confirm"), choose(office, "confirm")
    assert (again.status, again.json) == (200, first.json)
    assert office.job(JOB).seq == 1


@pytest.mark.parametrize(
    ("flow", "status", "move", "slug"),
    [
        ("haul", "in_progress", "confirm", "illegal-move"),
        ("haul", "in_progress", "cancel", "illegal-move"),
        ("haul", "cancelled", "confirm", "illegal-move"),
        ("crewed", "booking_confirmed", "confirm", "illegal-move"),
    ],
)
def test_what_the_flow_does_not_let_the_customer_do_leaves_no_trace(
    office: Office, flow: str, status: str, move: str, slug: str
) -> None:
    """A link is in anybody's hands: it must not fill the job's records."""
    job = office.keep(a_job(status, flow=flow))
    got = choose(office, move, reason="because")
    assert (got.status, got.slug, office.job(JOB)) == (409, slug, job)
    assert "moved_by" not in got.json


@pytest.mark.parametrize(
    "token", ["", "x" * 22, TOKEN[:-1], TOKEN.lower(), DIGEST, f"{TOKEN} ", "ü" * 22]
)
@pytest.mark.parametrize("move", ["confirm", "cancel"])
def test_the_digest_alone_proves_nothing(office: Office, token: str, move: str) -> None:
    job = office.keep(a_job())
    got = office.ask("POST", f"/api/track/{DIGEST}/{move}", {"token": token, "reason": "x"})
    assert (got.status, got.slug, office.job(JOB)) == (404, "unknown-job", job)


def test_a_token_of_another_job_proves_nothing(office: Office) -> None:
    job = office.keep(a_job())
    other = office.keep(a_job(job_id="261121-000001", token="x" * 22))
    got = office.ask("POST", f"/api/track/{DIGEST}/confirm", {"token": other.token})
    assert (got.status, office.job(JOB), office.job(other.job_id)) == (404, job, other)


def test_a_link_finds_its_job_in_any_business(office: Office) -> None:
    """Two businesses may have a job of the same id; the token tells which is meant."""
    mains = office.keep(a_job(token="x" * 22))
    office.keep(a_job(tenant="other"))
    assert choose(office, "confirm").status == 200
    assert office.job(JOB) == mains
    assert office.job(JOB, tenant="other").status == "ready_for_pickup"


def test_a_customer_who_is_overtaken_is_not_told_by_whom(office: Office) -> None:
    job = office.keep(a_job())

    def dana_is_faster() -> None:
        later = moved(job, "confirm")
        office.jobs.replace(later, office.jobs.read("main", JOB).etag)

    advance = replace(office.api.advance, jobs=Between(office.jobs, dana_is_faster))
    got = choose(office.beside(replace(office.api, advance=advance)), "confirm")
    assert (got.status, got.slug) == (409, "overtaken")
    assert "dana" not in got.text


def test_one_address_may_try_just_so_many_tokens(office: Office) -> None:
    office.keep(a_job())
    tried = [choose(office, "confirm", token="x" * 22).status for _ in range(31)]
    assert tried == [404] * 30 + [429]


# The business


def test_its_name_and_zone_are_known_to_anyone(office: Office) -> None:
    got = office.ask("GET", "/api/businesses/main")
    assert (got.status, got.json["name"]) == (200, "Haulway")
    assert got.json["time_zone"] == "America/New_York"
    assert got.headers["cache-control"] == "public, max-age=300"


def test_the_holder_of_a_link_learns_whose_clock_the_times_go_by(office: Office) -> None:
    token = book(office).json["tracking_token"]
    got = office.ask("GET", f"/api/track/{digest_of(token)}/business")
    assert (got.status, got.json["time_zone"]) == (200, "America/New_York")


def test_a_business_or_a_link_that_is_not_there_is_not_found(office: Office) -> None:
    nowhere = (
        office.ask("GET", "/api/businesses/nowhere"),
        office.ask("GET", f"/api/track/{'0' * 32}/business"),
    )
    assert [(got.status, got.json["type"]) for got in nowhere] == [
        (404, "/problems/unknown-business"),
        (404, "/problems/unknown-job"),
    ]
