"""A conversation as people read it: its messages, and what the system texted in the same time.

What the system texted is read from the deliveries of the number's jobs, so it is stored once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.messages.conversations import Conversations, change_list
from functions.messages.deliveries import Deliveries
from functions.messages.expected_messages import number_of
from functions.messages.phone_numbers import PhoneRecords, digest_of, phone_record
from functions.messages.text_now import text_now_name
from functions.protocol.compare_and_swap import Pause, full_jitter
from statemachine.job.deliveries import CLAIM_LASTS, Delivery
from statemachine.messages.conversation import (
    PAGE,
    Conversation,
    ConversationMessage,
    first_of_page,
)

MOST_JOBS = 4
"""Of the number, whose texts are shown: the job that is open on the page, and the latest."""


@dataclass(frozen=True)
class ConversationPart:
    """Some of a conversation, oldest first. `before` is where to read on; None at its beginning."""

    conversation: Conversation
    messages: Sequence[ConversationMessage]
    system_texts: Sequence[Delivery]
    before: int | None


@dataclass(frozen=True)
class ReadConversation:
    conversations: Conversations
    numbers: PhoneRecords
    deliveries: Deliveries
    pause: Pause = full_jitter

    def __call__(
        self,
        tenant: str,
        phone: str,
        now: datetime,
        before: int | None = None,
        job_id: str | None = None,
    ) -> ConversationPart:
        """The messages before number `before`, or the latest. Raises Corrupt, Unavailable."""
        digest = digest_of(tenant, phone)
        stored = self.conversations.read(tenant, digest)
        empty = Conversation(tenant=tenant, digest=digest, phone=phone)
        known = stored.value if stored else empty
        if stored and before is None:
            change_list(self.conversations, tenant, lambda listed: listed.after(known), self.pause)
        messages = [self._settled(each, tenant, now) for each in self._page(known, before)]
        first = messages[0].seq if messages else 0
        return ConversationPart(
            conversation=known,
            messages=messages,
            system_texts=list(self._system_texts(tenant, phone, job_id, messages, before, first)),
            before=first if first > 1 else None,
        )

    def _page(self, known: Conversation, before: int | None) -> Sequence[ConversationMessage]:
        """At most PAGE messages."""
        oldest = known.messages[0].seq if known.messages else 1
        if before is None or before > oldest:
            return [each for each in known.messages if before is None or each.seq < before][-PAGE:]
        if before <= 1:
            return []
        first = first_of_page(before - 1)
        page = self.conversations.read_page(known.tenant, known.digest, first)
        return [each for each in page.messages if each.seq < before] if page else []

    def _settled(
        self, message: ConversationMessage, tenant: str, now: datetime
    ) -> ConversationMessage:
        """A text of the office whose sender died has its outcome in its delivery only."""
        if message.state != "sending" or now - message.at < CLAIM_LASTS:
            return message
        stored = self.deliveries.read(text_now_name(tenant, message.message_id))
        state = stored.value.state if stored else "failed"
        return message.with_(state=state if state in ("sent", "refused", "failed") else "unknown")

    def _system_texts(
        self,
        tenant: str,
        phone: str,
        job_id: str | None,
        messages: Sequence[ConversationMessage],
        before: int | None,
        first: int,
    ) -> Iterator[Delivery]:
        """Those to this number in the time of the messages: from the first of them, if there are
        earlier ones, and not later than the last of them, if there are later ones."""
        record = phone_record(self.numbers, tenant, phone)
        jobs = dict.fromkeys((*([job_id] if job_id else []), *record.jobs))
        number = number_of(tenant, phone)
        begin = messages[0].at if first > 1 else None
        end = messages[-1].at if before is not None and messages else None
        for about in list(jobs)[:MOST_JOBS]:
            for delivery in self.deliveries.texts_about(tenant, about):
                at = delivery.updated_at
                if delivery.number != number or delivery.state == "dropped":
                    continue
                if (begin is None or at >= begin) and (end is None or at <= end):
                    yield delivery
