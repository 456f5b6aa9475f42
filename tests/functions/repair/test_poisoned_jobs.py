"""An error stays with its own job: sound jobs are served as if the poisoned ones were not there."""

from collections.abc import Callable
from typing import Any

import pytest

from events import JobStuck
from functions.protocol.ports import Unavailable, Unforeseen
from functions.protocol.read_each import Unreadable, read_each
from functions.repair.repair_business import ALL_FAIL
from functions.views.board import PublishBoard
from tests.functions.conftest import Storage
from tests.functions.test_watch_jobs import LATER, MUCH_LATER, WatchdogSetup
from tests.support.builders import a_job
from tests.support.fakes import FakeJobs, board_key, job_key, no_pause
from tests.support.index_fakes import an_index
from tests.support.poisoned_jobs import WRONG, poisoned, sound

SOUND = sound(50)
IDS = [job.job_id for job in SOUND]
POISONED = poisoned()
READABLE = {name for name in WRONG if "the year" in name}
"""Jobs that can be read; only one of their times is implausible."""


def with_poisoned_jobs() -> WatchdogSetup:
    setup = WatchdogSetup(*SOUND)
    for job_id, body in POISONED.values():
        setup.bucket.objects[job_key("main", job_id)] = body
        setup.jobs.mark_open("main", job_id)
    return setup


def test_there_are_at_least_fifty_kinds_of_poisoned_jobs() -> None:
    assert len(POISONED) >= 50


def test_sound_jobs_are_checked_as_if_the_poisoned_ones_were_not_there() -> None:
    setup, alone = with_poisoned_jobs(), WatchdogSetup(*SOUND)
    found = setup.watch.round(LATER, full=True)
    expected = alone.watch.round(LATER, full=True).repaired
    assert {job_id: found.repaired[job_id] for job_id in IDS} == expected
    assert [setup.job(job_id) for job_id in IDS] == [alone.job(job_id) for job_id in IDS]
    assert setup.metrics.counted["WatchRounds"] == 1


@pytest.mark.parametrize("name", POISONED)
def test_each_poisoned_job_is_on_the_stuck_list_with_its_reason(name: str) -> None:
    setup, (job_id, body) = WatchdogSetup(*SOUND[:2]), POISONED[name]
    setup.bucket.objects[job_key("main", job_id)] = body
    setup.jobs.mark_open("main", job_id)
    for _ in range(2):
        setup.watch.round(LATER, full=True)
    [stuck] = setup.stuck.all("main")
    assert stuck.job_id == job_id
    assert bool(stuck.detail)
    assert [fact.job_id for fact in setup.bus.announced(JobStuck)] == [job_id]
    wanted = "implausible" if name in READABLE else "unknown" if name.startswith("unknown") else "c"
    assert stuck.why.startswith(wanted)


def test_a_rebuilt_board_has_all_the_sound_jobs() -> None:
    setup = with_poisoned_jobs()
    good = setup.boards.read("main")
    assert good
    setup.bucket.objects[board_key("main")] = b"{"
    board = setup.watch.publish.rebuild("main", LATER)
    assert {job_id: board.jobs[job_id] for job_id in IDS} == good.value.jobs


def test_of_several_jobs_the_sound_ones_are_repaired_and_the_others_have_a_reason() -> None:
    setup = with_poisoned_jobs()
    poison = {job_id for job_id, _ in POISONED.values()}
    done = setup.watch.repair_some("main", [*poison, *IDS], MUCH_LATER)
    assert [done.repaired[job_id] for job_id in IDS] == [["resumed"]] * len(IDS)
    unreadable = {job_id for name, (job_id, _) in POISONED.items() if name not in READABLE}
    assert done.failed.keys() == unreadable


@pytest.mark.parametrize("name", ["truncated", "deep nesting", "month 13"])
def test_an_unreadable_job_is_named_and_the_rest_are_read(storage: Storage, name: str) -> None:
    storage.put(job_key("main", "261121-000001"), POISONED[name][1])
    storage.put(job_key("main", "no-job-id"), b"{}")
    storage.jobs.create(a_job())
    first, second = read_each(storage.jobs, "main", storage.jobs.all_ids("main"))
    assert isinstance(first, Unreadable)
    assert first.job_id == "261121-000001"
    assert second == a_job()
    board = PublishBoard(storage.jobs, storage.boards, an_index(), no_pause).rebuild("main", LATER)
    assert list(board.jobs) == [a_job().job_id]


# -- an unforeseen error


class Trap(FakeJobs):
    """A job that makes its reader fail, until it is repaired."""

    sprung: Callable[[str], bool] = staticmethod(lambda job_id: job_id == IDS[0])

    def read(self, tenant: str, job_id: str) -> Any:
        if self.sprung(job_id):
            raise KeyError("Ada Wong, +15555550123")
        return super().read(tenant, job_id)


def trapped(sprung: Callable[[str], bool]) -> WatchdogSetup:
    setup = WatchdogSetup(*SOUND)
    jobs = Trap(setup.bucket)
    jobs.sprung = sprung
    object.__setattr__(setup.watch, "jobs", jobs)
    return setup


def test_a_job_that_breaks_our_code_is_stuck_and_the_others_go_on() -> None:
    setup = trapped(lambda job_id: job_id == IDS[0])
    found = setup.watch.round(LATER, full=True)
    assert found.stuck == IDS[:1]
    assert list(found.repaired) == IDS[1:]
    [stuck] = setup.stuck.all("main")
    assert stuck.job_id == IDS[0]
    assert stuck.why == "unforeseen"
    assert stuck.detail
    assert stuck.detail.startswith("KeyError at tests/functions/repair/test_poisoned_jobs.py:")
    assert setup.metrics.counted["WatchRounds"] == 1


def test_it_is_no_longer_stuck_once_our_code_can_handle_it() -> None:
    broken = [IDS[0]]
    setup = trapped(lambda job_id: job_id in broken)
    setup.watch.round(LATER, full=True)
    broken.clear()
    assert setup.watch.round(MUCH_LATER, full=True).repaired[IDS[0]] == ["resumed"]
    assert setup.stuck.all("main") == []


def test_if_every_job_fails_no_job_is_marked() -> None:
    setup = trapped(lambda job_id: True)
    assert len(IDS) >= ALL_FAIL
    with pytest.raises(Unavailable, match=f"all of {len(IDS)} jobs failed: KeyError at"):
        setup.watch.round(LATER, full=True)
    assert setup.stuck.all("main") == []


def test_the_answer_to_a_repair_says_why_it_failed_and_nothing_from_the_job() -> None:
    setup = trapped(lambda job_id: job_id == IDS[0])
    with pytest.raises(Unforeseen, match="KeyError at tests/") as told:
        setup.watch.repair("main", IDS[0], LATER)
    assert "Ada" not in str(told.value)
    assert [stuck.why for stuck in setup.stuck.all("main")] == ["unforeseen"]


def test_an_unreadable_stuck_entry_is_rewritten_and_stops_no_round() -> None:
    setup = WatchdogSetup(*SOUND[:2])
    key = f"tenants/main/stuck/{IDS[0]}.json"
    setup.bucket.objects[key] = b"{"
    setup.bucket.objects["tenants/main/stuck/README.json"] = b"{}"
    setup.bucket.objects[job_key("main", IDS[0])] = b"{"
    assert setup.round(LATER) == {IDS[1]: ["resumed"]}
    assert [stuck.why for stuck in setup.stuck.all("main")] == ["corrupt"]
