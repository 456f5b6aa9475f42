"""Ops through the API: the overview, a job's timeline, repairs, and dead-letter queues."""

import json

import pytest

from functions.api.ops_models import QueueState
from functions.ops.dead_letters import QUEUES
from functions.protocol.ports import Unavailable
from statemachine.job.job import Epoch, Execution, TaskWait
from tests.api.api_fixture import ApiBackend
from tests.support.builders import NOON, TOKEN, a_job, minutes, moved

JOB = "261121-7k3m2q"
DEAD = "/api/ops/dead-letters/advance_job"
DETAIL = {"tenant": "main", "job_id": JOB, "event_id": "e"}
BODY = json.dumps({"detail-type": "JobMoveRequested", "detail": DETAIL})


def test_ops_see_the_overview(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    api.dead_letter_queues.add("advance_job", BODY)
    api.now = NOON + minutes(60 * 24 * 9)
    result = api.send("GET", "/api/ops", by="otto").json
    counts = {each["status"]: each["jobs"] for each in result["statuses"]}
    assert counts["in_progress"] == 1
    assert [each["why"] for each in result["problem_jobs"]] == ["overdue"]
    assert {each["queue"]: each["dead"] for each in result["queues"]}["advance_job"] == 1
    assert result["invalidations"] == {"month": "2026-11", "paths": 0, "budget": 1000}


def test_ops_see_a_jobs_timeline_without_the_customers_details(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    got = api.send("GET", f"/api/ops/jobs/{JOB}", by="otto")
    assert [line["what"] for line in got.json["events"]][:3] == ["booked", "moved", "moved"]
    assert [word for word in ("Ada", "0123", "Harbor", TOKEN) if word in got.text] == []


@pytest.mark.parametrize("path", [f"/api/ops/jobs/{JOB}", "/api/ops/jobs/Ada%20Wong"])
def test_an_unknown_job_has_no_timeline(api: ApiBackend, path: str) -> None:
    got = api.send("GET", path, by="otto")
    assert got.status == 404
    assert got.slug == "unknown-job"


def test_another_businesss_job_can_be_neither_explained_nor_repaired(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")
    api.store(a_job())
    assert api.send("GET", f"/api/ops/jobs/{JOB}", by="otto", tenant="other").status == 404
    repair = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto", tenant="other")
    assert repair.status == 404


def test_open_jobs_come_from_the_index_of_the_own_business(
    api: ApiBackend,
) -> None:
    api.add_account("otto", "ops", tenant="other")
    for number in (2, 1):
        api.jobs.mark_open("main", f"261121-00000{number}")
    got = api.send("GET", "/api/ops/jobs", by="otto")
    assert got.json["job_ids"] == ["261121-000001", "261121-000002"]
    assert api.send("GET", "/api/ops/jobs", by="otto", tenant="other").json["job_ids"] == []


def test_a_job_whose_execution_died_gets_a_new_one(api: ApiBackend) -> None:
    wait = TaskWait(seq=0, epoch=Epoch(generation=0, entered_at=NOON, retry=0), token="task")
    api.store(a_job(wait=wait, execution=Execution(seq=0, since=NOON)))
    api.now = NOON + minutes(5)
    got = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert got.json == {"job_id": JOB, "repairs": ["replaced"]}
    assert list(api.executions.started) == [f"main-{JOB}-g1"]


def test_a_repair_writes_a_view_and_card_that_lag_behind(api: ApiBackend) -> None:
    job = api.store(a_job())
    api.executions.start("haul", "main", JOB, 0)
    ahead = moved(job, "confirm")
    api.jobs.replace(ahead, api.jobs.read("main", JOB).etag)
    got = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert got.json["repairs"] == ["view written", "card written"]
    again = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert again.json["repairs"] == []


def test_dead_letters_are_listed_redriven_and_discarded(api: ApiBackend) -> None:
    first, second, third = (api.dead_letter_queues.add("advance_job", BODY) for _ in range(3))
    result = api.send("GET", DEAD, by="otto").json
    assert [letter["message_id"] for letter in result["messages"]] == [first, second, third]
    assert result["messages"][0]["job_id"] == JOB
    got = api.send("POST", f"{DEAD}/redrive", {"message_ids": [first]}, by="otto")
    assert got.json == {"done": 1, "remaining": 0}
    assert api.dead_letter_queues.sent["advance-job"] == [BODY]
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": [second, "gone"]}, by="otto")
    assert got.json == {"done": 1, "remaining": 1}
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": None}, by="otto")
    assert got.json == {"done": 1, "remaining": 0}
    assert api.send("GET", DEAD, by="otto").json["messages"] == []


def test_all_dead_letters_must_be_requested_explicitly(api: ApiBackend) -> None:
    kept = api.dead_letter_queues.add("advance_job", BODY)
    for what in ("redrive", "discard"):
        got = api.send("POST", f"{DEAD}/{what}", {}, by="otto")
        assert got.status == 422
        assert got.slug == "invalid"
        assert "message_ids" in got.text
    assert list(api.dead_letter_queues.dead["advance_job"]) == [kept]


def test_dead_letters_of_another_business_are_neither_shown_nor_changed(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")
    kept = api.dead_letter_queues.add("advance_job", BODY)
    own = api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    result = api.send("GET", DEAD, by="otto", tenant="other").json
    assert [letter["message_id"] for letter in result["messages"]] == [own]
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": [kept]}, by="otto", tenant="other")
    assert got.json == {"done": 0, "remaining": 1}
    api.send("POST", f"{DEAD}/redrive", {"message_ids": None}, by="otto", tenant="other")
    assert list(api.dead_letter_queues.dead["advance_job"]) == [kept]


@pytest.mark.parametrize(
    "body", ["no json", "{}", '{"Message": "YES"}', '{"detail": {"job_id": "261121-7k3m2q"}}']
)
def test_a_dead_letter_without_a_business_is_not_shown_through_the_api(
    api: ApiBackend, body: str
) -> None:
    kept = api.dead_letter_queues.add("receive_sms", body)
    path = "/api/ops/dead-letters/receive_sms"
    assert api.send("GET", path, by="otto").json["messages"] == []
    for what in ("redrive", "discard"):
        for ids in ([kept], None):
            got = api.send("POST", f"{path}/{what}", {"message_ids": ids}, by="otto")
            assert got.json == {"done": 0, "remaining": len(ids or [])}
    assert list(api.dead_letter_queues.dead["receive_sms"]) == [kept]
    assert [each.message_id for each in api.ops.dead_letters.show("receive_sms")] == [kept]


def test_a_business_counts_only_its_own_dead_letters(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")

    def dead(tenant: str) -> dict[str, int]:
        result = api.send("GET", "/api/ops", by="otto", tenant=tenant).json
        return {each["queue"]: each["dead"] for each in result["queues"] if each["dead"]}

    for queue, body in (("advance_job", BODY), ("advance_job", "{}"), ("receive_sms", "{}")):
        api.dead_letter_queues.add(queue, body)
    assert dead("main") == {"advance_job": 1}
    assert dead("other") == {}
    api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    assert dead("main") == {"advance_job": 1}
    assert dead("other") == {"advance_job": 1}


def test_a_business_finds_its_dead_letters_behind_a_hundred_others(api: ApiBackend) -> None:
    for _ in range(120):
        api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    own = api.dead_letter_queues.add("advance_job", BODY)
    result = api.send("GET", DEAD, by="otto").json
    assert [letter["message_id"] for letter in result["messages"]] == [own]
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": None}, by="otto")
    assert got.json == {"done": 1, "remaining": 0}


def test_an_unknown_queue_is_not_found(api: ApiBackend) -> None:
    for method, what in (("GET", ""), ("POST", "/redrive"), ("POST", "/discard")):
        body: dict[str, None] | None = {"message_ids": None} if what else None
        got = api.send(method, f"/api/ops/dead-letters/secrets{what}", body, by="otto")
        assert got.status == 404
        assert got.slug == "unknown-queue"


def test_dead_letters_without_a_source_queue_cannot_be_redriven(api: ApiBackend) -> None:
    api.dead_letter_queues.add("rotate_keys", "{}")
    request_body = {"message_ids": None}
    got = api.send("POST", "/api/ops/dead-letters/rotate_keys/redrive", request_body, by="otto")
    assert got.status == 409
    assert got.slug == "not-redrivable"
    assert len(api.dead_letter_queues.dead["rotate_keys"]) == 1


def test_a_queue_that_does_not_answer_is_named_and_the_rest_is_shown(api: ApiBackend) -> None:
    api.store(a_job())
    answers = api.dead_letter_queues.state

    def silent(queue: str) -> QueueState:
        if queue == "edit_job":
            raise Unavailable("lost")
        return answers(queue)

    api.dead_letter_queues.state = silent  # type: ignore[method-assign]  # breaks it
    result = api.send("GET", "/api/ops", by="otto").json
    assert result["incomplete"] == ["queue edit_job: not read (Unavailable)"]
    assert result["board_jobs"] == 1
    assert len(result["queues"]) == len(QUEUES) - 1


def test_without_a_readable_board_ops_see_the_rest(api: ApiBackend) -> None:
    api.bucket.put("tenants/main/board/jobs.json", b"{")
    api.dead_letter_queues.add("advance_job", BODY)
    result = api.send("GET", "/api/ops", by="otto").json
    assert result["incomplete"] == ["board: not read (Corrupt)"]
    assert [
        part for part in ("statuses", "visibility_delays", "board_jobs") if part in result
    ] == []
    assert sum(queue["dead"] for queue in result["queues"]) == 1
