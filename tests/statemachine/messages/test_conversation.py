"""A conversation: each message once, what is unread, and pages of the older ones."""

import pytest

from statemachine.messages.conversation import (
    KEPT,
    MOST_LISTED,
    PAGE,
    Conversation,
    ConversationList,
    ConversationMessage,
    first_of_page,
)
from tests.support.builders import NOON, minutes

EMPTY = Conversation(tenant="main", digest="d" * 32, phone="+12065550123", version=1)


def said(number: int, **values: object) -> ConversationMessage:
    own = {
        "message_id": f"in-{number}", "at": NOON + minutes(number), "sender": "customer",
        "text": f"Text {number}", "to_read": True,
    }  # fmt: skip
    return ConversationMessage.model_validate(own | values)


def with_texts(count: int, conversation: Conversation = EMPTY) -> Conversation:
    for number in range(1, count + 1):
        conversation = conversation.added(said(number))
    return conversation


def test_a_message_is_added_once_and_numbered() -> None:
    conversation = with_texts(2)
    assert conversation.added(said(1)) is conversation
    assert [each.seq for each in conversation.messages] == [1, 2]


def test_what_was_read_stays_read_and_only_what_is_to_be_read_counts() -> None:
    conversation = with_texts(3).added(said(4, to_read=False))
    assert conversation.unread == 3
    assert conversation.read(2).unread == 1
    assert conversation.read(2).read(1).unread == 1
    assert conversation.read(99).read_seq == 4


def test_the_oldest_messages_move_to_a_page_and_keep_their_numbers() -> None:
    conversation = with_texts(KEPT + PAGE)
    assert conversation.overflow is None
    more = conversation.added(said(KEPT + PAGE + 1))
    assert more.overflow
    assert [each.seq for each in more.overflow.messages] == list(range(1, PAGE + 1))
    kept = more.without_overflow()
    assert kept.messages[0].seq == 101
    assert kept.seq == 201
    assert len(kept.messages) == KEPT + 1
    assert kept.added(said(150)) is kept


@pytest.mark.parametrize(("seq", "first"), [(1, 1), (100, 1), (101, 101), (200, 101), (201, 201)])
def test_a_page_is_named_by_its_first_message(seq: int, first: int) -> None:
    assert first_of_page(seq) == first


def test_the_list_follows_the_newest_version_and_forgets_nothing_unread() -> None:
    one = with_texts(1)
    listed = ConversationList().after(one)
    assert [(each.unread, each.excerpt) for each in listed.conversations] == [(1, "Text 1")]
    assert listed.after(one) is listed
    read = listed.after(one.read(1).with_(version=2))
    assert read.conversations[0].unread == 0
    assert read.after(one) is read  # an older version comes late
    full = read
    for number in range(MOST_LISTED):
        other = EMPTY.with_(digest=f"{number:032}").added(said(number))
        full = full.after(other)
    assert len(full.conversations) == MOST_LISTED
    assert full.find(EMPTY.digest) is None


def test_a_conversation_of_commands_alone_is_not_listed() -> None:
    assert ConversationList().after(EMPTY.added(said(1, to_read=False))) == ConversationList()
    listed = ConversationList().after(EMPTY.added(said(1, sender="office", to_read=False)))
    assert [(each.unread, each.sender) for each in listed.conversations] == [(0, "office")]
