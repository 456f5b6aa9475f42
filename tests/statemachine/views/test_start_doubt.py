"""A start that is probably a mistake is found as the pages find it: tests/web/moves.test.js."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from statemachine.flows import load_flow
from statemachine.job.job import Assigned, Job, Schedule
from statemachine.views.start_doubt import BusyDriver, EarlyStart, doubt_about
from statemachine.views.views import card_of
from tests.support.builders import NOON, a_job

HAUL, ZONE = load_flow("haul"), ZoneInfo("America/New_York")
CASES = json.loads(
    (Path(__file__).parents[2] / "data" / "start_doubts.json").read_text(encoding="utf-8")
)
DOUBTS = {"early": EarlyStart, "busy": BusyDriver, None: type(None)}


def seen(number: int, *, status: str = "ready_for_pickup", **values: Any) -> Job:
    start = {"window_start": values.pop("window_start", None)}
    crew = tuple(
        Assigned.model_validate({"role": role, "member": member, "first_name": member.title()})
        for role, member in values.items()
    )
    return a_job(
        status, job_id=f"261121-aaaaa{number}", crew=crew, schedule=Schedule.model_validate(start)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_start_is_doubted(case: dict[str, Any]) -> None:
    move = next(each for each in HAUL.moves if each.name == case.get("move", "start"))
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOON
    others = [card_of(seen(n, **other), HAUL) for n, other in enumerate(case["others"], start=1)]
    found = doubt_about(move, seen(0, **case["job"]), others, now, ZONE)
    assert isinstance(found, DOUBTS[case["doubt"]])
