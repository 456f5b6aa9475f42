"""A conversation: what a customer texted and what the office texted back, one for each number and
business. What the system texts is not in it: the deliveries of the number's jobs have that.

Messages are numbered from 1. The latest are in one document; when it has KEPT and a PAGE more, the
oldest PAGE of them move to a document of their own, so each write stays small.

    latest     messages 201 to 350        pages    1 to 100, 101 to 200
"""

from typing import Annotated, Literal

from pydantic import Field

from statemachine.job.deliveries import Delivery, Outcome
from statemachine.messages.sms_replies import ReplyMeaning
from statemachine.values.values import PHONE_PATTERN, EventId, Frozen, JobId, Name, Tenant, Utc

KEPT, PAGE = 100, 100
EXCERPT = 80
MOST_LISTED = 100
"""Conversations in the list: unread ones first, then the latest."""

Sender = Literal["customer", "office"]


class ConversationMessage(Frozen):
    seq: Annotated[int, Field(ge=0)] = 0
    """0 until it is in its conversation."""
    message_id: EventId
    """The same for every copy of a text, and of a request to send one."""
    at: Utc
    sender: Sender
    text: str
    """Empty for a text that had only a picture, which AWS does not pass on (AWS End User Messaging
    SMS, "Two-way SMS messaging": "Two-way MMS is not supported", read 2026-11-28)."""
    job_id: JobId | None = None
    """The job that it is most likely about, at the time."""
    meant: ReplyMeaning | None = None
    """Of a customer's text."""
    to_read: bool = False
    """It was no command, so a person has to read it."""
    by: Name | None = None
    """Of the office's text: whose account sent it."""
    state: Literal["sending"] | Outcome | None = None
    """Of the office's text: what became of it."""
    why: str | None = None
    """One word, if it was not simply sent."""

    @property
    def is_talk(self) -> bool:
        """Whether a person wrote it to a person: it is no command."""
        return self.to_read or self.sender == "office"


class ConversationPage(Frozen):
    """Earlier messages, PAGE of them; never changed once they are here."""

    messages: tuple[ConversationMessage, ...]


class Conversation(Frozen):
    tenant: Tenant
    digest: str
    """The number's, which names the conversation."""
    phone: Annotated[str, Field(pattern=PHONE_PATTERN)]
    version: int = 0
    messages: tuple[ConversationMessage, ...] = ()
    """The latest, oldest first."""
    read_seq: int = 0
    """Up to which message someone of the office has read."""

    @property
    def seq(self) -> int:
        """Of the last message; 0 if there is none."""
        return self.messages[-1].seq if self.messages else 0

    @property
    def unread(self) -> int:
        """How many messages people still have to read."""
        return sum(each.to_read and each.seq > self.read_seq for each in self.messages)

    def message(self, message_id: str) -> ConversationMessage | None:
        return next((each for each in self.messages if each.message_id == message_id), None)

    def added(self, message: ConversationMessage) -> "Conversation":
        """With the message at its end, unless it is there already."""
        if self.message(message.message_id):
            return self
        return self.with_(messages=(*self.messages, message.with_(seq=self.seq + 1)))

    def ended(self, message_id: str, delivery: Delivery) -> "Conversation":
        """After the office's text was sent, or was not."""
        changed = tuple(
            each.with_(state=delivery.state, why=delivery.why)
            if each.message_id == message_id
            else each
            for each in self.messages
        )
        return self if changed == self.messages else self.with_(messages=changed)

    def read(self, seq: int) -> "Conversation":
        """Read up to `seq`; what was read once stays read."""
        seen = min(max(self.read_seq, seq), self.seq)
        return self if seen == self.read_seq else self.with_(read_seq=seen)

    @property
    def overflow(self) -> ConversationPage | None:
        """The page that has to be stored before this document is written without it."""
        if len(self.messages) <= KEPT + PAGE:
            return None
        return ConversationPage(messages=self.messages[:PAGE])

    def without_overflow(self) -> "Conversation":
        return self.with_(messages=self.messages[PAGE:]) if self.overflow else self


def first_of_page(seq: int) -> int:
    """The first message of the page that has message `seq`; it names the page."""
    return (seq - 1) // PAGE * PAGE + 1


class ListedConversation(Frozen):
    """What the list of conversations says about one."""

    conversation: str
    """Its id."""
    version: int
    """Of the conversation that this was made from."""
    unread: int
    job_id: JobId | None = None
    """The job that the last message is about. Commands do not count as messages here."""
    phone_end: str
    """The last four digits."""
    sender: Sender
    excerpt: str
    """How the last message begins."""
    at: Utc


class ConversationList(Frozen):
    """The conversations in which a person wrote to a person, derived from them."""

    version: int = 0
    conversations: tuple[ListedConversation, ...] = ()
    """Unread ones first, then the latest."""

    def find(self, digest: str) -> ListedConversation | None:
        return next((each for each in self.conversations if each.conversation == digest), None)

    def after(self, conversation: Conversation) -> "ConversationList":
        """With what is so now about the conversation; unchanged if it has only commands, or if a
        later version is listed already."""
        known = self.find(conversation.digest)
        is_talk = any(each.is_talk for each in conversation.messages)
        if (known and known.version >= conversation.version) or not (known or is_talk):
            return self
        listed = [
            _listed(conversation),
            *(each for each in self.conversations if each is not known),
        ]
        listed.sort(key=lambda each: (each.unread > 0, each.at), reverse=True)
        return self.with_(conversations=tuple(listed[:MOST_LISTED]))

    def without(self, digest: str) -> "ConversationList":
        kept = tuple(each for each in self.conversations if each.conversation != digest)
        return self if kept == self.conversations else self.with_(conversations=kept)


def _listed(conversation: Conversation) -> ListedConversation:
    talk = [each for each in conversation.messages if each.is_talk]
    last = (talk or conversation.messages)[-1]
    return ListedConversation(
        conversation=conversation.digest,
        version=conversation.version,
        unread=conversation.unread,
        job_id=last.job_id,
        phone_end=conversation.phone[-4:],
        sender=last.sender,
        excerpt=last.text[:EXCERPT],
        at=last.at,
    )
