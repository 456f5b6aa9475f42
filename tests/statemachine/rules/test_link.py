"""A job's link: replaced, revoked, and ended some days after the job."""

from datetime import timedelta

import pytest

from statemachine.job.job import Job
from statemachine.job.link_values import MAX_FORMER, JobLink
from statemachine.rules.edits import EditRefused, edited
from statemachine.rules.link import dead_digests, link_ends_at, link_is_alive
from statemachine.rules.proof_of_service import photo_id_of
from statemachine.values.ids import digest_of
from statemachine.values.values import Actor
from tests.support.builders import CREW, NOON, PARTNER, TOKEN, a_job, an_edit

NEW, NEWER = "n" * 22, "m" * 22
OLD = digest_of(TOKEN)


def changed(job: Job, link: str, event_id: str = "edit-1", token: str = NEW) -> Job:
    request = an_edit(job, link=link).model_copy(update={"event_id": event_id})
    return edited(job, request, NOON, new_token=lambda: token)


def test_a_replaced_link_has_another_token_and_the_former_digest_is_dead() -> None:
    job = changed(a_job(), "replace")
    assert job.token == NEW
    assert job.link.former == (OLD,)
    assert link_is_alive(job, NOON)
    assert dead_digests(job, NOON) == (OLD,)


def test_the_edit_says_that_the_link_was_changed_and_not_to_what() -> None:
    (edit,) = changed(a_job(), "replace").edits
    assert edit.fields == ("link",)
    assert NEW not in edit.model_dump_json()


def test_a_copy_of_the_request_replaces_nothing_again() -> None:
    job = changed(a_job(), "replace")
    assert changed(job, "replace", token=NEWER) is job


def test_of_two_replacements_the_last_one_lives() -> None:
    job = changed(changed(a_job(), "replace"), "replace", "edit-2", NEWER)
    assert job.token == NEWER
    assert dead_digests(job, NOON) == (OLD, digest_of(NEW))


def test_only_so_many_former_links_are_kept_the_latest() -> None:
    job = a_job()
    for number in range(MAX_FORMER + 5):
        job = changed(job, "replace", f"edit-{number}", f"{number:022}")
    assert len(job.link.former) == MAX_FORMER
    assert job.link.former[-1] == digest_of(f"{MAX_FORMER + 3:022}")


def test_a_revoked_link_is_dead_until_it_is_replaced() -> None:
    revoked = changed(a_job(), "revoke")
    assert revoked.token == TOKEN
    assert not link_is_alive(revoked, NOON)
    assert dead_digests(revoked, NOON) == (OLD,)
    again = changed(revoked, "replace", "edit-2")
    assert link_is_alive(again, NOON)
    assert dead_digests(again, NOON) == (OLD,)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_link_ends_so_many_days_after_its_job(status: str) -> None:
    job = a_job(status, link=JobLink(days=7))
    end = NOON + timedelta(days=7)
    assert link_ends_at(job) == end
    assert link_is_alive(job, end - timedelta(seconds=1))
    assert not link_is_alive(job, end)
    assert dead_digests(job, end) == (OLD,)


def test_the_link_of_an_open_job_does_not_end() -> None:
    job = a_job("in_progress")
    assert link_ends_at(job) is None
    assert link_is_alive(job, NOON + timedelta(days=5000))


@pytest.mark.parametrize("actor", [CREW, PARTNER, Actor(kind="customer", id="link")])
@pytest.mark.parametrize("change", ["replace", "revoke"])
def test_only_a_dispatcher_changes_a_link(actor: Actor, change: str) -> None:
    job = a_job()
    request = an_edit(job, link=change).model_copy(update={"actor": actor})
    with pytest.raises(EditRefused) as refused:
        edited(job, request, NOON)
    assert refused.value.why == "link_not_allowed"


def test_a_photo_that_is_being_uploaded_keeps_its_name() -> None:
    job = a_job()
    name = photo_id_of(job, "photo-1")
    for number, token in enumerate((NEW, NEWER)):
        job = changed(job, "replace", f"edit-{number}", token)
        assert photo_id_of(job, "photo-1") == name


def test_a_job_stored_before_links_ended_has_one_that_lives() -> None:
    stored = a_job().model_dump(mode="json", exclude={"link"})
    assert link_is_alive(Job.model_validate(stored), NOON)
