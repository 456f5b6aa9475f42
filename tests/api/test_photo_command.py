"""`haul job photo` against the API: all three steps, and usage errors."""

from pathlib import Path

import httpx
import pytest

from cli.client.api_client import ApiClient, SavedSessions, SignedOut
from cli.commands.photo import photo_request_body
from cli.output.output import TimedOut, UsageError
from tests.api.api_fixture import PASSWORD, ApiBackend, an_event
from tests.support.builders import NOON, a_job
from tests.support.pictures import a_phone_photo

JOB = "261121-7k3m2q"


def an_api_client(api: ApiBackend, folder: Path, *, takes_uploads: bool = True) -> ApiClient:
    """mike's, over an api in this very process with the bucket beside it."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/uploads/"):
            assert "cookie" not in request.headers
            if not takes_uploads:
                return httpx.Response(403)
            api.bucket.objects[request.url.path.removeprefix("/")] = request.content
            return httpx.Response(200)
        headers = dict(request.headers)
        event = an_event(request.method, request.url.path, request.content, headers)
        got = api.resolve(event)
        set_ = [("set-cookie", cookie) for cookie in got.cookies]
        return httpx.Response(got.status, headers=set_, text=got.text)

    sessions = SavedSessions(folder / "sessions.json")
    sessions.keep("https://haul.test", api.token("mike"))
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return ApiClient("https://haul.test", sessions, http)


@pytest.fixture
def file(tmp_path: Path, api: ApiBackend) -> Path:
    api.store(a_job("in_progress"))
    api.now = NOON.replace(year=2100)  # the file is from today
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(a_phone_photo())
    return path


def test_a_photo_is_added_from_a_file_and_the_same_file_again_changes_nothing(
    api: ApiBackend, file: Path
) -> None:
    desk, request_body = an_api_client(api, file.parent), photo_request_body(file, "after")
    for _ in range(2):
        document = desk.add_photo(JOB, request_body, file.read_bytes())
        assert [photo.kind for photo in document.photos] == ["after"]


def test_strangers_cannot_lock_out_the_command_line(api: ApiBackend, tmp_path: Path) -> None:
    desk = an_api_client(api, tmp_path)
    desk.sign_in("dana", PASSWORD, "main")
    desk.sign_out()
    for _ in range(10):
        with pytest.raises(SignedOut):
            an_api_client(api, tmp_path / "elsewhere").sign_in("dana", "wrong password", "main")
    assert desk.sign_in("dana", PASSWORD, "main")["account"] == "dana"
    assert desk.ask("GET", "/api/session").json()["account"] == "dana"


def test_before_and_after_of_one_file_are_two_photos(api: ApiBackend, file: Path) -> None:
    desk = an_api_client(api, file.parent)
    for kind in ("before", "after"):
        document = desk.add_photo(JOB, photo_request_body(file, kind), file.read_bytes())
    assert [photo.kind for photo in document.photos] == ["before", "after"]


def test_a_file_that_is_not_a_photo_is_refused_with_what_to_do(api: ApiBackend, file: Path) -> None:
    program = file.rename(file.with_suffix(".exe"))
    request_body = photo_request_body(program, "after")
    with pytest.raises(UsageError, match="JPEG, PNG or WebP; choose one"):
        an_api_client(api, file.parent).add_photo(JOB, request_body, program.read_bytes())


def test_a_refused_upload_is_reported_and_adds_nothing(api: ApiBackend, file: Path) -> None:
    desk = an_api_client(api, file.parent, takes_uploads=False)
    with pytest.raises(TimedOut, match="403"):
        desk.add_photo(JOB, photo_request_body(file, "after"), file.read_bytes())
    assert api.job(JOB).photos == ()


def test_an_unknown_kind_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="before, after, or attempt"):
        photo_request_body(file, "during")
