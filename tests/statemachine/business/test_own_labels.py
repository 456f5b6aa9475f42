"""A business's own labels: which may take the place of ours, and the flow that has them."""

from typing import Any

import pytest
from pydantic import ValidationError

from statemachine.business.business import BusinessSettings
from statemachine.business.own_labels import OwnLabel, labeled, our_labels
from statemachine.flows import load_flow
from statemachine.settings.business_changes import BusinessRecord, SettingsPatch, changed, given_in
from tests.support.builders import NOON

MAIN = BusinessRecord(tenant="main", name="Quick Dump")
HAUL = load_flow("haul")


def change(labels: dict[str, Any], known: BusinessRecord = MAIN) -> BusinessRecord:
    """As the API and `haul business set` do it."""
    patch = SettingsPatch.model_validate({"own_labels": labels})
    return changed(known, given_in(patch), "olivia", NOON)


def test_a_flow_has_the_own_labels_and_ours_in_the_other_language() -> None:
    record = change({"haul.ready_for_pickup": {"en": "Confirmed"}})
    shown = labeled(HAUL, record.own_labels)
    ours = HAUL.status("ready_for_pickup")
    label = shown.status("ready_for_pickup").label
    assert label.en == "Confirmed"
    assert label.es == ours.label.es
    ours_again = labeled(shown, {"haul.ready_for_pickup": OwnLabel(en=ours.label.en)})
    assert ours_again == HAUL
    assert labeled(load_flow("dumpster"), record.own_labels) == load_flow("dumpster")


def test_a_request_has_a_label_of_its_own() -> None:
    name = "haul.pending_pickup.requested"
    assert our_labels()[name].en == "Requested"
    shown = labeled(HAUL, change({name: {"es": "Pedido"}}).own_labels).status("pending_pickup")
    assert shown.requested
    assert shown.label == HAUL.status("pending_pickup").label
    assert shown.requested.label.es == "Pedido"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"haul.gone": {"en": "Gone"}}, r"own_labels\.haul\.gone`?\n.*no such status"),
        ({"haul.on_hold": {"en": "x" * 41}}, r"own_labels\.`haul\.on_hold`\.en\n.*40 characters"),
        ({"haul.on_hold": {"es": "En\nespera"}}, r"own_labels\.`haul\.on_hold`\.es\n.*control"),
        ({"haul.on_hold": {"en": "  "}}, "blank"),
        ({"haul.on_hold": {"en": "completed"}}, r"haul\.on_hold\.en`?\n.*another status"),
        (
            {"haul.on_hold": {"en": "Later"}, "haul.completed": {"en": "Later"}},
            r"haul\.(on_hold|completed)\.en`?\n.*another status",
        ),
        ({"Haul on hold": {"en": "Later"}}, "pattern"),
    ],
)
def test_a_label_that_cannot_be_used_is_refused(labels: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        change(labels)


def test_two_statuses_may_change_their_names_with_each_other() -> None:
    swapped = {"haul.on_hold": {"en": "Completed"}, "haul.completed": {"en": "On hold"}}
    statuses = labeled(HAUL, change(swapped).own_labels)
    assert statuses.status("completed").label.en == "On hold"


def test_what_another_release_knew_stays_and_stops_no_other_change() -> None:
    known = MAIN.with_(own_labels={"haul.gone": {"en": "Gone"}})
    assert changed(known, {"name": "Quick"}, "olivia", NOON).own_labels == known.own_labels
    more = {"haul.gone": {"en": "Gone"}, "haul.on_hold": {"en": "Later"}}
    assert change(more, known).own_labels.keys() == more.keys()


def test_settings_of_before_have_no_own_labels() -> None:
    assert BusinessSettings(tenant="main", name="Quick").own_labels == {}
