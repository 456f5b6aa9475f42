"""Partners on the bus: whom an event's source speaks for, and whether the event keeps to that.

A partner's role may only use a source of its own, `haulway.partner.TENANT.NAME` (template.yaml).
IAM sees the source and the kind of an event and nothing inside, so the rest is checked here: the
business is the one of the source, and the actor is that partner and no one else.
"""

from typing import Any

from functions.protocol.ports import HaulwayError

PREFIX = "haulway.partner."


class WrongPartner(HaulwayError):
    """The event asks for another business than its source may, or in another's name."""


def check_source(envelope: dict[str, Any]) -> None:
    """Raises WrongPartner. `envelope` is an event as EventBridge delivers it."""
    source = str(envelope.get("source", ""))
    if not source.startswith(PREFIX):
        return
    tenant, _, name = source.removeprefix(PREFIX).partition(".")
    detail = envelope["detail"]
    if detail.get("tenant") != tenant:
        raise WrongPartner("tenant: this source may ask for its own business only")
    if detail.get("actor") != {"kind": "partner", "id": name}:
        raise WrongPartner("actor: send kind `partner` and, as id, the name in your source")
