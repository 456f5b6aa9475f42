"""What edits say of a job's texts: whether the customer agreed, and what becomes of a held one."""

from datetime import datetime

from statemachine.job.consent import TextsConsent
from statemachine.job.job import Job
from statemachine.job.unsent_text import UnsentText
from statemachine.rules.edit_request import EditRequest


class TextNotHeld(Exception):
    """There is nothing that the sender may decide; look at the job again."""


def text_values(job: Job, request: EditRequest, now: datetime) -> dict[str, object]:
    """The new values of the job's fields. Raises TextNotHeld."""
    values: dict[str, object] = {}
    agreed, unsent = request.changes.agreed_to_texts, request.changes.unsent_text
    if agreed is not None:
        values["texts_consent"] = TextsConsent(agreed=agreed, at=now, by=request.actor)
    if unsent is not None:
        values["unsent_text"] = _decided(job, request, unsent)
    return values


def _decided(job: Job, request: EditRequest, wanted: UnsentText) -> UnsentText:
    """As the sender of texts says; a person decides about the one that is held."""
    if request.actor.kind == "system":
        return wanted
    held = job.unsent_text
    if held is None or held.state != "held" or held.mark != wanted.mark:
        raise TextNotHeld("no text of that `mark` is held; look at the job again")
    if request.actor.kind != "dispatcher" or wanted.state not in ("send", "drop"):
        raise TextNotHeld("only a dispatcher may `send` or `drop` a text")
    return held.with_(state=wanted.state)
