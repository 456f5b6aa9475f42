"""The table of what was tried on which substitute for AWS names tests that exist."""

from deploy.bundle import ROOT
from docs import fidelity


def test_the_table_is_up_to_date() -> None:
    assert fidelity.FILE.read_text(encoding="utf-8") == fidelity.render(), (
        "run: python -m docs.fidelity"
    )


def test_every_named_test_exists() -> None:
    named = [name.partition("::") for name in sorted(fidelity.tests_named())]
    assert len(named) > 15
    missing = [
        path + mark + test
        for path, mark, test in named
        if not (ROOT / path).is_file()
        or (f"def {test}" not in (ROOT / path).read_text(encoding="utf-8") and test)
    ]
    assert missing == []
