"""The glossary is the language of the tree: its terms occur, and the words it replaces do not."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
NOT_PROSE = ("LICENSE", "locks/", "docs/glossary.md", "docs/pictures/")
GENERATED = ("docs/openapi.json",)


def rows() -> Iterator[list[str]]:
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|-") and cells[0] not in ("term", "not"):
            yield cells


TERMS = {row[0]: row for row in rows() if len(row) == 4}
FORBIDDEN = sorted(
    {word for row in TERMS.values() for word in row[3].split(", ") if word}
    | {word for row in rows() if len(row) == 2 for word in row[0].split(", ")}
)
WORDS = re.compile(rf"\b({'|'.join(map(re.escape, FORBIDDEN))})\b", re.IGNORECASE)


@cache
def tree() -> dict[str, str]:
    """Every text file that git tracks or would track, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    texts = {}
    for name in listed:
        if not name.startswith(NOT_PROSE) and (ROOT / name).is_file():
            try:
                texts[name] = (ROOT / name).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture
    return texts


def spoken(text: str) -> str:
    """Identifiers as words: `mend_job`, `mendJob`, and `mend-job` all say "mend job"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.sub(r"[_-]", " ", apart)


@cache
def everything() -> str:
    return spoken("\n".join(t for name, t in tree().items() if name != "tests/test_words.py"))


def test_no_word_that_the_glossary_replaces_is_in_the_tree() -> None:
    found = [
        f"{name}:{number}: {match[0]}"
        for name, text in tree().items()
        if name != "tests/test_words.py"
        for number, line in enumerate(text.splitlines(), 1)
        for match in WORDS.finditer(spoken(line))
    ]
    assert found == []


def test_no_path_in_the_tree_has_such_a_word() -> None:
    assert [name for name in tree() if WORDS.search(spoken(name))] == []


def test_the_check_finds_a_word_in_prose_and_in_identifiers() -> None:
    for line in ("Nobody knows", "mend_job()", "mendJob()", "the-inbox"):
        assert WORDS.search(spoken(line)), line
    assert not WORDS.search(spoken("amended, commendable"))


@pytest.mark.parametrize("term", TERMS)
def test_a_term_of_the_glossary_is_in_use(term: str) -> None:
    terms = spoken(term).split(", ")
    wanted = [re.compile(rf"\b{re.escape(each)}(s|es|d|ed)?\b", re.I) for each in terms]
    assert all(pattern.search(everything()) for pattern in wanted)


@pytest.mark.parametrize("term", TERMS)
def test_the_glossary_leads_to_files_that_exist(term: str) -> None:
    places = re.findall(r"`([\w./*-]+/[\w./*-]*)`", TERMS[term][2])
    assert [place for place in places if not list(ROOT.glob(place.rstrip("/")))] == []
