"""Whether a customer agreed to texts: when, after which words, and who says so.

US carriers ask for this record; docs/messages.md has the words by their version.
"""

from typing import Annotated

from pydantic import Field

from statemachine.values.values import Actor, Frozen, Utc

ConsentWording = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,40}$", examples=["booking-1"])]
"""The version of the words that the customer read, such as those of the booking page."""


class TextsConsent(Frozen):
    """The answer of a customer who was asked for it, by a form or by a person."""

    agreed: bool
    at: Utc
    by: Actor
    wording: ConsentWording | None = None
    """None where a person asked, or a form that did not say."""
