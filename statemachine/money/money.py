"""Parses amounts in US dollars as people write them.

In English and Spanish, amounts have a decimal point, as `1,240.50`. A comma before two digits is
refused, because as a thousands separator `240,50` would be a hundred times too much.
"""

import re

from statemachine.job.prices import MOST_CENTS

_PLAIN = re.compile(r"([0-9]{1,7}|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.([0-9]{1,2}))?")
_WRITE = "write dollars, as 600 or 1,240.50"


def parse_money(text: str) -> int:
    """Cents for `600`, `$1,240.50`, `1240.5`. Raises ValueError with a sentence for the person."""
    found = _PLAIN.fullmatch(text.strip().removeprefix("$").lstrip())
    if not found:
        if re.fullmatch(r"\$?[0-9.]+,[0-9]{1,2}", text.strip()):
            raise ValueError("a comma separates thousands; write the cents after a point: 240.50")
        raise ValueError(f"this is not an amount; {_WRITE}")
    dollars, fraction = found.groups(default="")
    cents = int(dollars.replace(",", "")) * 100 + int(fraction.ljust(2, "0"))
    if cents > MOST_CENTS:
        raise ValueError(f"the amount is over ${MOST_CENTS // 100:,}; {_WRITE}")
    return cents
