"""The people of a business over HTTP: added, invited, changed, and signed in."""

import pytest

from tests.api.api_fixture import PASSWORD, ApiBackend


@pytest.fixture
def api() -> ApiBackend:
    backend = ApiBackend()
    backend.add_account("olive", "owner")
    return backend


def test_someone_is_added_invited_and_signs_in(api: ApiBackend) -> None:
    nell = {"account": "nell", "name": "Nell", "roles": ["driver"], "phone": "(206) 555-0199"}
    made = api.send("POST", "/api/people", nell, by="olive")
    assert made.status == 201
    assert not made.json["has_password"]
    link = api.send("POST", "/api/people/nell/invitation", by="olive").json["url"]
    site, _, token = link.partition("#invitation=")
    assert site == "https://edge.test/settings/?business=main"
    chosen = {"token": token, "password": PASSWORD}
    accepted = api.send("POST", "/api/invitation", chosen)
    assert accepted.status == 200
    assert accepted.json["account"] == "nell"
    cookie = accepted.cookies[0].partition("=")[2].partition(";")[0]
    assert api.send("GET", "/api/my/jobs", cookie=cookie).status == 200
    assert api.send("POST", "/api/invitation", chosen).slug == "invitation-ended"
    assert api.send("POST", "/api/session", {"account": "nell", "password": PASSWORD}).status == 200
    [shown] = [each for each in api.send("GET", "/api/people", by="olive").json["people"]
               if each["account"] == "nell"]  # fmt: skip
    assert shown["has_password"]
    assert shown["last_sign_in_at"]
    assert "password_hash" not in shown


def test_an_owner_can_not_be_locked_out(api: ApiBackend) -> None:
    refused = api.send("PATCH", "/api/people/olive", {"disabled": True}, by="olive")
    assert refused.status == 409
    assert refused.slug == "last-owner"


def test_a_disabled_person_is_out_at_once(api: ApiBackend) -> None:
    api.add_account("mike", "driver")
    cookie = api.token("mike")
    assert api.send("PATCH", "/api/people/mike", {"disabled": True}, by="olive").status == 200
    assert api.send("GET", "/api/my/jobs", cookie=cookie).slug == "signed-out"


def test_what_is_wrong_is_said(api: ApiBackend) -> None:
    olive = {"account": "olive", "name": "Olive", "roles": ["driver"]}
    assert api.send("POST", "/api/people", olive, by="olive").slug == "account-exists"
    assert api.send("PATCH", "/api/people/nell", {"name": "N"}, by="olive").slug == "unknown-member"
    link = api.send("POST", "/api/people/olive/invitation", by="olive").json["url"]
    weak = {"token": link.partition("#invitation=")[2], "password": "short"}
    refused = api.send("POST", "/api/invitation", weak)
    assert refused.slug == "invalid"
    assert "12 to 200" in refused.json["detail"]


def test_an_invitation_is_no_session_and_a_session_is_no_invitation(api: ApiBackend) -> None:
    link = api.send("POST", "/api/people/olive/invitation", by="olive").json["url"]
    token = link.partition("#invitation=")[2]
    assert api.send("GET", "/api/jobs", cookie=token).slug == "signed-out"
    body = {"token": api.token("olive"), "password": PASSWORD}
    assert api.send("POST", "/api/invitation", body).slug == "invitation-ended"
    assert token not in repr(api.log.lines)
