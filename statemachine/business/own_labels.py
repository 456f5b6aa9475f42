"""A business's own labels for statuses: which there are, and a flow that has them.

A label has the name of its flow and status, such as `haul.ready_for_pickup`. What a request's
status is called on the customer's page has a name of its own, `haul.pending_pickup.requested`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from statemachine.flows import Flow, Status, flow_names, load_flow
from statemachine.job.bounds import StatusLabelInput
from statemachine.values.values import LANGUAGES, Frozen, Language, Text

LabelName = Annotated[
    str, Field(pattern=r"^[a-z0-9_.]{1,100}$", examples=["haul.ready_for_pickup"])
]


class OwnLabel(Frozen):
    """For one status; a language that is left out keeps our label."""

    en: StatusLabelInput | None = None
    es: StatusLabelInput | None = None

    def get(self, language: Language) -> str | None:
        return self.es if language == "es" else self.en


OwnLabels = Mapping[str, OwnLabel]


def our_labels() -> dict[str, Text]:
    """Every label by its name, in our words."""
    known: dict[str, Text] = {}
    for flow in map(load_flow, flow_names()):
        for status in flow.statuses:
            known[_name(flow, status)] = status.label
            if status.requested:
                known[f"{_name(flow, status)}.requested"] = status.requested.label
    return known


def labeled(flow: Flow, own: OwnLabels) -> Flow:
    """The flow with the business's own labels."""
    if not own:
        return flow
    return flow.with_(statuses=tuple(_labeled(flow, status, own) for status in flow.statuses))


def _labeled(flow: Flow, status: Status, own: OwnLabels) -> Status:
    name, requested = _name(flow, status), status.requested
    if requested:
        label = _chosen(requested.label, own.get(f"{name}.requested"))
        requested = requested.with_(label=label)
    return status.with_(label=_chosen(status.label, own.get(name)), requested=requested)


def _chosen(ours: Text, own: OwnLabel | None) -> Text:
    return Text(en=own.en or ours.en, es=own.es or ours.es) if own else ours


def ambiguous_labels(flow: Flow, own: OwnLabels) -> Iterator[tuple[str, Language]]:
    """The own labels that another status of the flow has too: the board could not tell them
    apart."""
    statuses = labeled(flow, own).statuses
    for language in LANGUAGES:
        times = Counter(status.label.get(language).casefold() for status in statuses)
        for status in statuses:
            mine = own.get(_name(flow, status))
            if mine and mine.get(language) and times[status.label.get(language).casefold()] > 1:
                yield _name(flow, status), language


def _name(flow: Flow, status: Status) -> str:
    return f"{flow.name}.{status.name}"
