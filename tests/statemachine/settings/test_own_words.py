"""A business's own words: which may take the place of ours, and that the texts have them."""

import pytest
from pydantic import ValidationError

from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import OwnWords
from statemachine.flows import flow_names, load_flow
from statemachine.messages.sms_texts import CHANGE_TEXTS
from statemachine.settings.business_changes import BusinessRecord, changed
from statemachine.settings.own_words import example, faults_of, names_in, our_texts
from tests.functions.messages.test_messages import LINK, MessageSenders, confirmed
from tests.support.builders import NOON, TOKEN

MAIN = BusinessRecord(tenant="main", name="Quick Dump")
MOVED = CHANGE_TEXTS["rescheduled"]
OURS = load_flow("haul").status("ready_for_pickup").sms
MINE = OwnWords(en="{business}: See you{window}! {link}")


@pytest.mark.parametrize("name", sorted(our_texts()))
def test_our_own_words_could_be_anyones(name: str) -> None:
    ours = our_texts()[name]
    for words in (ours.en, ours.es):
        assert list(faults_of(words, words)) == []


def test_every_text_that_is_sent_has_a_name() -> None:
    for flow in map(load_flow, flow_names()):
        named = names_in(flow)
        assert {text.en for _, text in flow.texts} == {text.en for text in named.values()}
        assert set(named) <= set(our_texts())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{business}: New time. {link}", "keep {window}"),
        ("{business}: New time{window}.", "keep {link}"),
        ("{business}: New time{window} {link} {price}", "{price} is not known"),
        ("{business}: New time{window} {link} {link}", "each field once"),
        ("{business}: New time{window} {link} }", "brace"),
        ("{business}: " + "New time " * 50 + "{window} {link}", "at most 3 parts"),
        ("{business}: " + "Nuevo día " * 15 + "{window} {link}", "at most 3 parts"),
    ],
)
def test_words_that_lose_what_the_text_tells_are_refused(words: str, said: str) -> None:
    assert said in "; ".join(faults_of(words, MOVED.en))
    with pytest.raises(ValidationError, match=r"own_texts\.rescheduled\.en"):
        changed(MAIN, {"own_texts": {"rescheduled": {"en": words}}}, "olivia", NOON)


def test_a_text_that_there_is_not_is_refused_but_kept_if_it_was_there() -> None:
    gone = {"gone": {"en": "Hi"}}
    with pytest.raises(ValidationError, match="no such text"):
        changed(MAIN, {"own_texts": gone}, "olivia", NOON)
    before = MAIN.with_(own_texts=gone)
    assert changed(before, {"name": "Quick"}, "olivia", NOON).own_texts == before.own_texts


def test_a_letter_outside_of_gsm_7_leaves_room_for_fewer() -> None:
    plain, accent = (f"Recogida el d{i}a 1. " * 4 + "{link}" for i in ("i", "í"))
    told = [example(words, "Quick", "es") for words in (plain, accent)]
    assert [(each.alphabet, each.parts) for each in told] == [("gsm_7", 1), ("ucs_2", 3)]


def test_the_own_words_are_sent_in_their_language_and_ours_in_the_other() -> None:
    assert OURS
    for language, start in (("en", "Haulway: See you!"), ("es", "Haulway: Hola Ada, confirmamos")):
        senders = MessageSenders()
        senders.set_tenant(own_texts={"haul.ready_for_pickup": MINE})
        customer = confirmed().customer.with_(language=language)
        senders.text(senders.store(confirmed(customer=customer)))
        ((_, body),) = senders.texts.sent
        assert body.startswith(start)
        assert body.endswith(f" {LINK}{TOKEN}")


def test_settings_of_before_have_no_own_words() -> None:
    assert BusinessSettings(tenant="main", name="Quick").own_texts == {}
