"""Old, wrong, expired, and revoked links answer alike; a dispatcher replaces and revokes them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from statemachine.job.job import Job
from statemachine.job.link_values import JobLink
from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import NOON, TOKEN, a_job

OLD = digest_of(TOKEN)
READS = ("", "/business", "/slots", "/calendar.ics", "/location")
WINDOW = {"window_start": "2026-11-23T17:00Z", "window_end": "2026-11-23T21:00Z"}
ACTS = {
    "confirm": {},
    "cancel": {"reason": "sold it"},
    "reschedule": WINDOW,
    "notes": {"note": "Ring twice"},
}
Happens = Callable[[ApiBackend], object]


def answers(api: ApiBackend, digest: str) -> list[tuple[int, object]]:
    """What each route of the tracking page answers, without the id of the request."""
    got = [api.send("GET", f"/api/track/{digest}{path}") for path in READS]
    for act, more in ACTS.items():
        body, key = {"token": TOKEN, **more}, {"idempotency-key": "k" * 20}
        got.append(api.send("POST", f"/api/track/{digest}/{act}", body, headers=key))
    return [(each.status, _without_id(each)) for each in got]


def _without_id(reply: ApiReply) -> object:
    return {name: value for name, value in reply.json.items() if name != "request_id"}


def replaced(api: ApiBackend) -> None:
    change(api, "replace")


def revoked(api: ApiBackend) -> None:
    change(api, "revoke")


def expired(api: ApiBackend) -> None:
    ended = a_job("completed", link=JobLink(days=7))
    api.jobs.replace(ended, api.jobs.read("main", ended.job_id).etag)
    api.now = NOON + timedelta(days=7)


def change(api: ApiBackend, link: str) -> ApiReply:
    api.add_account("dana")
    rev = {"if-match": f'"{api.job(a_job().job_id).rev}"'}
    path = f"/api/jobs/{a_job().job_id}"
    return api.send("PATCH", path, {"link": link}, by="dana", headers=rev)


@pytest.mark.parametrize("happens", [replaced, revoked, expired])
def test_a_dead_link_answers_as_one_that_never_was(happens: Happens) -> None:
    api = ApiBackend()
    api.store(a_job())
    wrong = answers(api, "0" * 32)
    happens(api)
    assert {status for status, _ in wrong} == {404}
    assert answers(api, OLD) == wrong


@pytest.mark.parametrize("happens", [replaced, revoked, expired])
def test_it_answers_so_while_its_view_is_still_there(
    happens: Happens,
) -> None:
    """The job decides: a writer that had read it before may write its view once more."""
    api = ApiBackend()
    job = api.store(a_job())
    view = api.site.objects[f"t/{OLD}.json"]
    wrong = answers(api, "0" * 32)
    happens(api)
    api.site.objects[f"t/{OLD}.json"] = view
    assert job.token == TOKEN
    assert answers(api, OLD) == wrong


def test_a_dispatcher_gets_the_new_link_and_it_opens_the_job() -> None:
    api = ApiBackend()
    api.store(a_job())
    got = change(api, "replace")
    token = got.json["tracking_url"].rpartition("/")[2]
    assert got.status == 200
    assert token != TOKEN
    assert api.send("GET", f"/api/track/{digest_of(token)}").status == 200
    confirmed = api.send("POST", f"/api/track/{digest_of(token)}/confirm", {"token": token})
    assert confirmed.status in (200, 409)  # it is this job's token, whatever the job allows


def test_a_revoked_link_is_not_told_and_is_named_as_revoked() -> None:
    api = ApiBackend()
    api.store(a_job())
    got = change(api, "revoke")
    assert got.json.get("tracking_url") is None
    assert got.json["link_revoked"]


def test_the_crew_may_not_change_a_link() -> None:
    api = ApiBackend()
    job: Job = api.store(a_job())
    api.add_account("mike", "driver")
    path, rev = f"/api/jobs/{job.job_id}", {"if-match": '"1"'}
    got = api.send("PATCH", path, {"link": "replace"}, by="mike", headers=rev)
    assert got.status == 403
    assert got.slug == "not-allowed"
    assert api.job(job.job_id).token == TOKEN


def test_the_same_request_again_makes_no_second_link() -> None:
    api = ApiBackend()
    api.store(a_job())
    api.add_account("dana")
    path, key = f"/api/jobs/{a_job().job_id}", {"idempotency-key": "r" * 20, "if-match": '"1"'}
    first, again = (
        api.send("PATCH", path, {"link": "replace"}, by="dana", headers=key) for _ in range(2)
    )
    assert first.json["tracking_url"] == again.json["tracking_url"]
