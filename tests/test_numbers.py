"""docs/numbers.md has a block for each bench, and each block says where its figures come from."""

import re

import pytest

from bench.__main__ import PAGE, machine, names, origin_of, with_figures

TEXT = PAGE.read_text(encoding="utf-8")
ORIGIN = re.compile(r"^\*`[^`]+` · \d{4}-\d\d-\d\d · commit [0-9a-f]{7,}[^·]* · [^·]+\*$")


@pytest.mark.parametrize("name", names())
def test_every_bench_has_a_block_that_names_command_date_commit_and_machine(name: str) -> None:
    (block,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    origin, *figures = block.splitlines()
    assert ORIGIN.match(origin) or (origin.endswith(" · not measured yet*") and not figures)
    assert re.match(rf"\*`python -m bench\.{name}[ `]", origin)


def test_no_figure_stands_outside_of_a_block() -> None:
    outside = re.sub(r"<!-- \w+ -->\n.*?<!-- end -->", "", TEXT, flags=re.DOTALL)
    assert [line for line in outside.splitlines() if line.startswith("|")] == []


def test_new_figures_replace_those_of_their_own_bench_and_no_others() -> None:
    page = "<!-- one -->\nold\n<!-- end -->\n<!-- two -->\nkept\n<!-- end -->\n"
    assert with_figures(page, "one", "*new*", "\n## Table\n| 1 |\n") == (
        "<!-- one -->\n*new*\n\n### Table\n| 1 |\n<!-- end -->\n<!-- two -->\nkept\n<!-- end -->\n"
    )


def test_a_bench_without_a_block_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no block for bench\.new"):
        with_figures("", "new", "*new*", "")


def test_the_origin_of_a_measurement_has_the_form_that_the_page_needs() -> None:
    assert ORIGIN.match(origin_of("moves"))
    assert "cores" in machine()
