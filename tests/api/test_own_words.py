"""A business's own labels by the API, and a test text to the owner's own phone."""

from datetime import timedelta
from typing import Any

import pytest

from functions.messages.phone_numbers import change_phone_record
from functions.messages.sms_once import SmsNotAccepted, SmsOutcomeUnknown, SmsRefused
from statemachine.business.business import SHARED
from tests.api.api_fixture import EDGE, ApiBackend, ApiReply
from tests.support.builders import NOON, minutes
from tests.support.fakes import no_pause

OWNERS = "+12065550123"
LABELS = {"haul.on_hold": {"en": "Parked"}}


def set_labels(api: ApiBackend, labels: dict[str, Any]) -> ApiReply:
    body, match = {"own_labels": labels}, {"if-match": '"1"'}
    return api.send("PATCH", "/api/business", body, by="olive", headers=match)


def text_me(api: ApiBackend, key: str = "a-key-of-mine", **more: Any) -> ApiReply:
    body = {"name": "rescheduled", "language": "en", "phone": "(206) 555-0123"} | more
    headers = {"idempotency-key": key}
    return api.send("POST", "/api/business/texts/test", body, by="olive", headers=headers)


# Labels


def test_everyone_who_works_here_gets_the_flows_with_the_own_labels(api: ApiBackend) -> None:
    before = api.send("GET", "/api/flows", by="mike")
    assert set_labels(api, LABELS).status == 200
    known = {"if-none-match": before.headers["etag"]}
    for who in ("mike", "dana"):
        got = api.send("GET", "/api/flows", by=who, headers=known)
        labels = {each["name"]: each["label"] for each in got.json["flows"]["haul"]["statuses"]}
        assert labels["on_hold"] == {"en": "Parked", "es": "En espera"}
        assert labels["completed"]["en"] == "Completed"


def test_customers_pages_are_told_the_labels_and_nothing_if_there_are_none(api: ApiBackend) -> None:
    assert "own_labels" not in api.send("GET", "/api/businesses/main").json
    set_labels(api, LABELS)
    assert api.send("GET", "/api/businesses/main").json["own_labels"] == LABELS


def test_own_labels_are_listed_beside_ours(api: ApiBackend) -> None:
    set_labels(api, LABELS)
    listed = api.send("GET", "/api/business/texts", by="dana").json["labels"]
    labels = {label["name"]: label for label in listed}
    assert labels["haul.on_hold"]["own"] == {"en": "Parked"}
    assert labels["haul.on_hold"]["ours"]["en"] == "On hold"
    assert "own" not in labels["haul.pending_pickup.requested"]


def test_a_label_that_cannot_be_used_is_refused_at_its_field(api: ApiBackend) -> None:
    refused = set_labels(api, {"haul.on_hold": {"en": "Completed"}})
    assert refused.status == 422
    assert refused.json["faults"][0].startswith("own_labels.haul.on_hold.en: another status")


# A test text


def test_a_test_text_is_what_the_customer_would_read_and_sent_once(api: ApiBackend) -> None:
    words = "{business}: New time{window} {link}"
    got = text_me(api, words=words)
    assert got.status == 201
    assert got.json["state"] == "sent"
    assert got.json["parts"] == 1
    ((phone, body),) = api.provider.sent
    assert phone == OWNERS
    assert body.startswith(f"Haulway: New time for Tue, Dec 1, 8:00 AM-12:00 PM {EDGE}/track/")
    assert body.endswith("Reply STOP to end texts, HELP for help.")
    assert OWNERS not in got.text
    assert text_me(api, words=words).status == 201
    assert len(api.provider.sent) == 1


def test_a_test_text_has_the_language_and_our_words_if_there_are_no_others(api: ApiBackend) -> None:
    assert text_me(api, language="es").status == 201
    assert api.provider.sent[0][1].startswith("Haulway: Hola Ada, cambiamos su recogida.")


def test_a_number_that_gets_no_texts_is_refused_and_told_why(api: ApiBackend) -> None:
    for phone, why in (
        ("+1 900 555 0123", "costly_number"),
        ("+447400123456", "country_not_served"),
    ):
        refused = text_me(api, phone=phone)
        assert refused.status == 409
        assert refused.slug == "text-refused"
        assert refused.json["why"] == why
        assert "gets no texts; give another number" in refused.json["detail"]
    for tenant in (SHARED, "main"):
        change_phone_record(api.numbers, tenant, OWNERS, lambda each: each.stop(NOON), no_pause)
        assert text_me(api).json["why"] == "opted_out"
    assert text_me(api, phone="none").json["faults"][0].startswith("phone: ")
    assert api.provider.sent == []


def test_words_that_cannot_be_used_are_not_sent(api: ApiBackend) -> None:
    refused = text_me(api, words="{business}: New time")
    assert refused.status == 422
    assert "words: keep {link}: the text would not tell it" in refused.json["faults"]
    assert text_me(api, name="gone").status == 422
    assert api.provider.sent == []


def test_a_business_sends_ten_test_texts_an_hour(api: ApiBackend) -> None:
    for number in range(10):
        assert text_me(api, f"key-number-{number}").status == 201
    refused = text_me(api, "key-number-10")
    assert refused.status == 429
    assert refused.headers["retry-after"] == "3600"
    api.now += timedelta(hours=1)
    assert text_me(api, "key-number-10").status == 201


def test_a_test_text_needs_a_key(api: ApiBackend) -> None:
    body = {"name": "rescheduled", "language": "en", "phone": OWNERS}
    path = "/api/business/texts/test"
    assert api.send("POST", path, body, by="olive").slug == "idempotency-key-missing"
    assert api.provider.sent == []


@pytest.mark.parametrize("body", [{"language": "es"}, {"phone": "+1 206 555 0188"}])
def test_a_key_with_another_test_text_is_refused_and_sends_nothing(
    api: ApiBackend, body: dict[str, str]
) -> None:
    assert text_me(api).status == 201
    refused = text_me(api, **body)
    assert refused.status == 422
    assert refused.slug == "idempotency-key-reused"
    assert len(api.provider.sent) == 1


def test_a_test_text_that_the_carrier_did_not_take_is_sent_by_its_own_request_alone(
    api: ApiBackend,
) -> None:
    api.provider.says = SmsNotAccepted("ThrottlingException")
    assert text_me(api).status == 503
    api.provider.says = None
    api.now += minutes(1)
    assert text_me(api, phone="+1 206 555 0188").status == 422
    assert text_me(api).status == 201
    assert [phone for phone, _ in api.provider.sent] == [OWNERS]


@pytest.mark.parametrize(
    ("says", "status", "state"),
    [
        (SmsRefused("blocked"), 409, None),
        (SmsNotAccepted("ThrottlingException"), 503, None),
        (SmsOutcomeUnknown("timeout"), 201, "unknown"),
    ],
)
def test_what_the_carrier_says_is_told(
    api: ApiBackend, says: Any, status: int, state: str | None
) -> None:
    api.provider.says = says
    got = text_me(api)
    assert got.status == status
    assert got.json.get("state") == state
