"""A text that the office writes itself, in a customer's conversation.

It is in the conversation before it is sent, and sent at most once, like a reply (`sms_once.py`):

    request      checked ── conversation: sending ── sent once ── conversation: sent
    copy of it   conversation: has it, sent ── the same response
    a crash after the send: the message stays `sending`, and its delivery says what became of it

What a person writes cannot be checked for truth later, so it is never held: in quiet hours it is
refused.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from functions.messages.conversations import (
    Conversations,
    add_message,
    change_conversation,
)
from functions.messages.text_now import SendTextNow, TextRefused
from functions.protocol.compare_and_swap import Pause, full_jitter
from statemachine.business.business import BusinessSettings, quiet_until
from statemachine.messages.conversation import ConversationMessage
from statemachine.messages.sms_parts import Wording, counted, filled, plain

MOST_PARTS = 6
"""Of one text; its author sees the number while typing."""
BEFORE_THE_TEXT = "{business}: "


@dataclass(frozen=True)
class OfficeText:
    """`message_id` is the same for every copy of the request."""

    message_id: str
    text: str
    by: str
    job_id: str | None
    agreed: bool = True
    """False if the customer of that job was asked for consent and did not give it."""


@dataclass(frozen=True)
class SendOfficeText:
    conversations: Conversations
    text_now: SendTextNow
    pause: Pause = full_jitter

    def __call__(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> ConversationMessage:
        """The message after it was sent, or after the service refused it.

        Raises TextRefused before anything is stored; Unavailable if the service did not take
        it: repeat the request.
        """
        known = self._known(tenant, phone, wanted)
        if known and known.state != "sending":
            return known
        if known is None:
            self._check(tenant, phone, wanted, now)
        message = ConversationMessage(
            message_id=wanted.message_id, at=now, sender="office", text=wanted.text,
            job_id=wanted.job_id, by=wanted.by, state="sending",
        )  # fmt: skip
        add_message(self.conversations, tenant.tenant, phone, message, self.pause)
        return self._send(tenant, phone, wanted, now)

    def _known(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText
    ) -> ConversationMessage | None:
        """Raises TextRefused if that id has another text, or if the customer wants none."""
        conversation = change_conversation(
            self.conversations, tenant.tenant, phone, lambda known: known, self.pause
        )
        message = conversation.message(wanted.message_id)
        if not wanted.agreed and all(each.sender == "office" for each in conversation.messages):
            advice = "the customer did not agree to texts and has sent none; call instead"
            raise TextRefused("no_consent", advice)
        if message and (message.text, message.job_id) != (wanted.text, wanted.job_id):
            raise TextRefused("idempotency_key_reused", "send a new Idempotency-Key")
        return message

    def _check(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> None:
        self.text_now.check(tenant, phone, "call instead")
        if until := quiet_until(tenant, now):
            end = f"{until.astimezone(ZoneInfo(tenant.time_zone)):%H:%M}"
            raise TextRefused("quiet_hours", f"quiet hours last until {end}; call instead")
        if office_wording(tenant, wanted.text).parts > MOST_PARTS:
            raise TextRefused("too_long", f"write at most {MOST_PARTS} parts")

    def _send(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> ConversationMessage:
        worded = office_wording(tenant, wanted.text)
        delivery = self.text_now(tenant, phone, wanted.message_id, worded, now)
        stored = change_conversation(
            self.conversations, tenant.tenant, phone,
            lambda known: known.ended(wanted.message_id, delivery), self.pause,
        )  # fmt: skip
        message = stored.message(wanted.message_id)
        assert message is not None
        return message


def office_wording(tenant: BusinessSettings, text: str) -> Wording:
    before = filled(BEFORE_THE_TEXT, {"business": tenant.name})
    return counted(f"{before}{plain(text)}")
