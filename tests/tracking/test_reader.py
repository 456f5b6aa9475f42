"""The reader plays its scenarios, breaks no rule, and agrees with the JavaScript reader."""

import json
import shutil
import subprocess
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.random_network import any_scenario
from tests.tracking.rules import violations
from tests.tracking.scenario_player import (
    EPOCH_MS,
    SCENARIOS,
    Player,
    Scenario,
    mulberry32,
    play,
    scenarios,
    text_of,
    view_of,
)
from tracking.display import Display, Kind
from tracking.polling_policy import Policy
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep
from tracking.responses import Reason, Response
from tracking.saved_view import SavedView, may_replace, saved_view_in

ALL = scenarios()
FOR_NODE = Path(__file__).parents[1] / "web" / "scenario_player.js"


def by_name(scenario: Scenario) -> str:
    return str(scenario["name"])


@pytest.mark.parametrize("scenario", ALL, ids=by_name)
def test_a_scenario_leaves_its_trace(scenario: Scenario) -> None:
    assert play(scenario) == scenario["trace"]


@pytest.mark.parametrize("scenario", ALL, ids=by_name)
def test_no_recorded_trace_breaks_a_rule(scenario: Scenario) -> None:
    assert violations(scenario, scenario["trace"]) == []


def test_there_are_many_scenarios_with_unique_names() -> None:
    assert len(ALL) >= 110
    assert len({by_name(one) for one in ALL}) == len(ALL)


def test_scenario_files_have_the_format_of_the_recorder() -> None:
    for path in SCENARIOS.glob("*.json"):
        assert path.read_text() == text_of(json.loads(path.read_text())), path.name


def test_the_scenarios_show_every_kind_and_every_reason() -> None:
    lines = [line for one in ALL for line in one["trace"] if "show" in line]
    assert {line["show"] for line in lines} == set(get_args(Kind))
    assert {line["reason"] for line in lines if "reason" in line} == set(get_args(Reason))


@given(st.randoms(use_true_random=False))
def test_random_scenarios_break_no_rule(random: Random) -> None:
    scenario = any_scenario(random)
    assert violations(scenario, play(scenario)) == [], json.dumps(scenario)


@given(st.randoms(use_true_random=False))
def test_a_view_is_passed_on_unchanged_and_shown_only_when_something_changed(
    random: Random,
) -> None:
    scenario = any_scenario(random) | {"signals": [], "policy": {}}
    answers = scenario["answers"]
    came = [json.loads(one["body"].lstrip("\ufeff")) for one in answers if _is_view(one)]
    came += [view_of(one["view"]) for one in answers if "view" in one]
    came += [view_of(scenario["memory"]["view"])] if "memory" in scenario else []
    player = Player(scenario)
    player.play()
    assert all(shown.view is None or shown.view in came for shown in player.shown)
    assert all(one != after for one, after in pairwise(player.shown))


def _is_view(line: dict[str, str]) -> bool:
    return '"terminal"' in line.get("body", "") and "NaN" not in line["body"]


@given(st.randoms(use_true_random=False))
def test_the_saved_view_is_always_the_newest_one_shown(random: Random) -> None:
    """It is saved after each answer and read in the next visit."""
    scenario = any_scenario(random)
    floor = 0
    kept: str | None = None
    for _ in range(3):
        player = Player(scenario | {"memory_text": kept, "until_ms": 60_000, "memory": None})
        player.play()
        revs = [shown.view["rev"] for shown in player.shown if shown.view is not None]
        assert [floor, *revs] == sorted([floor, *revs])
        kept, floor = player.kept, max([floor, *revs])
        remembered = saved_view_in(kept)
        assert (remembered.rev if remembered is not None else 0) == floor


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_both_readers_have_one_policy_and_the_same_traces_of_random_scenarios() -> None:
    seed = Random().randint(0, 10**9)
    chosen = [any_scenario(Random(seed + number)) for number in range(150)]
    done = subprocess.run(
        ["node", str(FOR_NODE)],
        input=json.dumps(chosen),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    other = json.loads(done.stdout)
    assert other["policy"] == asdict(Policy())
    for number, scenario in enumerate(chosen):
        assert other["traces"][number] == play(scenario), f"any_scenario(Random({seed + number}))"


def test_the_random_generator_gives_the_known_numbers_for_its_seed() -> None:
    """The first values of mulberry32 for seed 0, in either language."""
    numbers = mulberry32(0)
    assert [int(numbers() * 2**32) for _ in range(3)] == [1144304738, 1416247, 958946056]


def test_an_answer_without_a_request_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="call step"):
        Reader(EPOCH_MS).receive(None, EPOCH_MS)


def test_a_reader_waits_for_its_answer() -> None:
    reader = Reader(EPOCH_MS)
    assert reader.step(EPOCH_MS) == Fetch("edge", EPOCH_MS, None)
    assert reader.step(EPOCH_MS + 1) == Sleep(None)


def test_a_view_that_is_missing_until_the_budget_ends_is_not_found_at_that_moment() -> None:
    reader, end_ms = Reader(EPOCH_MS), EPOCH_MS + Policy().prepare_budget_s * 1000
    for now_ms in (EPOCH_MS, end_ms):
        reader.step(now_ms)
        reader.receive(Response(404, {}, ""), now_ms)
    assert reader.shown == Display("not_found")


def test_the_headers_request_json_and_have_the_condition() -> None:
    assert Fetch("edge", 0, '"7"').headers == {"accept": "application/json", "if-none-match": '"7"'}
    assert Fetch("edge", 0, None).headers == {"accept": "application/json"}


def test_an_age_counts_from_the_check_and_is_never_negative() -> None:
    assert Display("current", view_of({}), 5_000).age_ms(9_000) == 4_000
    assert Display("current", view_of({}), 5_000).age_ms(4_000) == 0
    assert Display("asking").age_ms(9_000) is None


def test_two_visits_share_a_storage_whose_rev_never_decreases() -> None:
    seven, eight = (SavedView(view_of({"rev": rev})) for rev in (7, 8))
    assert may_replace(seven, None)
    assert may_replace(eight, seven)
    assert may_replace(eight, eight)
    assert not may_replace(seven, eight)


def test_a_document_too_deep_to_parse_is_trouble() -> None:
    reader = Reader(EPOCH_MS)
    reader.step(EPOCH_MS)
    reader.receive(Response(200, {}, "[" * 100_000), EPOCH_MS)
    assert reader.shown == Display("trouble", reason="bad_answer")
