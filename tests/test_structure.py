"""The structure of the tree: rooms, the direction of imports, one meaning for each class name."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.mutants import AREAS

ROOT = Path(__file__).parent.parent
LONGEST = 300
PACKAGES = ("statemachine", "events", "tracking", "functions", "local", "deploy", "cli", "bench")

DOMAIN_ROOMS = (
    ("values",),
    ("job",),
    ("money",),
    ("rules",),
    ("business",),
    ("schedule", "messages"),
    ("settings", "views", "history"),
)
LEVELS = (
    *(tuple(f"statemachine.{room}" for room in rooms) for rooms in DOMAIN_ROOMS),
    ("events", "tracking"),
    ("functions.protocol",),
    ("functions",),
    ("deploy",),
    ("local",),
    ("cli",),
    ("bench",),
)
LEVEL = {module: level for level, modules in enumerate(LEVELS) for module in modules}
"""The direction of imports: a module imports from its own level and from those below.

The root of `statemachine` has no level of its own: it is the flow, on which every room stands, and
what is generated from flow files and rooms.
"""

SAME_MEANING = {
    "Settings": "the environment of one Lambda, read by name in each function's file",
}
"""Class names that several modules define on purpose, with the one meaning they share."""


@cache
def modules() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def level_of(module: str) -> int | None:
    names = [name for name in LEVEL if module == name or module.startswith(name + ".")]
    return LEVEL[max(names, key=len)] if names else None


def imports_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_import_runs_upwards() -> None:
    upwards = []
    for path, tree in modules().items():
        own = level_of(path.removesuffix(".py").replace("/", "."))
        for imported in imports_of(tree):
            level = level_of(imported)
            if own is not None and level is not None and level > own:
                upwards.append(f"{path} imports {imported}")
    assert upwards == []


def test_no_module_imports_a_lambda() -> None:
    """What Lambdas share is in a room; `functions/` itself has one file for each Lambda."""
    lambdas = {f"functions.{p.stem}" for p in (ROOT / "functions").glob("*.py")}
    lambdas.discard("functions.__init__")
    assert "functions.create_job" in lambdas
    importers = [
        f"{path} imports {imported}"
        for path, tree in modules().items()
        if not path.startswith("bench/")
        for imported in imports_of(tree)
        if imported in lambdas
    ]
    assert importers == []


def test_a_class_name_has_one_meaning() -> None:
    defined = defaultdict(set)
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].add(path)
    several = {name: sorted(paths) for name, paths in defined.items() if len(paths) > 1}
    assert {name: paths for name, paths in several.items() if name not in SAME_MEANING} == {}


def test_boto_is_imported_in_the_room_for_it_alone() -> None:
    users = {
        path
        for path, tree in modules().items()
        if path.startswith(("functions/", "statemachine/", "events/", "tracking/"))
        and any(name.split(".")[0] in ("boto3", "botocore") for name in imports_of(tree))
    }
    assert {path for path in users if not path.startswith("functions/aws/")} == set()


def test_the_clock_is_asked_in_one_place() -> None:
    askers = {
        path
        for path, tree in modules().items()
        if not path.startswith("bench/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "datetime.now"
    }
    assert askers == {"functions/protocol/clock.py"}


def test_no_source_file_is_longer_than_a_person_can_hold() -> None:
    sources = [
        path
        for folder in (*PACKAGES, "web", "edge")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js") and path.is_file()
    ]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources
    }
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def test_every_room_says_what_is_in_it() -> None:
    rooms = [path for path in modules() if path.endswith("__init__.py")]
    assert [path for path in rooms if not ast.get_docstring(modules()[path])] == []


def test_the_areas_of_mutants_name_what_is_there() -> None:
    named = {name for area in AREAS.values() for name in (*area.files, *area.tests)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
