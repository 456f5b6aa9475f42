"""A stage's name is part of every name and permission; two stages must not meet in one."""

import pytest

from deploy.target import STAGE_NAME, BadStageName
from deploy.template_file import read_template
from local.engine_key import EngineAddress, EngineKey
from local.stages import on_laptop

NOWHERE = EngineAddress("http://nowhere", EngineKey("an-id", "a-secret"))


@pytest.mark.parametrize("name", ["production-eu", "Staging", "2nd", "", "s" * 22, "staging\n"])
def test_a_name_that_another_stage_could_reach_into_is_refused(name: str) -> None:
    with pytest.raises(BadStageName, match="such as productioneu for production-eu"):
        on_laptop(name, NOWHERE)


@pytest.mark.parametrize("name", ["local", "staging", "production2", "s" * 21])
def test_other_names_are_good(name: str) -> None:
    assert on_laptop(name, NOWHERE).stage == name


def test_the_template_admits_the_same_names() -> None:
    template = read_template()
    assert template["Parameters"]["Stage"]["AllowedPattern"] == STAGE_NAME.pattern
