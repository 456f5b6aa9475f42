"""The logo of a business by the API, and what apps show of links."""

import base64
from typing import Any

import pytest

from statemachine.values.ids import digest_of
from tests.api.api_fixture import EDGE, ApiBackend, ApiReply
from tests.support.builders import TOKEN, a_job
from tests.support.pictures import a_png

DIGEST_PATH = "/api/track/{}/preview"


def put_logo(api: ApiBackend, raw: bytes, by: str = "olive") -> ApiReply:
    image = base64.b64encode(raw).decode()
    return api.send("PUT", "/api/business/logo", {"image": image}, by=by)


def test_the_owner_sets_a_logo_and_customers_pages_know_it_with_its_size(api: ApiBackend) -> None:
    got = put_logo(api, a_png((900, 200)))
    assert got.status == 200
    assert got.headers["etag"] == '"2"'
    logo = got.json["logo"]
    assert logo["width"] == 480
    assert logo["height"] == 107
    assert logo["path"].removeprefix("/") in api.site.objects
    assert api.send("GET", "/api/businesses/main").json["logo"] == logo


def test_null_removes_the_logo(api: ApiBackend) -> None:
    put_logo(api, a_png())
    got = api.send(
        "PATCH", "/api/business", {"logo": None}, by="olive", headers={"if-match": '"2"'}
    )
    assert got.status == 200
    assert "logo" not in got.json
    assert "logo" not in api.send("GET", "/api/businesses/main").json


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"image": base64.b64encode(b"<svg/>").decode()}, 422, "SVG is not accepted"),
        ({"image": base64.b64encode(bytes(2_000_001)).decode()}, 422, "at most 2 MB"),
        ({"image": base64.b64encode(bytes(8_000_000)).decode()}, 413, "at most 4000000 bytes"),
        ({"image": "not base64!"}, 422, "image: "),
        ({}, 422, "image: "),
    ],
    ids=["svg", "too large", "8 MB", "not base64", "nothing"],
)
def test_what_is_no_logo_is_refused_with_the_reason(
    api: ApiBackend, body: dict[str, Any], status: int, why: str
) -> None:
    before = api.state()
    got = api.send("PUT", "/api/business/logo", body, by="olive")
    assert got.status == status
    assert why in got.json["detail"]
    assert api.state() == before


def test_an_app_sees_name_and_logo_of_a_link_and_nothing_of_the_job(api: ApiBackend) -> None:
    job = api.store(a_job("pending_pickup"))
    path = put_logo(api, a_png()).json["logo"]["path"]
    headers = {"if-match": '"2"'}
    api.send("PATCH", "/api/business", {"name": 'Tom & "Jo" <b>'}, by="olive", headers=headers)
    booking = api.send("GET", "/api/businesses/main/preview")
    tracking = api.send("GET", f"/api/track/{digest_of(job.token)}/preview")
    for got, what in ((booking, "Book a pickup"), (tracking, "Your pickup")):
        assert got.status == 200
        assert got.headers["content-type"] == "text/html; charset=utf-8"
        assert got.headers["cache-control"] == "public, max-age=300"
        title = f"{what} · Tom &amp; &quot;Jo&quot; &lt;b&gt;"
        assert f'<meta property="og:title" content="{title}">' in got.text
        assert f'<meta property="og:image" content="{EDGE}{path}">' in got.text
        private = (TOKEN, job.job_id, job.customer.name, job.place.address, job.customer.phone)
        assert [each for each in private if each and each in got.text] == []


def test_without_a_logo_the_preview_names_no_picture(api: ApiBackend) -> None:
    assert "og:image" not in api.send("GET", "/api/businesses/main/preview").text


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/api/businesses/nowhere/preview", "unknown-business"),
        ("/api/businesses/canary/preview", "unknown-business"),
        (DIGEST_PATH.format("0" * 32), "unknown-job"),
    ],
)
def test_a_link_that_leads_nowhere_has_no_preview(api: ApiBackend, path: str, slug: str) -> None:
    assert api.send("GET", path).slug == slug
