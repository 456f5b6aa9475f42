"""SMS: what they say, what they cost, when they may be sent, and what replies mean."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from statemachine.business.business import NEVER_QUIET, BusinessSettings, quiet_until
from statemachine.flow_check import check_text
from statemachine.flows import FOLDER, flow_names, load_flow
from statemachine.job.job import Customer, Schedule
from statemachine.messages.sms_parts import SMS_ROOM, counted, filled, plain
from statemachine.messages.sms_replies import REPLIES, is_keyword, meaning_of_reply
from statemachine.messages.sms_texts import CHANGE_TEXTS
from statemachine.messages.sms_wording import eta as words_of_eta
from statemachine.messages.sms_wording import window, wording
from statemachine.values.values import Text
from tests.support.builders import NOON, a_job, minutes

BUSINESS = BusinessSettings(tenant="main", name="Quick Haul")
SCHEDULE = Schedule(
    window_start=NOON.replace(day=23, hour=15), window_end=NOON.replace(day=23, hour=17)
)
every_flow = pytest.mark.parametrize("name", flow_names())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Quick Haul: Hi José, your pickup is confirmed for Mon, Nov 23, 10:00 AM-12:00 PM. "
               "Track or change it: L"),
        ("es", "Quick Haul: Hola José, confirmamos su recogida para el lun 23 nov, 10:00-12:00. "
               "Siga o cambie su servicio: L"),
    ],
)  # fmt: skip
def test_an_sms_is_in_the_customers_language_and_the_time_zone_of_the_business(
    language: str, text: str
) -> None:
    customer = Customer.model_validate({"name": "José Martínez", "language": language})
    job = a_job("ready_for_pickup", customer=customer, schedule=SCHEDULE)
    wanted = load_flow("haul").status("ready_for_pickup").sms
    assert wanted
    sms = wording(wanted, job, BUSINESS, "L", NOON)
    assert sms.body == text
    assert sms.parts == 1
    assert sms.alphabet == "gsm_7"


@pytest.mark.parametrize(
    ("start", "end", "en", "es"),
    [
        ("2026-11-24T03:30Z", "2026-11-24T06:00Z",
         "Mon, Nov 23, 10:30 PM - Tue, Nov 24, 1:00 AM", "lun 23 nov, 22:30 - mar 24 nov, 01:00"),
        ("2026-11-23T14:00Z", "2026-11-26T01:00Z",
         "Mon, Nov 23, 9:00 AM - Wed, Nov 25, 8:00 PM", "lun 23 nov, 09:00 - mié 25 nov, 20:00"),
        ("2026-12-31T22:00Z", "2027-01-01T05:00Z",
         "Thu, Dec 31, 5:00 PM - Fri, Jan 1, 12:00 AM", "jue 31 dic, 17:00 - vie 1 ene, 00:00"),
    ],
)  # fmt: skip
def test_an_sms_has_both_ends_of_a_window_with_their_dates_if_they_differ(
    start: str, end: str, en: str, es: str
) -> None:
    schedule = Schedule.model_validate({"window_start": start, "window_end": end})
    zone = ZoneInfo("America/New_York")
    assert window(schedule, zone, "en") == f" for {en}"
    assert window(schedule, zone, "es") == f" para el {es}"
    assert len(window(schedule, zone, "en")) <= SMS_ROOM["window"]


@pytest.mark.parametrize("name", ["http://pay.example/x now", "", "<b>Bob</b>", "4you", "a{link}"])
def test_text_that_is_not_a_name_does_not_get_into_an_sms(name: str) -> None:
    job = a_job("completed", customer=Customer(name=name or " "))
    text = load_flow("haul").status("completed").sms
    assert text
    sms = wording(text, job, BUSINESS, "L", NOON)
    assert sms.body == "Quick Haul: All done, there. Thank you! Details: L"


@pytest.mark.parametrize(
    ("text", "parts", "alphabet"),
    [
        ("a" * 160, 1, "gsm_7"), ("a" * 161, 2, "gsm_7"), ("a" * 306, 2, "gsm_7"),
        ("a" * 307, 3, "gsm_7"), ("€" * 80, 1, "gsm_7"), ("€" * 81, 2, "gsm_7"),
        ("a" * 152 + "€" + "a" * 152, 3, "gsm_7"),  # the escape stays with its character
        ("ñ" * 160, 1, "gsm_7"), ("á" * 70, 1, "ucs_2"), ("á" * 71, 2, "ucs_2"),
        ("🚚" * 35, 1, "ucs_2"), ("🚚" * 36, 2, "ucs_2"), ("🚚" * 67, 3, "ucs_2"),
    ],
)  # fmt: skip
def test_parts_are_counted_before_sending(text: str, parts: int, alphabet: str) -> None:
    sms = counted(text)
    assert sms.parts == parts
    assert sms.alphabet == alphabet


def test_fields_use_gsm_7_as_far_as_possible() -> None:
    assert plain("Martínez “Ñandú” – Œuvre…") == 'Martinez "Ñandu" - Œuvre...'
    assert filled("{first_name}!", {"first_name": "x" * 99}) == "x" * SMS_ROOM["first_name"] + "!"


@every_flow
def test_every_sms_of_every_flow_fits_two_parts_of_gsm_7(name: str) -> None:
    full = {field: "m" * room for field, room in SMS_ROOM.items()}
    texts = [*(text for _, text in load_flow(name).texts), *CHANGE_TEXTS.values()]
    sms = [counted(filled(words, full)) for sms in texts for words in (sms.en, sms.es)]
    assert {words.alphabet for words in sms} == {"gsm_7"}
    assert max(words.parts for words in sms) <= 2


def test_every_reply_is_one_part() -> None:
    for text in REPLIES.values():
        for words in (text.en, text.es):
            sms = counted(filled(words, {"business": "m" * 60}))
            assert (sms.parts, sms.alphabet) == (1, "gsm_7"), words


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-22T01:59:59Z", None),
        ("2026-11-22T02:00:00Z", "2026-11-22T13:00:00Z"),
        ("2026-11-22T12:59:59Z", "2026-11-22T13:00:00Z"),
        ("2026-11-22T13:00:00Z", None),
        ("2026-03-08T06:30:00Z", "2026-03-08T12:00:00Z"),  # the night the clocks go forward
        ("2026-11-01T05:30:00Z", "2026-11-01T13:00:00Z"),  # the night they go back
    ],
)
def test_quiet_hours_are_in_the_time_zone_of_the_business(now: str, until: str | None) -> None:
    ends = quiet_until(BUSINESS, datetime.fromisoformat(now))
    assert ends == (datetime.fromisoformat(until) if until else None)
    assert quiet_until(BUSINESS.with_(quiet=NEVER_QUIET), datetime.fromisoformat(now)) is None


def test_a_setting_without_quiet_hours_can_be_stored() -> None:
    never = BUSINESS.with_(quiet=NEVER_QUIET)
    assert BusinessSettings.model_validate_json(never.model_dump_json(exclude_none=True)) == never


@pytest.mark.parametrize(
    ("meant", "texts"),
    [
        ("stop", ["STOP", "stop.", " Stop! ", "StopAll", "unsubscribe", "CANCEL", "end", "QUIT",
                  "opt-out", "OPT OUT", "please stop texting me", "Stop sending these",
                  "I want to opt out", "no más mensajes", "ALTO", "dejen de enviar mensajes",
                  "STOP 👍", "S T O P", "“Stop”", "stop?", "baja", "Quiero darme de baja", "Basta!",
                  "Please don't text me anymore", "Don’t text me", "end texts", "no more texts",
                  "remove me from this list", "quit texting me", "ＳＴＯＰ"]),
        ("start", ["START", "unstop", "Iniciar", "start please", "comenzar"]),
        ("help", ["HELP", "info", "¿Ayuda?", "help me please", "ayuda por favor"]),
        ("yes", ["YES", "yes please", "Ready", "it's ready", "Yes, we are all set", "Sí", "listo",
                 "Ya está listo, gracias", "ok", "y", "SI!", "'C'", "C.", " c\n", "“C”", "👍",
                 "👍🏽", "Okay 👍", "yes sir", "Yes ma'am", "Sí señor", "sí, claro", "de acuerdo",
                 "vale", "yup", "sure", "C to confirm", "C para confirmar", "Yes, I'll be there",
                 "Sí, ahí estaremos"]),
        ("reschedule", ["R", "r!", "(R)", "“R”", "R please", "REPROGRAMAR", "reprogramar por favor",
                        "can we reschedule?", "I need to reschedule", "another time", "Otra hora",
                        "R for another time", "cambiar la hora", "¿Puedo cambiar la cita?"]),
        ("choice", ["2", "2.", "#2", "Y 2", "y2", "R2", "c-2", "2 please", "option 2", "dos",
                    "the second one", "la segunda", "2nd", "número 2", "👍 2"]),
        ("other", ["", "no", "not ready", "yes but not today", "please don't stop", "stop by at 5",
                   "please stop before the gate, it is locked", "do not stop the truck here",
                   "the bus stop is in front", "the dog will not stop barking, ring twice",
                   "can you stop at the neighbor first", "no pares delante del garaje",
                   "I need to cancel my dentist at the end of the day", "when do you start?",
                   "gate code 1234", "👎", "ok 👎",
                   "cancelar todo?", "cancelar todo", "cancel?", "ready?", "C?", "no", "N",
                   "Y or N", "C R", "c u later", "r u there", "y'all", "no messages here",
                   "both", "1 and 2", "12 Harbor Road", "9", "please remove all these",
                   "ya baja el chofer", "change the locks", "can you help me"]),
    ],
)  # fmt: skip
def test_the_meaning_of_a_reply(meant: str, texts: list[str]) -> None:
    assert {text: meaning_of_reply(text) for text in texts} == dict.fromkeys(texts, meant)


def test_only_an_exact_keyword_is_answered_by_the_carrier() -> None:
    assert [is_keyword(text) for text in ("STOP", "help!", "please stop", "yes", "baja")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@every_flow
def test_an_sms_that_asks_for_yes_has_a_move_for_it(name: str) -> None:
    for status in load_flow(name).statuses:
        asks = status.sms is not None and "Reply YES" in status.sms.en
        assert asks == (status.yes is not None)


@pytest.mark.parametrize("move", ["start", "cancel", "fly"])
def test_a_flow_whose_yes_is_no_move_for_the_customer_is_refused(move: str) -> None:
    text = (FOLDER / "haul.json").read_text(encoding="utf-8")
    broken = text.replace('"yes": "confirm"', f'"yes": "{move}"')
    (fault,) = check_text(broken, "haul")
    assert "the customer may not make the move" in fault.reason
    assert f'"yes": "{move}"' in broken.splitlines()[fault.line - 1]


def test_an_sms_promises_nothing_for_the_past() -> None:
    late = Schedule(window_start=NOON - minutes(120), window_end=NOON, eta=NOON - minutes(1))
    text = Text(en="Set{window}, we come{eta}.", es="Queda{window}, llegamos{eta}.")
    assert wording(text, a_job(schedule=late), BUSINESS, "L", NOON).body == "Set, we come."


@pytest.mark.parametrize(
    ("eta", "en", "es"),
    [
        (
            "2026-11-21T15:40Z",
            ", expected around 10:40-10:55 AM",
            ", llegada prevista hacia las 10:40-10:55",
        ),
        (
            "2026-12-01T04:50Z",
            ", expected around Mon, Nov 30, 11:50 PM-12:05 AM",
            ", llegada prevista el lun 30 nov hacia las 23:50-00:05",
        ),
    ],
)
def test_an_eta_has_both_ends_and_its_date_if_that_is_not_today(eta: str, en: str, es: str) -> None:
    schedule, zone = Schedule.model_validate({"eta": eta}), ZoneInfo("America/New_York")
    assert words_of_eta(schedule, zone, "en", NOON) == en
    assert words_of_eta(schedule, zone, "es", NOON) == es
    assert max(len(en), len(es)) <= SMS_ROOM["eta"]
