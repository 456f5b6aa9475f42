"""The tour leads to files that exist, and to functions and classes that are in them."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
STOPS = re.findall(
    r"\[[^\]]+\]\(([^)#]+)\)(?:\s+`(\w+)`)?", (DOCS / "tour.md").read_text(encoding="utf-8")
)
"""Each link of the page, and the name behind it, if there is one."""


@pytest.mark.parametrize("path", sorted({path for path, _ in STOPS}))
def test_a_file_that_the_tour_links_to_is_there(path: str) -> None:
    assert (DOCS / path).resolve().exists()


@pytest.mark.parametrize(("path", "name"), [stop for stop in STOPS if stop[1]])
def test_a_name_in_the_tour_is_defined_in_its_file(path: str, name: str) -> None:
    source = (DOCS / path).read_text(encoding="utf-8")
    assert re.search(rf"^(export )?(async )?(def|class|function) {name}\b", source, re.MULTILINE)


def test_the_tour_names_the_functions_that_carry_a_job() -> None:
    assert {"CreateJob", "AdvanceJob", "judge", "commit", "SettleJob"} <= {n for _, n in STOPS}
