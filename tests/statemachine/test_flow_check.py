"""A malformed flow file is refused with the line to look at and the reason."""

from pathlib import Path

import pytest

from statemachine.flow_check import FlowFault, check_file, check_text

WORDS = '"label": {"en": "A", "es": "B"}, "customer": {"en": "A", "es": "B"}'

TINY = f"""\
{{
  "name": "tiny", "label": {{"en": "Tiny", "es": "Chico"}}, "version": 1, "early_minutes": 15,
  "statuses": [
    {{"name": "open", {WORDS}, "icon": "clock", "colour": "#1d4ed8", "poll_s": 30,
     "limit_minutes": 60, "sms": {{"en": "{{business}}: hello", "es": "{{business}}: ¡hola!"}}}},
    {{"name": "done", {WORDS}, "icon": "flag", "colour": "#15803d", "poll_s": 60,
     "end": "done"}},
    {{"name": "cancelled", {WORDS}, "icon": "cross", "colour": "#6b7280", "poll_s": 60,
     "end": "cancelled"}}
  ],
  "moves": [
    {{"name": "finish", "label": {{"en": "A", "es": "B"}}, "from": ["open"],
     "to": "done", "by": ["crew"]}},
    {{"name": "cancel", "label": {{"en": "A", "es": "B"}}, "from": ["open"],
     "to": "cancelled", "by": ["customer"], "requires": ["reason"]}}
  ]
}}
"""


def test_a_sound_flow_has_no_fault() -> None:
    assert check_text(TINY, name="tiny") == []


def tiny_with(old: str, new: str, times: int = 1) -> str:
    assert old in TINY
    return TINY.replace(old, new, times)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"version": 1,', '"version": 1', 2, "not JSON: Expecting ',' delimiter"),
        ("  ]\n}", "  ]", 17, "not JSON: Expecting ',' delimiter"),
        ('"icon": "clock"', '"icon": "flag", "icon": "clock"', 4, "the key 'icon' is there twice"),
        ('"to": "done"', '"to":\n"done", "to": "open"', 14, "the key 'to' is there twice"),
        ('"by": ["crew"]', '"by": ["crew"], "until": []', 13, "unknown key 'until'"),
        ('"en": "Tiny", ', "", 2, "the key 'en' is missing"),
        ('"from": ["open"],\n     "to": "done",', '"to": "done",', 12, "the key 'from' is missing"),
        ('"early_minutes": 15', '"early_minutes": "15"', 2, "early_minutes: Input should be a val"),
        ('"poll_s": 60', '"poll_s": 1', 6, "poll_s: Input should be greater than or equal to 2"),
        ('"poll_s": 60', '"poll_s": 301', 6, "poll_s: Input should be less than or equal to 300"),
        ('"#15803d"', '"green"', 6, "colour: String should match pattern"),
        ('["crew"]', '["crew",\n"boss"]', 14, "by: Input should be 'dispatcher', 'crew'"),
        ('["reason"]', '["luck"]', 15, "requires: Input should be 'reason', 'driver'"),
        ('"limit_minutes": 60, ', "", 4, "statuses: a status needs either limit_minutes or end"),
    ],
)
def test_a_malformed_flow_is_shown_by_line(old: str, new: str, line: int, reason: str) -> None:
    (fault,) = check_text(tiny_with(old, new))
    assert fault.line == line
    assert fault.reason[: len(reason)] == reason


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"name": "done"', '"name": "open"', 6, "status 'open' is defined twice"),
        ('"name": "cancel"', '"name": "finish"', 14, "move 'finish' is defined twice"),
        ('"to": "done"', '"to": "dome"', 13, "move 'finish' names the unknown status 'dome'"),
        ('["open"]', '["open",\n"lost"]', 13, "move 'finish' names the unknown status 'lost'"),
        (
            '["open"]',
            '["open", "open"]',
            12,
            "two moves lead from 'open' to 'done', so `to` would be ambiguous",
        ),
        (
            '"cancelled", "by"',
            '"done", "by"',
            8,
            "status 'cancelled' cannot be reached from any status before it",
        ),
        ('"requires": ["reason"]', '"requires": []', 14, "move 'cancel' must require a reason"),
        ('["open"]', '["open", "cancelled"]', 12, "move 'finish' must require a reason"),
    ],
)
def test_an_unsound_flow_is_shown_by_line(old: str, new: str, line: int, reason: str) -> None:
    assert FlowFault(line, reason) in check_text(tiny_with(old, new))


def test_a_flow_in_which_no_job_can_be_cancelled_is_refused() -> None:
    faults = check_text(TINY.replace('"end": "cancelled"', '"end": "done"'))
    assert faults == [FlowFault(3, "a flow needs a status with the end 'cancelled'")]


def test_a_status_from_which_no_job_can_end_is_refused() -> None:
    dead_end = '"sms": {"en": "x", "es": "y"}, "limit_minutes": 60}'
    faults = check_text(tiny_with('"end": "done"}', dead_end))
    reason = "status 'done' has no end, and no moves lead from it to one that has"
    assert faults == [FlowFault(6, reason)]


def test_a_flow_cannot_begin_in_a_status_with_an_end() -> None:
    faults = check_text(tiny_with('"limit_minutes": 60', '"end": "done"'))
    assert FlowFault(4, "a job cannot begin in a status with an end") in faults


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"#15803d"', '"#1d4ed8"', 6, "colour: #1d4ed8 is also the colour of 'open'"),
        ('"#15803d"', '"#fbbf24"', 6, "colour: #fbbf24 on white has contrast 1.7, below 4.5"),
        (
            '"poll_s": 30,\n     "limit_minutes": 60',
            '"poll_s": 90, "limit_minutes": 1',
            4,
            "poll_s: longer than the status may last, so a tracking page may miss it",
        ),
        (
            "{business}: hello",
            "{busyness}: hello",
            5,
            "sms.en: unknown field {busyness}; the fields are "
            "business, first_name, window, eta, link",
        ),
        ("{business}: hello", "{business: hello", 5, "sms.en: a brace without its partner"),
        (
            "¡hola!",
            "buenos días",
            5,
            "sms.es: í is not in the GSM-7 alphabet and more than doubles the cost",
        ),
        (
            "hello",
            "x" * 245,
            5,
            "sms.en: with every field filled, it is longer than 306 characters (two parts)",
        ),
    ],
)
def test_bad_colours_texts_and_intervals_are_shown_by_line(
    old: str, new: str, line: int, reason: str
) -> None:
    assert check_text(tiny_with(old, new)) == [FlowFault(line, reason)]


def test_a_status_cannot_have_the_name_of_another_task_output() -> None:
    text = TINY.replace('"done"', '"late"').replace('"end": "late"', '"end": "done"')
    reason = "name: 'late' is reserved for executions"
    assert check_text(text) == [FlowFault(6, reason)]


def test_all_faults_are_shown_in_the_order_of_their_lines() -> None:
    text = tiny_with('"#15803d"', '"green"').replace('"version": 1', '"version": 0')
    assert [fault.line for fault in check_text(text)] == [2, 6]


@pytest.mark.parametrize("text", ["", "3", "[]", '"flow"', "null", "{}", "\n{}", "NaN"])
def test_a_file_that_is_not_a_flow_is_refused(text: str) -> None:
    assert check_text(text)


def test_a_file_has_the_name_of_its_flow(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(TINY, encoding="utf-8")
    reason = "the file of the flow 'tiny' cannot be named 'small'"
    assert check_file(path) == [FlowFault(2, reason)]


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_bytes(TINY.encode("latin-1"))
    assert check_file(path) == [FlowFault(5, "not UTF-8")]
