"""What the routes about conversations take and return."""

from typing import Annotated

from pydantic import ConfigDict, Field

from statemachine.job.bounds import NoteInput
from statemachine.job.deliveries import DeliveryState
from statemachine.messages.conversation import ConversationMessage, ListedConversation
from statemachine.values.values import Frozen, JobId, Utc

Seq = Annotated[int, Field(ge=1, le=10**9)]


class ConversationQuery(Frozen):
    """`before` is what the last part of the conversation had; without it, the latest messages."""

    model_config = ConfigDict(extra="ignore")

    before: Seq | None = None


class OfficeTextBody(Frozen):
    """A text to the customer. `job_id` is the job that it is about; the first text of a
    conversation needs it."""

    text: NoteInput
    job_id: JobId | None = None


class ReadBody(Frozen):
    """The number of the last message that was read."""

    seq: Seq


class SystemText(Frozen):
    """A text that the system sent by itself. Its words are in docs/texts.md."""

    job_id: JobId
    kind: str
    """`move` for the text of a status or a move; else what it is about, such as `rescheduled`."""
    status: str | None = None
    """The job's status at the time."""
    state: DeliveryState
    why: str | None = None
    at: Utc


class ConversationDocument(Frozen):
    """A part of a conversation; messages and system texts are each ordered by time."""

    conversation: str
    version: int
    """Grows with every change; the list of conversations has it too."""
    phone: str
    unread: int
    read_seq: int
    messages: tuple[ConversationMessage, ...]
    """At most a hundred."""
    system_texts: tuple[SystemText, ...]
    before: int | None = None
    """If set, there are earlier messages: send it as `before`."""
    begins_with: str
    """What each text of the office begins with: it names the business, and counts."""
    texts_stopped: bool
    """The customer has replied STOP."""


class ConversationsDocument(Frozen):
    """Those with something to read first, then the latest; at most a hundred."""

    conversations: tuple[ListedConversation, ...]
