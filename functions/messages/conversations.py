"""Conversations as they are stored, and the list of those that people have to read.

    text    conversation: PUT if it has no message of that id ── list: PUT, if people wrote in it
    copy    conversation: has it ─────────────────────────────── list: has it, or PUT now

The conversation counts; the list follows it. After a crash in between, the copy of the text
that its queue brings again writes the list, or the next reader of the conversation does.
"""

from collections.abc import Callable
from typing import Protocol

from functions.messages.phone_numbers import digest_of
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Stored, Unavailable
from statemachine.messages.conversation import (
    Conversation,
    ConversationList,
    ConversationMessage,
    ConversationPage,
)


class Conversations(Protocol):
    def read(self, tenant: str, digest: str) -> Stored[Conversation] | None:
        """None if there is none yet. Raises Corrupt, Unavailable."""

    def write(self, conversation: Conversation, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""

    def read_page(self, tenant: str, digest: str, first: int) -> ConversationPage | None:
        """The page that begins with message `first`. Raises Corrupt, Unavailable."""

    def write_page(self, tenant: str, digest: str, page: ConversationPage) -> None:
        """Written again, a page is the same. Raises Unavailable."""

    def read_list(self, tenant: str) -> Stored[ConversationList] | None:
        """None if there is none yet. Raises Corrupt, Unavailable."""

    def write_list(self, tenant: str, listed: ConversationList, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""


def add_message(
    conversations: Conversations,
    tenant: str,
    phone: str,
    message: ConversationMessage,
    pause: Pause = full_jitter,
) -> Conversation:
    """The conversation with the message in it, once. Raises Unavailable."""
    return change_conversation(
        conversations, tenant, phone, lambda known: known.added(message), pause
    )


def change_conversation(
    conversations: Conversations,
    tenant: str,
    phone: str,
    changed: Callable[[Conversation], Conversation],
    pause: Pause = full_jitter,
) -> Conversation:
    """The conversation as stored after `changed`, and the list after it. Raises Unavailable."""
    stored = _changed(conversations, tenant, phone, changed, pause)
    change_list(conversations, tenant, lambda listed: listed.after(stored), pause)
    return stored


def _changed(
    conversations: Conversations,
    tenant: str,
    phone: str,
    changed: Callable[[Conversation], Conversation],
    pause: Pause,
) -> Conversation:
    digest, last = digest_of(tenant, phone), None
    for attempt in range(ATTEMPTS):
        try:
            stored = conversations.read(tenant, digest)
            empty = Conversation(tenant=tenant, digest=digest, phone=phone)
            known = stored.value if stored else empty
            wanted = changed(known)
            if wanted is known:
                return known
            if page := wanted.overflow:
                conversations.write_page(tenant, digest, page)
            wanted = wanted.without_overflow().with_(version=known.version + 1)
            conversations.write(wanted, stored.etag if stored else None)
            return wanted
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"a conversation of {tenant}: no write in {ATTEMPTS} attempts") from last


def stored_list(conversations: Conversations, tenant: str) -> Stored[ConversationList] | None:
    """The list; empty if it cannot be read, so that the next text replaces it. Each text is in its
    conversation and on its job, too. Raises Unavailable."""
    try:
        return conversations.read_list(tenant)
    except Corrupt as error:
        if error.etag is None:
            raise
        return Stored(ConversationList(), error.etag)


def change_list(
    conversations: Conversations,
    tenant: str,
    changed: Callable[[ConversationList], ConversationList],
    pause: Pause = full_jitter,
) -> ConversationList:
    """Raises Unavailable after ATTEMPTS."""
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = stored_list(conversations, tenant)
            known = stored.value if stored else ConversationList()
            wanted = changed(known)
            if wanted is known:
                return known
            wanted = wanted.with_(version=known.version + 1)
            conversations.write_list(tenant, wanted, stored.etag if stored else None)
            return wanted
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"the list of {tenant}: no write in {ATTEMPTS} attempts") from last
