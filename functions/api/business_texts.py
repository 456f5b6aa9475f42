"""The texts to customers, in our words and in the business's own, and what each would cost."""

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from statemachine.business import BusinessSettings
from statemachine.business_values import OwnWords, TextName
from statemachine.own_words import example, faults_of, our_texts
from statemachine.sms_parts import FIELD, Wording
from statemachine.values import LANGUAGES, Frozen, Language, Text


class TextEntry(Frozen):
    name: TextName
    ours: Text
    own: OwnWords | None = None
    fields: tuple[str, ...]
    """What it tells: own words keep these fields, but may leave out `first_name`."""


class TextsDocument(Frozen):
    texts: tuple[TextEntry, ...]


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


def list_texts(api: Api, request: ApiRequest) -> ApiResponse:
    return ApiResponse(200, texts_document(api.tenants.read(request.session.tenant)))


def texts_document(tenant: BusinessSettings) -> TextsDocument:
    own = tenant.own_texts
    entries = (
        TextEntry(name=name, ours=ours, own=own.get(name), fields=tuple(FIELD.findall(ours.en)))
        for name, ours in our_texts().items()
    )
    return TextsDocument(texts=tuple(entries))


def preview_text(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(PreviewBody)
    return ApiResponse(200, previewed(api.tenants.read(request.session.tenant), body))


def previewed(tenant: BusinessSettings, body: PreviewBody) -> PreviewDocument:
    """Raises Problem where there is no such text."""
    ours = our_texts().get(body.name)
    if ours is None:
        raise Problem("invalid", "name: there is no such text; GET /api/business/texts lists them")
    en, es = (_preview(tenant, body.words, ours, language) for language in LANGUAGES)
    return PreviewDocument(en=en, es=es)


def _preview(
    tenant: BusinessSettings, words: OwnWords, ours: Text, language: Language
) -> TextPreview:
    known = ours.get(language)
    wanted = words.get(language) or known
    faults = tuple(faults_of(wanted, known))
    return TextPreview(
        faults=faults, example=None if faults else example(wanted, tenant.name, language)
    )
