"""The contracts of uploads, photos, and locations, on the fakes and on the real adapters."""

from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials

from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.photos import S3Photos
from functions.people.crew_location import CrewLocation, CrewLocations, rounded
from functions.photos.add_photo import Photos
from functions.protocol.ports import Corrupt, Unavailable
from tests.support.builders import NOON, minutes
from tests.support.fakes import Bucket, FakeCrewLocations, FakePhotos
from tests.support.faults import Faults
from tests.support.moto_server import Moto

KEY = "main/261121-7k3m2q/0123456789abcdef0123456789abcdef"
PHOTO_ID = KEY.rpartition("/")[2]
HOST = "jobs.s3.us-east-1.amazonaws.com"
HERE = rounded(37.77493, -122.41942, NOON)


class Store(Protocol):
    photos: Photos

    def put(self, key: str, body: bytes) -> None: ...
    def published(self) -> dict[str, bytes]: ...
    def uploads(self) -> list[str]: ...


class InMemory:
    def __init__(self) -> None:
        self.bucket, self.site = Bucket(), Bucket()
        self.photos: Photos = FakePhotos(self.bucket, self.site)

    def put(self, key: str, body: bytes) -> None:
        self.bucket.objects[key] = body

    def published(self) -> dict[str, bytes]:
        return self.site.objects

    def uploads(self) -> list[str]:
        return list(self.bucket.objects)


class InS3:
    def __init__(self, moto: Moto) -> None:
        self.s3, self.jobs, self.site = moto.client("s3"), moto.bucket(), moto.bucket()
        key = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", "session-token")
        self.photos: Photos = S3Photos(self.s3, self.jobs, self.site, HOST, key)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.jobs, Key=key, Body=body)

    def published(self) -> dict[str, bytes]:
        return {k: self.s3.get_object(Bucket=self.site, Key=k)["Body"].read() for k in self._of()}

    def uploads(self) -> list[str]:
        return self._of(self.jobs)

    def _of(self, bucket: str | None = None) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket or self.site).get("Contents", ())
        return [item["Key"] for item in found]


@pytest.fixture(params=["fake", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    return InMemory() if request.param == "fake" else InS3(request.getfixturevalue("moto"))


@pytest.fixture
def s3_store(moto: Moto) -> InS3:
    return InS3(moto)


def test_an_upload_is_read_if_it_has_the_announced_size(store: Store) -> None:
    store.put(f"uploads/{KEY}", b"picture")
    assert store.photos.raw(KEY, 7) == b"picture"
    assert store.photos.raw(KEY, 8) is None
    assert store.photos.raw(KEY + "0", 7) is None


def test_an_upload_is_deleted_and_deleting_it_again_is_no_error(store: Store) -> None:
    store.put(f"uploads/{KEY}", b"picture")
    for _ in range(2):
        store.photos.delete_raw(KEY)
    assert store.uploads() == []
    assert store.photos.raw(KEY, 7) is None


def test_a_photo_is_published_under_its_name(store: Store) -> None:
    for _ in range(2):
        store.photos.publish(PHOTO_ID, b"jpeg")
    assert store.published() == {f"t/p/{PHOTO_ID}.jpg": b"jpeg"}


def test_a_photo_is_withdrawn_and_may_be_withdrawn_again(store: Store) -> None:
    store.photos.publish(PHOTO_ID, b"jpeg")
    for _ in range(2):
        store.photos.withdraw(PHOTO_ID)
    assert store.published() == {}


def test_an_address_to_upload_to_is_a_path_of_our_own_site(store: Store) -> None:
    upload = store.photos.upload(KEY, "image/png", 12)
    assert upload.path.startswith(f"/uploads/{KEY}?")
    assert upload.headers == {"content-type": "image/png"}


def test_the_address_is_signed_for_one_size_one_type_and_the_buckets_host(s3_store: InS3) -> None:
    query = parse_qs(urlsplit(s3_store.photos.upload(KEY, "image/png", 12).path).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-Security-Token"] == ["session-token"]
    others = [("image/png", 13), ("image/jpeg", 12)]
    signatures = {s3_store.photos.upload(KEY, *each).path for each in [("image/png", 12), *others]}
    assert len(signatures) == 3


def test_a_photo_may_be_kept_by_every_cache_for_a_day(s3_store: InS3) -> None:
    s3_store.photos.publish(PHOTO_ID, b"jpeg")
    head = s3_store.s3.head_object(Bucket=s3_store.site, Key=f"t/p/{PHOTO_ID}.jpg")
    assert head["ContentType"] == "image/jpeg"
    assert head["CacheControl"] == "public, max-age=86400, immutable"


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("GetObject", lambda photos: photos.raw(KEY, 7)),
        ("PutObject", lambda photos: photos.publish(PHOTO_ID, b"jpeg")),
        ("DeleteObject", lambda photos: photos.delete_raw(KEY)),
        ("DeleteObject", lambda photos: photos.withdraw(PHOTO_ID)),
    ],
)
def test_an_unavailable_s3_may_be_retried(s3_store: InS3, operation: str, call: Any) -> None:
    s3_store.put(f"uploads/{KEY}", b"picture")
    with Faults({operation: ["after"]}).on(s3_store.s3), pytest.raises(Unavailable):
        call(s3_store.photos)
    call(s3_store.photos)


@pytest.fixture(params=["fake", "moto"])
def places(request: pytest.FixtureRequest) -> CrewLocations:
    if request.param == "fake":
        return FakeCrewLocations()
    return a_table(request.getfixturevalue("moto"))


def a_table(moto: Moto) -> DynamoCrewLocations:
    return DynamoCrewLocations(moto.client("dynamodb"), moto.crew_roster())


def test_a_location_is_stored_by_business_and_job(places: CrewLocations) -> None:
    places.store("main", "261121-7k3m2q", HERE)
    told = [places.read(*of) for of in (("main", "261121-7k3m2q"), ("other", "261121-7k3m2q"))]
    assert told == [HERE, None]


def test_a_newer_location_replaces_an_older_one_and_never_the_reverse(
    places: CrewLocations,
) -> None:
    newer = rounded(37.8, -122.4, NOON + minutes(1))
    for place in (HERE, newer, HERE):
        places.store("main", "261121-7k3m2q", place)
    assert places.read("main", "261121-7k3m2q") == newer


def test_a_location_is_deleted_and_deleting_it_again_is_no_error(places: CrewLocations) -> None:
    places.store("main", "261121-7k3m2q", HERE)
    for _ in range(2):
        places.delete("main", "261121-7k3m2q")
    assert places.read("main", "261121-7k3m2q") is None


def test_the_table_deletes_a_location_half_an_hour_after_it_was_sent(moto: Moto) -> None:
    places = a_table(moto)
    places.store("main", "261121-7k3m2q", HERE)
    [item] = places.dynamodb.scan(TableName=places.table)["Items"]
    assert item["expires_at"] == {"N": str(int((NOON + minutes(30)).timestamp()))}
    assert item["pk"] == {"S": "place#main#261121-7k3m2q"}


def test_an_invalid_location_is_shown_to_no_one(moto: Moto) -> None:
    places = a_table(moto)
    key = {"pk": {"S": "place#main#261121-7k3m2q"}, "sk": {"S": "place"}}
    places.dynamodb.put_item(TableName=places.table, Item=key | {"latitude": {"N": "91"}})
    with pytest.raises(Corrupt):
        places.read("main", "261121-7k3m2q")


def test_locations_are_rounded_to_about_half_a_kilometer() -> None:
    assert CrewLocation(latitude=37.775, longitude=-122.42, at=NOON) == HERE
    assert rounded(89.9999, 179.9999, NOON) == CrewLocation(latitude=90, longitude=180, at=NOON)
    assert rounded(-0.001, 0.0024, NOON).model_dump_json() == rounded(0, 0, NOON).model_dump_json()
