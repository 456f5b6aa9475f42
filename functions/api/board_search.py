"""Which cards a search finds: by words, without accents and case, and by a number's last digits.

`web/dispatch/state/board.js` searches the board in the same way.
"""

import re
import unicodedata

from statemachine.views import Card

NUMBER = re.compile(r"[\d\s().+-]+", re.ASCII)


def finds(text: str, card: Card) -> bool:
    """Whether each word of `text` is on the card, or all of it can be its phone number."""
    wanted = plain(text)
    if _is_phone(wanted, card):
        return True
    haystack = _searchable(card)
    return all(word in haystack or _is_phone(word, card) for word in wanted.split())


def plain(text: str) -> str:
    """`jose` for `José`; full-width and other forms of letters count as the letter."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def _searchable(card: Card) -> str:
    crew = (member.first_name for member in card.crew)
    return plain("\n".join((card.customer, card.address, card.job_id, card.load or "", *crew)))


def _is_phone(wanted: str, card: Card) -> bool:
    """A whole number, or the end of one; the card has no more than its last four digits."""
    if card.phone_end is None or not NUMBER.fullmatch(wanted):
        return False
    return re.sub(r"\D", "", wanted).endswith(card.phone_end)
