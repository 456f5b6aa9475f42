"""Ops through the API: the overview, a job's story, repairs and dead letters."""

import json

import pytest

from functions.api.ops_models import QueueState
from functions.ops.dead_letters import QUEUES
from functions.protocol.ports import Unavailable
from statemachine.job import Epoch, Execution, TaskWait
from tests.api.api_fixture import ApiBackend
from tests.support.builders import NOON, TOKEN, a_job, minutes, moved

JOB = "261121-7k3m2q"
DEAD = "/api/ops/dead-letters/advance_job"
DETAIL = {"tenant": "main", "job_id": JOB, "event_id": "e"}
BODY = json.dumps({"detail-type": "JobMoveRequested", "detail": DETAIL})


def test_ops_see_how_the_whole_is_doing(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    api.dead_letter_queues.add("advance_job", BODY)
    api.now = NOON + minutes(60 * 24 * 9)
    told = api.send("GET", "/api/ops", by="otto").json
    counts = {each["status"]: each["jobs"] for each in told["statuses"]}
    assert counts["in_progress"] == 1
    assert [each["why"] for each in told["problem_jobs"]] == ["overdue"]
    assert {each["queue"]: each["dead"] for each in told["queues"]}["advance_job"] == 1
    assert told["invalidations"] == {"month": "2026-11", "paths": 0, "budget": 1000}


def test_ops_are_told_a_jobs_story_and_nothing_of_its_customer(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    got = api.send("GET", f"/api/ops/jobs/{JOB}", by="otto")
    assert [line["what"] for line in got.json["events"]][:3] == ["booked", "moved", "moved"]
    assert [word for word in ("Ada", "0123", "Harbor", TOKEN) if word in got.text] == []


@pytest.mark.parametrize("path", [f"/api/ops/jobs/{JOB}", "/api/ops/jobs/Ada%20Wong"])
def test_there_is_no_story_of_a_job_that_does_not_exist(api: ApiBackend, path: str) -> None:
    got = api.send("GET", path, by="otto")
    assert (got.status, got.slug) == (404, "unknown-job")


def test_a_story_of_another_business_is_not_told(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")
    api.store(a_job())
    assert api.send("GET", f"/api/ops/jobs/{JOB}", by="otto", tenant="other").status == 404
    repair = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto", tenant="other")
    assert repair.status == 404


def test_the_open_jobs_are_told_by_the_index_to_their_own_business_alone(
    api: ApiBackend,
) -> None:
    api.add_account("otto", "ops", tenant="other")
    for number in (2, 1):
        api.jobs.mark_open("main", f"261121-00000{number}")
    got = api.send("GET", "/api/ops/jobs", by="otto")
    assert got.json["job_ids"] == ["261121-000001", "261121-000002"]
    assert api.send("GET", "/api/ops/jobs", by="otto", tenant="other").json["job_ids"] == []


def test_a_job_whose_execution_died_is_given_a_successor(api: ApiBackend) -> None:
    wait = TaskWait(seq=0, epoch=Epoch(generation=0, entered_at=NOON, retry=0), token="task")
    api.store(a_job(wait=wait, execution=Execution(seq=0, since=NOON)))
    api.now = NOON + minutes(5)
    got = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert got.json == {"job_id": JOB, "repairs": ["replaced"]}
    assert list(api.executions.started) == [f"main-{JOB}-g1"]


def test_a_jobs_view_and_card_are_written_where_they_lag_behind(api: ApiBackend) -> None:
    job = api.store(a_job())
    api.executions.start("haul", "main", JOB, 0)
    ahead = moved(job, "confirm")
    api.jobs.replace(ahead, api.jobs.read("main", JOB).etag)
    got = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert got.json["repairs"] == ["view written", "card written"]
    again = api.send("POST", f"/api/ops/jobs/{JOB}/repair", by="otto")
    assert again.json["repairs"] == []


def test_dead_letters_are_shown_sent_again_and_thrown_away(api: ApiBackend) -> None:
    first, second, third = (api.dead_letter_queues.add("advance_job", BODY) for _ in range(3))
    told = api.send("GET", DEAD, by="otto").json
    assert [letter["message_id"] for letter in told["messages"]] == [first, second, third]
    assert told["messages"][0]["job_id"] == JOB
    got = api.send("POST", f"{DEAD}/redrive", {"message_ids": [first]}, by="otto")
    assert (got.json, api.dead_letter_queues.sent["advance-job"]) == (
        {"done": 1, "remaining": 0},
        [BODY],
    )
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": [second, "gone"]}, by="otto")
    assert got.json == {"done": 1, "remaining": 1}
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": None}, by="otto")
    assert got.json == {"done": 1, "remaining": 0}
    assert api.send("GET", DEAD, by="otto").json["messages"] == []


def test_all_letters_are_meant_only_where_that_is_said(api: ApiBackend) -> None:
    kept = api.dead_letter_queues.add("advance_job", BODY)
    for what in ("replay", "discard"):
        got = api.send("POST", f"{DEAD}/{what}", {}, by="otto")
        assert (got.status, got.slug) == (422, "invalid")
        assert "message_ids" in got.text
    assert list(api.dead_letter_queues.dead["advance_job"]) == [kept]


def test_letters_of_another_business_are_neither_shown_nor_touched(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")
    kept = api.dead_letter_queues.add("advance_job", BODY)
    own = api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    told = api.send("GET", DEAD, by="otto", tenant="other").json
    assert [letter["message_id"] for letter in told["messages"]] == [own]
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": [kept]}, by="otto", tenant="other")
    assert got.json == {"done": 0, "remaining": 1}
    api.send("POST", f"{DEAD}/redrive", {"message_ids": None}, by="otto", tenant="other")
    assert list(api.dead_letter_queues.dead["advance_job"]) == [kept]


@pytest.mark.parametrize(
    "body", ["no json", "{}", '{"Message": "YES"}', '{"detail": {"job_id": "261121-7k3m2q"}}']
)
def test_a_letter_that_names_no_business_is_shown_and_given_to_none(
    api: ApiBackend, body: str
) -> None:
    kept = api.dead_letter_queues.add("receive_sms", body)
    path = "/api/ops/dead-letters/receive_sms"
    assert api.send("GET", path, by="otto").json["messages"] == []
    for what in ("replay", "discard"):
        for ids in ([kept], None):
            got = api.send("POST", f"{path}/{what}", {"message_ids": ids}, by="otto")
            assert got.json == {"done": 0, "remaining": len(ids or [])}
    assert list(api.dead_letter_queues.dead["receive_sms"]) == [kept]
    assert [each.message_id for each in api.ops.dead_letters.show("receive_sms")] == [kept]


def test_a_business_counts_its_own_dead_letters_alone(api: ApiBackend) -> None:
    api.add_account("otto", "ops", tenant="other")

    def dead(tenant: str) -> dict[str, int]:
        told = api.send("GET", "/api/ops", by="otto", tenant=tenant).json
        return {each["queue"]: each["dead"] for each in told["queues"] if each["dead"]}

    for queue, body in (("advance_job", BODY), ("advance_job", "{}"), ("receive_sms", "{}")):
        api.dead_letter_queues.add(queue, body)
    assert (dead("main"), dead("other")) == ({"advance_job": 1}, {})
    api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    assert (dead("main"), dead("other")) == ({"advance_job": 1}, {"advance_job": 1})


def test_a_business_reaches_its_letters_past_a_hundred_of_others(api: ApiBackend) -> None:
    for _ in range(120):
        api.dead_letter_queues.add("advance_job", BODY.replace("main", "other"))
    own = api.dead_letter_queues.add("advance_job", BODY)
    told = api.send("GET", DEAD, by="otto").json
    assert [letter["message_id"] for letter in told["messages"]] == [own]
    got = api.send("POST", f"{DEAD}/discard", {"message_ids": None}, by="otto")
    assert got.json == {"done": 1, "remaining": 0}


def test_a_queue_that_is_none_of_ours_is_not_found(api: ApiBackend) -> None:
    for method, what in (("GET", ""), ("POST", "/redrive"), ("POST", "/discard")):
        body: dict[str, None] | None = {"message_ids": None} if what else None
        got = api.send(method, f"/api/ops/dead-letters/secrets{what}", body, by="otto")
        assert (got.status, got.slug) == (404, "unknown-queue")


def test_letters_that_came_from_no_queue_cannot_be_sent_again(api: ApiBackend) -> None:
    api.dead_letter_queues.add("rotate_keys", "{}")
    request_body = {"message_ids": None}
    got = api.send("POST", "/api/ops/dead-letters/rotate_keys/redrive", request_body, by="otto")
    assert (got.status, got.slug) == (409, "not-redrivable")
    assert len(api.dead_letter_queues.dead["rotate_keys"]) == 1


def test_a_queue_that_does_not_answer_is_named_and_the_rest_is_told(api: ApiBackend) -> None:
    api.store(a_job())
    answers = api.dead_letter_queues.state

    def silent(queue: str) -> QueueState:
        if queue == "edit_job":
            raise Unavailable("lost")
        return answers(queue)

    api.dead_letter_queues.state = silent  # type: ignore[method-assign]  # breaks it
    told = api.send("GET", "/api/ops", by="otto").json
    assert told["incomplete"] == ["queue edit_job: not read (Unavailable)"]
    assert (told["board_jobs"], len(told["queues"])) == (1, len(QUEUES) - 1)


def test_ops_are_told_what_is_left_where_the_board_cannot_be_read(api: ApiBackend) -> None:
    api.bucket.put("tenants/main/board/jobs.json", b"{")
    api.dead_letter_queues.add("advance_job", BODY)
    told = api.send("GET", "/api/ops", by="otto").json
    assert told["incomplete"] == ["board: not read (Corrupt)"]
    assert [part for part in ("statuses", "visibility_delays", "board_jobs") if part in told] == []
    assert sum(queue["dead"] for queue in told["queues"]) == 1
