"""`haul business` against the API: for the business of a session or of an API key."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cli.client.api_client import ApiClient, SavedSessions, SignedOut
from cli.client.business_client import BusinessOfSession
from cli.output.output import NotFound, Rejected, UsageError
from functions.people.accounts import Role
from functions.people.api_keys import NewKey, new_key
from statemachine.settings.business_changes import SettingsPatch
from tests.api.api_fixture import ApiBackend, an_event
from tests.support.builders import NOON
from tests.support.pictures import a_png

SITE = "https://haul.test"


def an_api_client(api: ApiBackend, folder: Path, by: str = "", key: str | None = None) -> ApiClient:
    """With the session of `by`, or the API key, over an API in this very process."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        headers = dict(request.headers)
        event = an_event(request.method, request.url.path, request.content, headers, None, query)
        got = api.resolve(event)
        return httpx.Response(got.status, headers=got.headers, text=got.text, request=request)

    sessions = SavedSessions(folder / "sessions.json")
    if by:
        sessions.keep(SITE, api.token(by))
    return ApiClient(SITE, sessions, httpx.Client(transport=httpx.MockTransport(answer)), key)


def a_key(api: ApiBackend, role: Role) -> str:
    wanted = NewKey(name="Website", roles=(role,))
    return new_key(api.api_keys, "main", wanted, "haul", NOON)[0]


@pytest.fixture(params=["session", "key"])
def mine(request: pytest.FixtureRequest, api: ApiBackend, tmp_path: Path) -> BusinessOfSession:
    by_key = request.param == "key"
    key = a_key(api, "owner") if by_key else None
    return BusinessOfSession(an_api_client(api, tmp_path, "" if by_key else "olive", key))


def test_settings_are_listed_changed_and_their_changes_shown(mine: BusinessOfSession) -> None:
    assert [each.tenant for each in mine.all()] == ["main"]
    wanted = {"phone": "(206) 555-0199", "slots_on": {"2026-12-24": {"08:00": 0}}}
    changed = mine.change("main", SettingsPatch.model_validate(wanted))
    assert changed.version == 2
    assert changed.phone == "+12065550199"
    assert mine.read("main") == changed
    (latest, *_) = mine.history("main")
    assert {each.field for each in latest.changes} == {"phone", "slots_on"}
    assert mine.change("main", SettingsPatch.model_validate({"phone": None})).phone is None


def test_a_logo_is_set_and_one_that_is_none_is_refused(mine: BusinessOfSession) -> None:
    assert mine.set_logo("main", a_png()).logo
    with pytest.raises(UsageError, match="SVG is not accepted"):
        mine.set_logo("main", b"<svg/>")


def test_another_business_is_not_theirs(mine: BusinessOfSession) -> None:
    calls: list[Callable[[], object]] = [
        lambda: mine.read("other"),
        lambda: mine.history("other"),
        lambda: mine.set_logo("other", a_png()),
        lambda: mine.change("other", SettingsPatch.model_validate({"name": "Mine"})),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="you are signed in to main, and cannot see other"):
            call()


def test_a_value_that_is_refused_is_told_with_its_field(mine: BusinessOfSession) -> None:
    patch = SettingsPatch.model_validate({"language": "es", "languages": ["en"]})
    with pytest.raises(UsageError, match="language: it is not among"):
        mine.change("main", patch)


def test_a_dispatcher_may_look_and_not_change(api: ApiBackend, tmp_path: Path) -> None:
    theirs = BusinessOfSession(an_api_client(api, tmp_path, key=a_key(api, "dispatcher")))
    assert theirs.read("main").name
    with pytest.raises(Rejected, match="Your roles do not allow this"):
        theirs.change("main", SettingsPatch.model_validate({"name": "Mine"}))


def test_a_key_that_is_not_known_is_said_with_where_it_comes_from(
    api: ApiBackend, tmp_path: Path
) -> None:
    strange = a_key(api, "owner")[:-1] + "-"
    with pytest.raises(SignedOut, match="HAUL_API_KEY"):
        BusinessOfSession(an_api_client(api, tmp_path, key=strange)).all()
