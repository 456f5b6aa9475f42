"""The texts that one job causes, as its flow has them."""

from itertools import pairwise

from statemachine.flows import load_flow
from statemachine.messages.sms_docs import example
from statemachine.messages.sms_parts import Wording
from statemachine.messages.sms_texts import CHANGE_TEXTS
from statemachine.values.values import LANGUAGES, Text


def texts_of_a_job(name: str = "haul") -> list[Wording]:
    """The texts of one job of that flow on the way from its booking to its end, to a new customer,
    in the language that takes more parts."""
    flow = load_flow(name)
    way = [status for status in flow.statuses if status.aside is None and status.end != "cancelled"]
    texts = [flow.initial.sms]
    for here, there in pairwise(way):
        move = next(each for each in flow.moves_from(here.name) if each.to == there.name)
        texts.append(flow.sms_of(move.name, here.name, there.name))
    said = [text for text in texts if text]
    return [_longest(text, first=text is said[0]) for text in said]


def parts_of_a_job() -> int:
    return sum(text.parts for text in texts_of_a_job())


def parts_of_a_reminder() -> int:
    return _longest(CHANGE_TEXTS["day_before"]).parts


def _longest(text: Text, first: bool = False) -> Wording:
    return max((example(text, language, first) for language in LANGUAGES), key=lambda w: w.parts)
