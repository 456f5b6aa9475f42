"""The words that customers read, ours and the business's own: texts, with what each would cost, and
labels of statuses."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from functions.api.dependencies import Api
from functions.api.jobs import event_id_of
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.messages.text_now import TextRefused
from functions.people.rate_limits import Limit
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import OwnWords, TextName
from statemachine.business.own_labels import LabelName, OwnLabel, our_labels
from statemachine.job.bounds import NoteInput
from statemachine.messages.sms_parts import FIELD, Wording
from statemachine.settings.own_words import example, faults_of, our_texts
from statemachine.values.phones import MAX_LENGTH, parse_phone
from statemachine.values.values import LANGUAGES, Frozen, Language, Text

TEST_TEXTS = Limit("test-texts", most=10, window=timedelta(hours=1))
"""For one business."""


class TextEntry(Frozen):
    name: TextName
    ours: Text
    own: OwnWords | None = None
    fields: tuple[str, ...]
    """What it tells: own words keep these fields, but may leave out `first_name`."""


class LabelEntry(Frozen):
    name: LabelName
    ours: Text
    own: OwnLabel | None = None


class TextsDocument(Frozen):
    texts: tuple[TextEntry, ...]
    labels: tuple[LabelEntry, ...]
    """What statuses are called, by flow and status."""


class PreviewBody(Frozen):
    """Words to try for the text of that name; nothing is changed."""

    name: TextName
    words: OwnWords = OwnWords()


class TextPreview(Frozen):
    """As the customer Ada reads it, with how many parts it costs; without `example` if the words
    cannot be used."""

    faults: tuple[str, ...] = ()
    example: Wording | None = None


class PreviewDocument(Frozen):
    en: TextPreview
    es: TextPreview


class TestTextBody(Frozen):
    """A text to one's own phone, as the customer Ada would get it. Without `words`, in ours."""

    name: TextName
    language: Language
    words: NoteInput | None = None
    phone: Annotated[str, Field(max_length=MAX_LENGTH, examples=["(206) 555-0199"])]
    """The number of the person who asks for it."""


class TestTextDocument(Frozen):
    """`unknown`: the carrier gave no answer, so the phone tells whether it was sent."""

    state: Literal["sent", "unknown"]
    to: str
    """The end of the number."""
    parts: int


def list_texts(api: Api, request: ApiRequest) -> ApiResponse:
    return ApiResponse(200, texts_document(api.tenants.read(request.session.tenant)))


def texts_document(tenant: BusinessSettings) -> TextsDocument:
    own = tenant.own_texts
    entries = (
        TextEntry(name=name, ours=ours, own=own.get(name), fields=tuple(FIELD.findall(ours.en)))
        for name, ours in our_texts().items()
    )
    labels = (
        LabelEntry(name=name, ours=ours, own=tenant.own_labels.get(name))
        for name, ours in our_labels().items()
    )
    return TextsDocument(texts=tuple(entries), labels=tuple(labels))


def preview_text(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(PreviewBody)
    return ApiResponse(200, previewed(api.tenants.read(request.session.tenant), body))


def previewed(tenant: BusinessSettings, body: PreviewBody) -> PreviewDocument:
    """Raises Problem where there is no such text."""
    ours = _our_text(body.name)
    en, es = (_preview(tenant, body.words, ours, language) for language in LANGUAGES)
    return PreviewDocument(en=en, es=es)


def send_test_text(api: Api, request: ApiRequest) -> ApiResponse:
    """201, also for a copy of the request, which sends nothing again.

    Quiet hours do not hold it: the person who gets it has just asked for it.
    """
    body = request.document(TestTextBody)
    text_id = event_id_of(request, "test text")
    if text_id is None:
        raise Problem("idempotency-key-missing")
    tenant = api.tenants.read(request.session.tenant)
    words, phone = _usable_words(body), _own_phone(body.phone, tenant)
    send = api.send_text_now()
    number = send.check(tenant, phone, "give another number")
    api.count(TEST_TEXTS, tenant.tenant, request.now)
    first = number.introduced_by is None
    text = example(words, tenant.name, body.language, first, api.edge_url())
    asked = body.model_dump_json()
    delivery = send(tenant, phone, text_id, text, request.now, asked)
    if delivery.state not in ("sent", "unknown"):
        raise TextRefused(delivery.why or delivery.state, "the carrier did not take it; try later")
    document = TestTextDocument(state=delivery.state, to=delivery.to, parts=text.parts)
    return ApiResponse(201, document, outcome=f"test text {delivery.state}")


def _usable_words(body: TestTextBody) -> str:
    """Raises Problem with what is wrong with them."""
    ours = _our_text(body.name).get(body.language)
    words = body.words or ours
    faults = [f"words: {fault}" for fault in faults_of(words, ours)]
    if faults:
        raise Problem("invalid", "; ".join(faults), {"faults": faults})
    return words


def _own_phone(text: str, tenant: BusinessSettings) -> str:
    """As people of the business's country write it. Raises Problem."""
    try:
        return parse_phone(text, tenant.country)
    except ValueError as error:
        raise Problem("invalid", str(error), {"faults": [f"phone: {error}"]}) from error


def _our_text(name: str) -> Text:
    """Raises Problem where there is no such text."""
    ours = our_texts().get(name)
    if ours is None:
        raise Problem("invalid", "name: there is no such text; GET /api/business/texts lists them")
    return ours


def _preview(
    tenant: BusinessSettings, words: OwnWords, ours: Text, language: Language
) -> TextPreview:
    known = ours.get(language)
    wanted = words.get(language) or known
    faults = tuple(faults_of(wanted, known))
    return TextPreview(
        faults=faults, example=None if faults else example(wanted, tenant.name, language)
    )
