"""A business's own words for texts: which there are, what they must contain, and which apply.

A text has a name: its kind, such as `rescheduled`, or the status or move of a flow that sends it,
such as `haul.ready_for_pickup`. Own words keep the fields of the words they replace, so that a
text tells what our records say it told: both ends of the window, the ETA, the link.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from statemachine.business.business_values import OwnWords
from statemachine.flows import Flow, flow_names, load_flow
from statemachine.messages.owed_texts import OwedText
from statemachine.messages.sms_parts import FIELD, SMS_ROOM, Wording, counted, filled
from statemachine.messages.sms_texts import CHANGE_TEXTS, HOW_TO_STOP
from statemachine.values.values import Language, Text

MAY_BE_LEFT_OUT = frozenset({"first_name"})
MOST_PARTS = 3
"""Each part is paid for."""
EXAMPLES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "first_name": "Ada",
        "window": " for Tue, Dec 1, 8:00 AM-12:00 PM",
        "eta": ", expected around 10:40-10:55 AM",
    },
    "es": {
        "first_name": "Ada",
        "window": " para el mar 1 dic, 08:00-12:00",
        "eta": ", llegada prevista hacia las 10:40-10:55",
    },
}
SITE = "https://example.cloudfront.net"
EXAMPLE_PATH = "/track/kX9bQ2vN7rT4wY1zA6cE3g"
"""The link of no job."""


OwnTexts = Mapping[str, OwnWords]


def names_in(flow: Flow) -> dict[str, Text]:
    """The texts of a flow by name; words that occur twice have the name of the first."""
    named: dict[str, Text] = {}
    for name, text in _all_in(flow):
        if text not in named.values():
            named[name] = text
    return named


def _all_in(flow: Flow) -> Iterator[tuple[str, Text]]:
    for status in flow.statuses:
        if status.sms:
            yield f"{flow.name}.{status.name}", status.sms
        if status.requested:
            yield f"{flow.name}.{status.name}.requested", status.requested.sms
    for move in flow.moves:
        if isinstance(move.sms, Text):
            yield f"{flow.name}.{move.name}", move.sms


def our_texts() -> dict[str, Text]:
    """Every text by its name, with our words."""
    known: dict[str, Text] = dict(CHANGE_TEXTS.items())
    for flow in map(load_flow, flow_names()):
        known |= names_in(flow)
    return known


def words_of(owed: OwedText, flow: Flow, own: OwnTexts) -> Text:
    """The words in which the business says it."""
    name = owed.kind or _name_in(flow, owed.text)
    words = own.get(name) if name else None
    if words is None:
        return owed.text
    return Text(en=words.en or owed.text.en, es=words.es or owed.text.es)


def _name_in(flow: Flow, text: Text) -> str | None:
    return next((name for name, known in names_in(flow).items() if known == text), None)


def faults_of(words: str, ours: str) -> Iterator[str]:
    """Why these words cannot take the place of ours, as sentences."""
    given, needed = Counter(FIELD.findall(words)), set(FIELD.findall(ours))
    for field in sorted(given.keys() - needed):
        yield f"{{{field}}} is not known in this text; it may have {_listed(needed)}"
    for field in sorted(needed - given.keys() - MAY_BE_LEFT_OUT):
        yield f"keep {{{field}}}: the text would not tell it"
    if any(times > 1 for times in given.values()):
        yield "use each field once"
    if set(FIELD.sub("", words)) & set("{}"):
        yield "a brace stands without its partner"
    elif not given.keys() - SMS_ROOM.keys() and example(words, "Haulway", "en").parts > MOST_PARTS:
        yield f"it is too long: shorten it to at most {MOST_PARTS} parts, since each is paid for"


def example(
    words: str, business: str, language: Language, first: bool = False, site: str = SITE
) -> Wording:
    """The SMS to Ada; the `first` one to a number says how to stop."""
    fields = {**EXAMPLES[language], "business": business, "link": f"{site}{EXAMPLE_PATH}"}
    body = filled(words, fields)
    return counted(f"{body} {HOW_TO_STOP.get(language)}" if first else body)


def _listed(fields: set[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in sorted(fields))
