"""What an SMS costs: its parts, and the fields of a template filled in.

A single part holds 160 characters of GSM-7, or 70 otherwise; parts of a longer SMS hold 153 or 67.
One character outside GSM-7 more than doubles the price, so fields lose accents that it lacks.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

from statemachine.values.values import Frozen

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of 3GPP TS 23.038, 6.2.1."""
GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Its extension table, 6.2.1.1. Each of these counts twice."""

SMS_ROOM = {"business": 60, "first_name": 30, "window": 50, "eta": 60, "link": 80}
"""The fields of an SMS, and the most characters that each may have.

`window` begins with a space and `eta` with a comma, so that the SMS also reads well without them.
"""
FIELD = re.compile(r"\{([^{}]*)\}")

TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


class Wording(Frozen):
    """An SMS as it is sent, and how many parts it costs."""

    body: str
    parts: int
    alphabet: Literal["gsm_7", "ucs_2"]


def filled(template: str, fields: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return plain(fields[name])[: SMS_ROOM[name]]

    return FIELD.sub(value, template)


def counted(body: str) -> Wording:
    if set(body) <= GSM_7 | GSM_7_EXTENSION:
        sizes = [2 if letter in GSM_7_EXTENSION else 1 for letter in body]
        return Wording(body=body, parts=_parts(sizes, 160, 153), alphabet="gsm_7")
    sizes = [2 if ord(letter) > 0xFFFF else 1 for letter in body]
    return Wording(body=body, parts=_parts(sizes, 70, 67), alphabet="ucs_2")


def _parts(sizes: list[int], alone: int, each: int) -> int:
    """A character is never split: one that does not fit begins the next part."""
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, each
    for size in sizes:
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts


def plain(text: str) -> str:
    """`text` in GSM-7 as far as possible: José stays José, Martínez becomes Martinez."""
    return "".join(_letters(text.translate(TYPOGRAPHY)))


def _letters(text: str) -> Iterator[str]:
    for letter in unicodedata.normalize("NFC", text):
        bare = unicodedata.normalize("NFKD", letter)[0]
        yield letter if letter in GSM_7 or bare not in GSM_7 else bare
