"""Whatever is lost, doubled, late, or overtaken: no rule is broken, and at rest all is right."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from statemachine.schedule.reservations import ABANDONED_AFTER
from tests.api.api_fixture import ApiReply
from tests.simulation.choices import Choices, shrunk
from tests.simulation.play import Outcome, Player, play_seed, report, simplest
from tests.simulation.world import in_order

RUNS, AT_ONCE, STEPS = 100, 20, 300


@pytest.mark.parametrize("first", range(0, RUNS, AT_ONCE))
def test_no_rule_is_broken(first: int) -> None:
    """`python -m tests.simulation.play SEED` plays a seed again; `make soak` plays many more."""
    played = [play_seed(seed, STEPS) for seed in range(first, first + AT_ONCE)]
    broken = next((n for n, outcome in enumerate(played) if outcome.broken), None)
    if broken is not None:
        pytest.fail(f"seed {first + broken}:\n{report(simplest(played[broken], STEPS))}")
    assert sum(outcome.interleaved for outcome in played) > 10 * AT_ONCE
    assert sum(outcome.injected.total() for outcome in played) > 2 * AT_ONCE


def test_a_seed_gives_the_same_run_in_every_process() -> None:
    """Hash seeds differ, so nothing may depend on the order of a set."""
    code = "from tests.simulation.play import play_seed; print(play_seed(3).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert digests == {play_seed(3).digest + "\n"}


def test_other_seeds_give_other_runs() -> None:
    assert len({play_seed(seed, 60).digest for seed in range(5)}) == 5


OK, NOT_NOW = ApiReply(200, {}, [], "{}"), ApiReply(503, {}, [], "{}")


def test_at_rest_a_request_waits_for_what_another_has_begun() -> None:
    player, done = Player(Choices()), list[str]()

    def slow() -> None:
        player.world.may_be_overtaken("PutObject")
        done.append("slow")

    player.people.request("eager", lambda: OK if done else NOT_NOW)
    player.world.start("slow", slow)
    with in_order():
        assert player.play(0).broken is None


def test_at_rest_a_request_waits_until_what_was_left_undone_no_longer_counts() -> None:
    player = Player(Choices())
    then = player.world.now + ABANDONED_AFTER
    player.people.request("eager", lambda: OK if player.world.now >= then else NOT_NOW)
    with in_order():
        assert player.play(0).broken is None


def test_choices_can_be_made_again() -> None:
    first = Choices(seed=1)
    made = [first.below(10), first.weighted((5, 0, 5)), first.below(3)]
    again = Choices(given=first.made)
    assert [again.below(10), again.weighted((5, 0, 5)), again.below(3)] == made
    assert again.are_over
    assert again.below(10) == 0


def test_a_failure_is_made_smaller() -> None:
    """What matters is a 7 that comes before a 3; everything else goes."""

    def fails(choices: Sequence[int]) -> bool:
        return 7 in choices and 3 in list(choices)[choices.index(7) :]

    assert shrunk([1, 5, 9, 7, 2, 2, 8, 3, 4, 4], fails) == [7, 3]


def test_a_rule_names_itself() -> None:
    assert Outcome([], [], broken=AssertionError("a: b")).rule == "a"
    assert Outcome([], []).rule is None
