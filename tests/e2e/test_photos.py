"""Photos and places on the real engine, through the edge: from the phone to the customer's page."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from functions.api.request import COOKIE
from functions.aws.roster import DynamoAccounts
from functions.people.accounts import Passwords, new_account
from local.laptop import Laptop
from statemachine.values.ids import digest_of
from tests.e2e.support.jobs import jobs_of, stamp, until
from tests.e2e.test_api import PASSWORD, Client, slug
from tests.support.pictures import CAMERA, GPS, a_phone_photo, markers_of, opened

pytestmark = pytest.mark.engine

RAW = a_phone_photo((2400, 1800))
SECRETS = {"gate": "Canary-Gate-7", "phone": "+15555550177", "address": "Canary Street 177"}


@dataclass
class Crew:
    """A dispatcher and a driver on one job that is under way."""

    laptop: Laptop
    office: Client
    phone: Client
    job_id: str
    token: str

    @property
    def path(self) -> str:
        return f"/api/jobs/{self.job_id}"

    @property
    def digest(self) -> str:
        return digest_of(self.token)

    def move(self, *moves: str) -> None:
        for move in moves:
            answer = self.office.ask("POST", f"{self.path}/moves", {"move": move})
            assert answer.status_code == 200, answer.text

    def put(self, url: str, raw: bytes, media_type: str = "image/jpeg") -> httpx.Response:
        """As a browser does: its cookie goes along to our own site, wanted or not."""
        headers = {"content-type": media_type, "cookie": f"{COOKIE}={self.phone.cookie}"}
        return self.phone.http.put(f"{self.phone.url}{url}", content=raw, headers=headers)

    def view(self) -> Any:
        return self.phone.http.get(f"{self.phone.url}/t/{self.digest}.json").json()


@pytest.fixture
def crew(stack: Laptop) -> Any:
    """Accounts of this test alone, so that every one begins again."""
    name = f"x{uuid.uuid4().hex[:8]}"
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    for account, role in ((f"{name}d", "dispatcher"), (f"{name}m", "driver")):
        accounts.add(
            new_account("main", account, "Mike", (role,), PASSWORD, datetime.now(UTC), Passwords())  # type: ignore[arg-type]  # by parameter
        )
    with httpx.Client(timeout=60) as http:
        office, phone = Client(stack.edge_url, http), Client(stack.edge_url, http)
        assert office.sign_in(f"{name}d").status_code == 200
        assert phone.sign_in(f"{name}m").status_code == 200
        order = {
            "customer_name": "Canary Person",
            "phone": SECRETS["phone"],
            "location": SECRETS["address"],
        }
        booked = office.ask("POST", "/api/jobs", order, idempotency_key=name * 2).json()
        crew = Crew(stack, office, phone, booked["job_id"], booked["tracking_token"])
        details = {
            "crew": [{"role": "driver", "member": f"{name}m", "first_name": "Mike"}],
            "place": {"address": SECRETS["address"], "gate_code": SECRETS["gate"]},
        }
        rev = office.ask("GET", crew.path).headers["etag"]
        assert office.ask("PATCH", crew.path, details, if_match=rev).status_code == 200
        crew.move("confirm", "start")
        yield crew


def a_request_body(**values: Any) -> dict[str, Any]:
    return {
        "event_id": "photo-before",
        "occurred_at": stamp(),
        "kind": "before",
        "media_type": "image/jpeg",
        "bytes": len(RAW),
        **values,
    }


def test_a_photo_goes_from_the_phone_to_the_customer_without_its_metadata(crew: Crew) -> None:
    request_body = a_request_body()
    announced = crew.phone.ask("POST", f"{crew.path}/photos", request_body)
    assert announced.status_code == 201, announced.text
    photo_id, upload = announced.json()["photo_id"], announced.json()["upload"]
    assert crew.put(upload["url"], RAW).status_code == 200
    for _ in range(2):
        done = crew.phone.ask("POST", f"{crew.path}/photos/{photo_id}", request_body)
        assert (done.status_code, len(done.json()["photos"])) == (200, 1), done.text
    assert photo_id not in str(crew.view())
    crew.move("complete")
    view = until(crew.view, lambda view: view["status"] == "completed" and view.get("photos"))
    assert view["photos"] == [{"kind": "before", "path": f"/t/p/{photo_id}.jpg"}]
    photo = crew.phone.http.get(f"{crew.phone.url}/t/p/{photo_id}.jpg")
    assert photo.status_code == 200
    assert photo.headers["content-type"] == "image/jpeg"
    assert "immutable" in photo.headers["cache-control"]
    assert "noindex" in photo.headers["x-robots-tag"]
    assert opened(photo.content).size == (1200, 1600)
    assert not {0xE1, 0xE2, 0xFE} & set(markers_of(photo.content))
    assert_no_secret_in_public(crew)


def assert_no_secret_in_public(crew: Crew) -> None:
    """Every object of the site bucket, byte by byte; and of the upload nothing is left."""
    s3, site = crew.laptop.client("s3"), crew.laptop.outputs["SiteBucket"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=site, Prefix="t/")["Contents"]]
    assert [key for key in keys if key.startswith("t/p/")]
    public = b"".join(s3.get_object(Bucket=site, Key=key)["Body"].read() for key in keys)
    canaries = [*SECRETS.values(), GPS, CAMERA, crew.token]
    assert [canary for canary in canaries if canary.encode() in public] == []
    jobs = crew.laptop.outputs["JobsBucket"]
    left = s3.list_objects_v2(Bucket=jobs, Prefix=f"uploads/main/{crew.job_id}/").get("Contents")
    assert left is None


def test_the_bucket_takes_what_was_announced_and_nothing_else(crew: Crew) -> None:
    request_body = a_request_body(event_id="photo-2")
    url = crew.phone.ask("POST", f"{crew.path}/photos", request_body).json()["upload"]["url"]
    tried = {
        "another size": crew.put(url, RAW + b"x"),
        "another type": crew.put(url, RAW, "text/html"),
        "another name": crew.put(url.replace(f"/{crew.job_id}/", "/261121-000000/"), RAW),
        "no signature": crew.put(url.partition("?")[0], RAW),
        "another method": crew.phone.http.get(f"{crew.phone.url}{url}"),
    }
    assert {what: answer.status_code for what, answer in tried.items()} == dict.fromkeys(tried, 403)
    huge = crew.put(url, bytes(100_000_000))
    assert huge.status_code in (403, 413)
    jobs_host = f"/tenants/main/jobs/{crew.job_id}.json"
    assert crew.phone.http.get(f"{crew.phone.url}/uploads/..{jobs_host}").status_code != 200
    assert crew.put(url, RAW).status_code == 200


def test_a_renamed_executable_is_uploaded_and_refused(crew: Crew) -> None:
    program = b"\x7fELF\x02\x01\x01" + bytes(4000)
    request_body = a_request_body(event_id="photo-3", bytes=len(program))
    announced = crew.phone.ask("POST", f"{crew.path}/photos", request_body).json()
    assert crew.put(announced["upload"]["url"], program).status_code == 200
    answer = crew.phone.ask("POST", f"{crew.path}/photos/{announced['photo_id']}", request_body)
    assert answer.status_code == 422
    assert slug(answer) == "photo-refused"
    assert jobs_of(crew.laptop).read("main", crew.job_id).value.photos == ()
    photo = f"{crew.phone.url}/t/p/{announced['photo_id']}.jpg"
    assert crew.phone.http.get(photo).status_code in (403, 404)


def test_the_crews_place_is_told_only_while_the_job_is_under_way(crew: Crew) -> None:
    here = {"latitude": 37.77493, "longitude": -122.41942, "occurred_at": stamp()}
    place = f"/api/track/{crew.digest}/location"
    told = crew.phone.ask("PUT", f"{crew.path}/location", here)
    assert told.status_code == 204, told.text
    seen = crew.phone.ask("GET", place)
    assert (seen.status_code, seen.json()["latitude"]) == (200, 37.775), seen.text
    assert "37.77" not in str(crew.view())
    crew.move("complete")
    gone = crew.phone.ask("GET", place)
    assert gone.status_code == 404
    assert slug(gone) == "no-location"
    again = crew.phone.ask("PUT", f"{crew.path}/location", here)
    assert again.status_code == 409
    assert slug(again) == "not-under-way"
