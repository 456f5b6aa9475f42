"""Conversations with customers, for dispatchers: list, read, text, and mark as read."""

from functions.api.conversation_models import (
    ConversationDocument,
    ConversationQuery,
    ConversationsDocument,
    OfficeTextBody,
    ReadBody,
    SystemText,
)
from functions.api.dependencies import Api
from functions.api.jobs import event_id_of, visible_job
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, dispatches
from functions.messages.conversations import change_conversation, stored_list
from functions.messages.office_texts import BEFORE_THE_TEXT, OfficeText
from functions.messages.phone_numbers import digest_of, is_stopped, phone_record
from statemachine.job.deliveries import Delivery
from statemachine.messages.conversation import ListedConversation
from statemachine.messages.sms_parts import filled


def list_conversations(api: Api, request: ApiRequest) -> ApiResponse:
    listed = listed_conversations(api, request)
    return ApiResponse(200, ConversationsDocument(conversations=listed))


def listed_conversations(api: Api, request: ApiRequest) -> tuple[ListedConversation, ...]:
    """Nothing for those who may not read them."""
    if not dispatches(request.session):
        return ()
    stored = stored_list(api.read_conversation.conversations, request.session.tenant)
    return stored.value.conversations if stored else ()


def conversation_of_job(api: Api, request: ApiRequest) -> ApiResponse:
    """The conversation with the number that the job has now, even if no one has texted yet."""
    job = visible_job(api, request)
    if job.customer.phone is None:
        raise Problem("no-phone", about=(job.tenant, job.job_id))
    return _response(api, request, job.customer.phone, job.job_id)


def read_conversation(api: Api, request: ApiRequest) -> ApiResponse:
    return _response(api, request, _phone(api, request, None))


def send_text(api: Api, request: ApiRequest) -> ApiResponse:
    """201, or 200 for a copy of a request whose text was sent. The key is good without end."""
    body = request.document(OfficeTextBody)
    message_id = event_id_of(request, f"text|{request.parameters['conversation']}")
    if message_id is None:
        raise Problem("idempotency-key-missing")
    phone = _phone(api, request, body.job_id)
    consent = _consent(api, request, body.job_id)
    business = api.tenants.read(request.session.tenant)
    account = request.session.account.account
    wanted = OfficeText(message_id, body.text, account, body.job_id, consent)
    message = api.send_office_text()(business, phone, wanted, request.now)
    status = 201 if message.at == request.now else 200
    return ApiResponse(status, message, outcome=f"text {message.state}")


def mark_read(api: Api, request: ApiRequest) -> ApiResponse:
    """What was read once stays read, in whatever order requests arrive."""
    body = request.document(ReadBody)
    phone = _phone(api, request, None)
    change_conversation(
        api.read_conversation.conversations,
        request.session.tenant,
        phone,
        lambda known: known.read(body.seq),
    )
    return ApiResponse(204)


def _phone(api: Api, request: ApiRequest, job_id: str | None) -> str:
    """The conversation's number: as stored, or that of the job in which it begins."""
    tenant, digest = request.session.tenant, request.parameters["conversation"]
    stored = api.read_conversation.conversations.read(tenant, digest)
    if stored:
        return stored.value.phone
    phone = api.jobs.read(tenant, job_id).value.customer.phone if job_id else None
    if phone is None or digest_of(tenant, phone) != digest:
        raise Problem("unknown-conversation")
    return phone


def _consent(api: Api, request: ApiRequest, job_id: str | None) -> bool:
    """False only if the job's customer was asked and did not agree. Raises UnknownJob."""
    if job_id is None:
        return True
    consent = api.jobs.read(request.session.tenant, job_id).value.texts_consent
    return consent is None or consent.agreed


def _response(api: Api, request: ApiRequest, phone: str, job_id: str | None = None) -> ApiResponse:
    wanted = request.query_as(ConversationQuery)
    business = api.tenants.read(request.session.tenant)
    part = api.read_conversation(
        business.tenant, phone, request.now, before=wanted.before, job_id=job_id
    )
    numbers = api.read_conversation.numbers
    known = phone_record(numbers, business.tenant, phone)
    document = ConversationDocument(
        conversation=part.conversation.digest,
        version=part.conversation.version,
        phone=phone,
        unread=part.conversation.unread,
        read_seq=part.conversation.read_seq,
        messages=tuple(part.messages),
        system_texts=tuple(map(_system_text, sorted(part.system_texts, key=_sent_at))),
        before=part.before,
        begins_with=filled(BEFORE_THE_TEXT, {"business": business.name}),
        texts_stopped=is_stopped(numbers, business, phone, known),
    )
    return ApiResponse(200, document)


def _system_text(delivery: Delivery) -> SystemText:
    kind = delivery.name.mark.partition("-")[0]
    return SystemText(
        job_id=delivery.name.about,
        kind="move" if kind.isdecimal() else kind,
        status=delivery.status,
        state=delivery.state,
        why=delivery.why,
        at=delivery.updated_at,
    )


def _sent_at(delivery: Delivery) -> tuple[float, str]:
    return delivery.updated_at.timestamp(), delivery.name.key
