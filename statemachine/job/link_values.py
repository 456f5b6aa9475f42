"""What a job keeps of its tracking link beside the token."""

from typing import Annotated, Literal

from pydantic import Field

from statemachine.job.records import Digest
from statemachine.values.ids import TOKEN_PATTERN
from statemachine.values.values import Frozen

LinkDays = Annotated[int, Field(strict=True, ge=1, le=730)]
"""How many days after its job's end a link still opens the job; a job is kept no longer."""
USUAL_LINK_DAYS = 30
LinkChange = Literal["replace", "revoke"]
MAX_FORMER = 20
"""How many former links a job keeps: the latest. The view of an earlier one is long gone."""


class JobLink(Frozen):
    """See `statemachine/rules/link.py`."""

    days: LinkDays = USUAL_LINK_DAYS
    """As the business had it at the booking."""
    revoked: bool = False
    former: tuple[Digest, ...] = ()
    """The digests of tokens that were replaced."""
    photo_seed: Annotated[str, Field(pattern=TOKEN_PATTERN)] | None = None
    """The first token; None until the link is replaced."""
