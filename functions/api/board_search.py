"""Searching the board: by words, ignoring accents and case, and by a phone number's last digits.

`web/dispatch/state/board.js` searches the same way.
"""

import re

from statemachine.history.job_search import NUMBER, normalized
from statemachine.views.views import Card


def matches(text: str, card: Card) -> bool:
    """Whether every word of `text` is on the card, or all of `text` may be its phone number."""
    wanted = normalized(text)
    if _is_phone(wanted, card):
        return True
    haystack = _searchable(card)
    return all(word in haystack or _is_phone(word, card) for word in wanted.split())


def _searchable(card: Card) -> str:
    crew = (member.first_name for member in card.crew)
    return normalized("\n".join((card.customer, card.address, card.job_id, card.load or "", *crew)))


def _is_phone(wanted: str, card: Card) -> bool:
    """A whole number or its end; the card holds only the last four digits."""
    if card.phone_end is None or not NUMBER.fullmatch(wanted):
        return False
    return re.sub(r"\D", "", wanted).endswith(card.phone_end)
