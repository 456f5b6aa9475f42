"""Text from strangers as cells of a CSV file that no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The last four are =, +, -, and @ in full width, which spreadsheets in Japanese take for them."""
PHONE = re.compile(r"\+[0-9]+")
"""Digits only: nothing that a spreadsheet could run."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A whole file; every cell of `rows` is made safe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([as_cell(value) for value in row] for row in rows)
    return text.getvalue()


def as_cell(text: str) -> str:
    """The text as a CSV cell that no spreadsheet takes for a formula; `from_cell` undoes it."""
    return f"'{text}" if FORMULA.match(text) and not PHONE.fullmatch(text) else text


def from_cell(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text
