"""A world that could not fail would prove nothing: it finds each mistake put into the code."""

import pytest

from tests.simulation.mistakes import MISTAKES, Mistake, found, made


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_the_code_is_found(mistake: Mistake) -> None:
    with made(mistake):
        hit = found(mistake.seed)
    assert hit is not None
    assert hit[1].rule == mistake.rule
