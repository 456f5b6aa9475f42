"""Routes of the conversations with customers."""

from functions.api import conversations
from functions.api.conversation_models import (
    ConversationDocument,
    ConversationQuery,
    ConversationsDocument,
    OfficeTextBody,
    ReadBody,
)
from functions.api.route import DISPATCHER, Route
from statemachine.messages.conversation import ConversationMessage

CONVERSATION_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/conversations",
        summary="The conversations with customers that had something to read",
        roles=DISPATCHER,
        handler=conversations.list_conversations,
        responses={200: ConversationsDocument},
    ),
    Route(
        method="GET",
        path="/api/jobs/<job_id>/conversation",
        summary="The conversation with the customer of a job",
        roles=DISPATCHER,
        handler=conversations.conversation_of_job,
        responses={200: ConversationDocument},
        query=ConversationQuery,
        problems=("unknown-job", "no-phone", "invalid"),
    ),
    Route(
        method="GET",
        path="/api/conversations/<conversation>",
        summary="A conversation, a hundred messages at a time, the latest first",
        roles=DISPATCHER,
        handler=conversations.read_conversation,
        responses={200: ConversationDocument},
        query=ConversationQuery,
        problems=("unknown-conversation", "invalid"),
    ),
    Route(
        method="POST",
        path="/api/conversations/<conversation>/messages",
        summary="Text the customer",
        roles=DISPATCHER,
        handler=conversations.send_text,
        responses={201: ConversationMessage, 200: ConversationMessage},
        body=OfficeTextBody,
        headers=("Idempotency-Key",),
        problems=(
            "unknown-conversation",
            "unknown-job",
            "text-refused",
            "idempotency-key-missing",
            "idempotency-key-reused",
        ),
    ),
    Route(
        method="PUT",
        path="/api/conversations/<conversation>/read",
        summary="Mark messages as read, for everyone of the office",
        roles=DISPATCHER,
        handler=conversations.mark_read,
        responses={204: None},
        body=ReadBody,
        problems=("unknown-conversation",),
    ),
)
