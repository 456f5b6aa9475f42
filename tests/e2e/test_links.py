"""A link on the real engine, through the edge: replaced, revoked, given again."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from local.laptop import Laptop
from statemachine.values.ids import digest_of
from tests.e2e.support.jobs import haul, until
from tests.e2e.support.pages import PASSWORD, SLOW, someone
from tests.e2e.test_api import Client

pytestmark = pytest.mark.engine

WRONG = "w" * 22
"""A token that was never given to anyone."""


@pytest.fixture
def dana(stack: Laptop) -> Iterator[Client]:
    with httpx.Client(timeout=60) as http:
        client = Client(stack.edge_url, http)
        assert client.sign_in(someone(stack, "Dana", "dispatcher").account, PASSWORD).is_success
        yield client


def seen(stack: Laptop, token: str) -> list[tuple[int, str]]:
    """What page, view, and API answer to the holder of that link, without the request's id."""
    digest = digest_of(token)
    paths = (f"/track/{token}", f"/t/{digest}.json", f"/api/track/{digest}")
    answers = [httpx.get(f"{stack.edge_url}{path}", timeout=60) for path in paths]
    confirm = f"{stack.edge_url}/api/track/{digest}/confirm"
    answers.append(httpx.post(confirm, json={"token": token}, timeout=60))
    return [(each.status_code, _text_of(each)) for each in answers]


def _text_of(answer: httpx.Response) -> str:
    if not answer.headers["content-type"].startswith("application/problem+json"):
        text = re.sub("<RequestId>[^<]*</RequestId>", "", answer.text)
        return text.replace(str(answer.url).rpartition("/")[2], "")
    return json.dumps({**answer.json(), "request_id": ""})


def opens(stack: Laptop, token: str) -> bool:
    view = httpx.get(f"{stack.edge_url}/t/{digest_of(token)}.json", timeout=60)
    return view.status_code == 200


def test_a_link_that_was_replaced_or_revoked_answers_as_a_wrong_one(
    stack: Laptop, dana: Client
) -> None:
    wrong = seen(stack, WRONG)
    first = dana.book()
    job_id, old = first["job_id"], first["tracking_token"]
    until(lambda: opens(stack, old), bool, SLOW)

    answer = dana.ask("GET", f"/api/jobs/{job_id}")
    rev = {"if-match": answer.headers["etag"]}
    replaced = dana.ask("PATCH", f"/api/jobs/{job_id}", {"link": "replace"}, **rev)
    assert replaced.status_code == 200, replaced.text
    new = replaced.json()["tracking_url"].rpartition("/")[2]
    until(lambda: opens(stack, new), bool, SLOW)
    assert until(lambda: seen(stack, old), lambda found: found == wrong, SLOW) == wrong

    assert haul(stack, "job", "link", job_id).stdout.strip().endswith(f"/track/{new}")
    assert "revoked" in haul(stack, "job", "link", job_id, "--revoke").stdout
    assert until(lambda: seen(stack, new), lambda found: found == wrong, SLOW) == wrong

    again = haul(stack, "job", "link", job_id, "--replace").stdout.strip().rpartition("/")[2]
    until(lambda: opens(stack, again), bool, SLOW)
    assert [seen(stack, token) for token in (old, new)] == [wrong, wrong]
