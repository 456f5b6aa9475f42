"""Text as people write it, without what no one can see.

It is stored as sent except for three steps: Unicode NFC, whitespace removed at both ends, and in
notes CR LF replaced by LF. Everything else is kept as it is or refused.
"""

import re
import unicodedata
from collections.abc import Iterator

_JOINERS = "\u200c\u200d"
"""They join letters of some scripts and parts of an emoji; elsewhere they are invisible."""
_FIRST_JOINED = "\u0590"
"""Before it are the alphabets that are never joined: Latin, Greek, Cyrillic, Armenian."""
MOST_MARKS = 8
"""In a row: more than any script stacks on a letter, few enough to stay in their line."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Hangul fillers and the empty Braille cell: letters and symbols that show nothing."""
_MARKS = {"Mn", "Me"}
_SEPARATORS = {"Zl", "Zp"}
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\u0085")


def line_of_text(text: str) -> str:
    """One line: a name, an address, a code. Raises ValueError."""
    return _checked(text, kept="")


def note_text(text: str) -> str:
    """Several lines. Raises ValueError."""
    return _checked(_LINE_ENDS.sub("\n", text), kept="\n\t")


def without_hidden(text: str) -> str:
    """`text` as a note, without the characters that a note may not have; possibly empty.

    For text that cannot be returned to its sender for correction, as an SMS.
    """
    lines = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    hidden = set(_hidden_in(lines, "\n\t"))
    kept = "".join(each for at, each in enumerate(lines) if at not in hidden).strip()
    return kept if any(map(_is_visible, kept)) else ""


def _checked(text: str, kept: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    if next(_hidden_in(plain, kept), None) is not None:
        raise ValueError("it has a control or invisible character; type it again without")
    if not any(map(_is_visible, plain)):
        raise ValueError("it is blank; write something that can be read")
    return plain


def _hidden_in(text: str, kept: str) -> Iterator[int]:
    """Where `text` has what does not belong into it, except the characters in `kept`."""
    marks = 0
    for at, each in enumerate(text):
        marks = marks + 1 if unicodedata.category(each) in _MARKS else 0
        if each in _JOINERS:
            hidden = not _joins(text[at - 1 : at], text[at + 1 : at + 2])
        else:
            hidden = each not in kept and _is_hidden(each)
        if hidden or marks > MOST_MARKS:
            yield at


def _joins(before: str, after: str) -> bool:
    if not before or not after or before in _JOINERS:
        return False
    return max(before, after) >= _FIRST_JOINED


def _is_hidden(character: str) -> bool:
    """Whether it is a control, format, surrogate, or separator character, or a noncharacter."""
    category = unicodedata.category(character)
    if category == "Cn":
        return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return category in {"Cc", "Cf", "Cs"} | _SEPARATORS


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    blank = category[0] in "ZC" and category not in {"Cn", "Co"}
    return not blank and category not in _MARKS and character not in _BLANK_LETTERS
