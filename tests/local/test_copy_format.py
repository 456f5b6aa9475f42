"""A copy says so when its folder was written by a version whose data this one cannot read."""

from pathlib import Path

import pytest

from local.engine import EngineFailed
from local.laptop import FORMAT, Laptop


def a_copy(state: Path) -> Laptop:
    return Laptop(state, 18080, 14566, report=lambda _: None)


@pytest.mark.parametrize("form", [None, "1"])
def test_a_folder_of_an_earlier_version_is_refused_and_left_as_it_is(
    tmp_path: Path, form: str | None
) -> None:
    (tmp_path / "engine").mkdir()
    if form:
        (tmp_path / "format").write_text(form)
    with pytest.raises(EngineFailed, match=r"made by an earlier version of Haulway.*--state"):
        a_copy(tmp_path).start()
    assert (tmp_path / "engine").is_dir()


def test_a_new_folder_gets_the_present_format(tmp_path: Path) -> None:
    assert not a_copy(tmp_path)._was_set_up()
    assert (tmp_path / "format").read_text() == FORMAT
