"""A fault stays with its own job: poisoned jobs beside sound ones, which are served as if alone."""

from collections.abc import Callable
from typing import Any

import pytest

from events import JobStuck
from functions.protocol.ports import Unavailable, Unforeseen
from functions.protocol.read_each import Unreadable, read_each
from functions.publish_board import PublishBoard
from functions.repair.repair_business import ALL_FAIL
from tests.functions.conftest import Ground
from tests.functions.test_watch_jobs import LATER, MUCH_LATER, Yard
from tests.support.builders import a_job
from tests.support.fakes import FakeJobs, board_key, job_key, no_pause
from tests.support.poisoned_jobs import WRONG, poisoned, sound

SOUND = sound(50)
IDS = [job.job_id for job in SOUND]
POISONED = poisoned()
READABLE = {name for name in WRONG if "the year" in name}
"""These can be read and worked with; only what they say cannot be meant."""


def beside_poison() -> Yard:
    yard = Yard(*SOUND)
    for job_id, body in POISONED.values():
        yard.bucket.objects[job_key("main", job_id)] = body
        yard.jobs.mark_open("main", job_id)
    return yard


def test_there_are_fifty_kinds_of_poison() -> None:
    assert len(POISONED) >= 50


def test_sound_jobs_are_looked_after_as_if_the_poisoned_were_not_there() -> None:
    yard, alone = beside_poison(), Yard(*SOUND)
    found = yard.watch.round(LATER, full=True)
    expected = alone.watch.round(LATER, full=True).repaired
    assert {job_id: found.repaired[job_id] for job_id in IDS} == expected
    assert [yard.job(job_id) for job_id in IDS] == [alone.job(job_id) for job_id in IDS]
    assert yard.metrics.counted["WatchRounds"] == 1


@pytest.mark.parametrize("name", POISONED)
def test_each_poisoned_job_is_on_the_stuck_list_with_its_reason(name: str) -> None:
    yard, (job_id, body) = Yard(*SOUND[:2]), POISONED[name]
    yard.bucket.objects[job_key("main", job_id)] = body
    yard.jobs.mark_open("main", job_id)
    for _ in range(2):
        yard.watch.round(LATER, full=True)
    [stuck] = yard.stuck.all("main")
    assert (stuck.job_id, bool(stuck.detail)) == (job_id, True)
    assert [fact.job_id for fact in yard.bus.announced(JobStuck)] == [job_id]
    wanted = "implausible" if name in READABLE else "unknown" if name.startswith("unknown") else "c"
    assert stuck.why.startswith(wanted)


def test_a_rebuilt_board_has_all_the_sound_jobs() -> None:
    yard = beside_poison()
    good = yard.boards.read("main")
    assert good
    yard.bucket.objects[board_key("main")] = b"{"
    board = yard.watch.publish.rebuild("main", LATER)
    assert {job_id: board.jobs[job_id] for job_id in IDS} == good.value.jobs


def test_sound_jobs_of_a_lot_are_redriven_and_of_the_others_it_is_told_why() -> None:
    yard = beside_poison()
    poison = {job_id for job_id, _ in POISONED.values()}
    done = yard.watch.repair_some("main", [*poison, *IDS], MUCH_LATER)
    assert [done.repaired[job_id] for job_id in IDS] == [["resumed"]] * len(IDS)
    unreadable = {job_id for name, (job_id, _) in POISONED.items() if name not in READABLE}
    assert done.failed.keys() == unreadable


@pytest.mark.parametrize("name", ["truncated", "deep nesting", "past the end of time"])
def test_one_that_cannot_be_read_is_named_and_the_rest_is_read(ground: Ground, name: str) -> None:
    ground.put(job_key("main", "261121-000001"), POISONED[name][1])
    ground.put(job_key("main", "no-job-id"), b"{}")
    ground.jobs.create(a_job())
    first, second = read_each(ground.jobs, "main", ground.jobs.all_ids("main"))
    assert isinstance(first, Unreadable)
    assert (first.job_id, second) == ("261121-000001", a_job())
    board = PublishBoard(ground.jobs, ground.boards, no_pause).rebuild("main", LATER)
    assert list(board.jobs) == [a_job().job_id]


# -- an error that no one foresaw


class Trap(FakeJobs):
    """A job that breaks whoever reads it, until it is repaired."""

    sprung: Callable[[str], bool] = staticmethod(lambda job_id: job_id == IDS[0])

    def read(self, tenant: str, job_id: str) -> Any:
        if self.sprung(job_id):
            raise KeyError("Ada Wong, +15555550123")
        return super().read(tenant, job_id)


def trapped(sprung: Callable[[str], bool]) -> Yard:
    yard = Yard(*SOUND)
    jobs = Trap(yard.bucket)
    jobs.sprung = sprung
    object.__setattr__(yard.watch, "jobs", jobs)
    return yard


def test_a_job_that_breaks_our_code_is_stuck_and_the_others_go_on() -> None:
    yard = trapped(lambda job_id: job_id == IDS[0])
    found = yard.watch.round(LATER, full=True)
    assert (found.stuck, list(found.repaired)) == (IDS[:1], IDS[1:])
    [stuck] = yard.stuck.all("main")
    assert (stuck.job_id, stuck.why) == (IDS[0], "unforeseen")
    assert stuck.detail
    assert stuck.detail.startswith("KeyError at tests/functions/repair/test_poisoned_jobs.py:")
    assert yard.metrics.counted["WatchRounds"] == 1


def test_it_is_stuck_no_more_once_our_code_gets_through_it() -> None:
    broken = [IDS[0]]
    yard = trapped(lambda job_id: job_id in broken)
    yard.watch.round(LATER, full=True)
    broken.clear()
    assert yard.watch.round(MUCH_LATER, full=True).repaired[IDS[0]] == ["resumed"]
    assert yard.stuck.all("main") == []


def test_where_every_job_breaks_it_is_the_code_and_no_job_is_marked() -> None:
    yard = trapped(lambda job_id: True)
    assert len(IDS) >= ALL_FAIL
    with pytest.raises(Unavailable, match=f"all of {len(IDS)} jobs failed: KeyError at"):
        yard.watch.round(LATER, full=True)
    assert yard.stuck.all("main") == []


def test_a_person_who_asks_for_it_is_told_and_nothing_of_the_job_is_in_the_answer() -> None:
    yard = trapped(lambda job_id: job_id == IDS[0])
    with pytest.raises(Unforeseen, match="KeyError at tests/") as told:
        yard.watch.repair("main", IDS[0], LATER)
    assert "Ada" not in str(told.value)
    assert [stuck.why for stuck in yard.stuck.all("main")] == ["unforeseen"]


def test_a_mark_that_cannot_be_read_is_made_again_and_stops_no_round() -> None:
    yard = Yard(*SOUND[:2])
    key = f"tenants/main/stuck/{IDS[0]}.json"
    yard.bucket.objects[key] = b"{"
    yard.bucket.objects["tenants/main/stuck/README.json"] = b"{}"
    yard.bucket.objects[job_key("main", IDS[0])] = b"{"
    assert yard.round(LATER) == {IDS[1]: ["resumed"]}
    assert [stuck.why for stuck in yard.stuck.all("main")] == ["corrupt"]
