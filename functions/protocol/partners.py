"""Partners on the bus: an event must be about the business, and by the partner, of its source.

A partner's role may only use its own source, `haulway.partner.TENANT.NAME` (template.yaml). IAM
checks the source and the detail type of an event, but not its content, so that is checked here.
"""

from typing import Any

from functions.protocol.ports import HaulwayError

PREFIX = "haulway.partner."


class WrongPartner(HaulwayError):
    """The event is about another business, or names another actor, than its source allows."""


def check_source(envelope: dict[str, Any]) -> None:
    """Raises WrongPartner. `envelope` is an event as EventBridge delivers it."""
    source = str(envelope.get("source", ""))
    if not source.startswith(PREFIX):
        return
    tenant, _, name = source.removeprefix(PREFIX).partition(".")
    detail = envelope["detail"]
    if detail.get("tenant") != tenant:
        raise WrongPartner("tenant: this source may only send requests for its own business")
    if detail.get("actor") != {"kind": "partner", "id": name}:
        raise WrongPartner("actor: send kind `partner` and, as id, the name in your source")
