"""The same sources give the same bytes, wherever they were fetched to."""

import subprocess
from pathlib import Path

import pytest

from deploy.bundle import FLOWS, ROOT, bundle, flows_of, installed
from deploy.template import build
from statemachine.flows import flow_names, load_flow


@pytest.fixture
def clones(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "one", tmp_path / "two" / "deeper"]
    for folder in folders:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folders


def test_two_clones_give_one_bundle_and_one_release(clones: list[Path]) -> None:
    one, two = (bundle(folder) for folder in clones)
    assert one == two
    assert build(one, "b", clones[0]) == build(two, "b", clones[1])


def test_a_release_is_driven_by_the_flows_of_its_own_bundle(tmp_path: Path) -> None:
    assert flows_of(bundle()) == {name: load_flow(name) for name in flow_names()}
    (tmp_path / FLOWS).mkdir(parents=True)
    other = load_flow("haul").with_(version=99)
    (tmp_path / FLOWS / "haul.json").write_text(other.model_dump_json(by_alias=True))
    assert flows_of(bundle(tmp_path)) == {"haul": other}


def test_dependencies_for_another_python_or_platform_are_not_taken_for_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def pip(words: list[str], check: bool) -> None:
        asked.append(words)
        Path(words[words.index("--target") + 1]).mkdir(parents=True)

    monkeypatch.setattr("subprocess.run", pip)
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")
    first = installed(lock, tmp_path)
    assert installed(lock, tmp_path) == first
    monkeypatch.setattr("deploy.bundle.PYTHON", "3.15")
    second = installed(lock, tmp_path)
    monkeypatch.setattr("deploy.bundle.ARCHITECTURE", "x86_64")
    assert len({first, second, installed(lock, tmp_path)}) == len(asked) == 3


def test_dependencies_go_in_without_what_differs_from_machine_to_machine(tmp_path: Path) -> None:
    for name in ("pkg/a.py", "pkg-1.dist-info/METADATA"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    plain = bundle(dependencies=tmp_path)
    for name in ("pkg/__pycache__/a.pyc", "bin/pkg", "pkg-1.dist-info/RECORD"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert bundle(dependencies=tmp_path) == plain
    assert plain != bundle()
