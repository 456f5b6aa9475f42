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
from functions.messages.deliveries import Busy
from functions.messages.phone_numbers import (
    PhoneRecords,
    change_phone_record,
    is_stopped,
    phone_record,
)
from functions.messages.sms_once import OPTED_OUT, SmsOnce
from functions.messages.sms_request import REPLIES
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import HaulwayError, Unavailable
from statemachine.business import SHARED, BusinessSettings, quiet_until
from statemachine.conversation import ConversationMessage
from statemachine.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.sms_numbers import why_no_sms
from statemachine.sms_parts import Wording, counted, filled, plain

MOST_PARTS = 6
"""Of one text; its author sees the number while typing."""
BEFORE_THE_TEXT = "{business}: "


class OfficeTextRefused(HaulwayError):
    """`why` is one word; the text says what to do instead. Nothing was sent."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(advice)
        self.why = why


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
    numbers: PhoneRecords
    once: SmsOnce
    pause: Pause = full_jitter

    def __call__(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> ConversationMessage:
        """The message after it was sent, or after the service refused it.

        Raises OfficeTextRefused before anything is stored; Unavailable if the service did not take
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
        """Raises OfficeTextRefused if that id has another text, or if the customer wants none."""
        conversation = change_conversation(
            self.conversations, tenant.tenant, phone, lambda known: known, self.pause
        )
        message = conversation.message(wanted.message_id)
        if not wanted.agreed and all(each.sender == "office" for each in conversation.messages):
            advice = "the customer did not agree to texts and has sent none; call instead"
            raise OfficeTextRefused("no_consent", advice)
        if message and message.text != wanted.text:
            raise OfficeTextRefused("idempotency_key_reused", "send a new Idempotency-Key")
        return message

    def _check(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> None:
        known = phone_record(self.numbers, tenant.tenant, phone)
        if is_stopped(self.numbers, tenant, phone, known):
            raise OfficeTextRefused(OPTED_OUT, "the customer replied STOP; call instead")
        if why := why_no_sms(phone, tenant.countries):
            raise OfficeTextRefused(why, "this number gets no texts; call instead")
        if until := quiet_until(tenant, now):
            end = f"{until.astimezone(ZoneInfo(tenant.time_zone)):%H:%M}"
            raise OfficeTextRefused("quiet_hours", f"quiet hours last until {end}; call instead")
        if office_wording(tenant, wanted.text).parts > MOST_PARTS:
            raise OfficeTextRefused("too_long", f"write at most {MOST_PARTS} parts")

    def _send(
        self, tenant: BusinessSettings, phone: str, wanted: OfficeText, now: datetime
    ) -> ConversationMessage:
        worded = office_wording(tenant, wanted.text)
        self._remember(tenant, phone)
        draft = office_delivery(tenant.tenant, wanted.message_id, phone, worded, now)
        try:
            delivery = self.once(draft, phone, worded.body, now, sender=tenant.sms_number)
        except Busy as error:
            raise Unavailable("a copy of this request is sending the text") from error
        if not delivery.ended:
            raise Unavailable("the carrier did not take the text yet")
        stored = change_conversation(
            self.conversations, tenant.tenant, phone,
            lambda known: known.ended(wanted.message_id, delivery), self.pause,
        )  # fmt: skip
        message = stored.message(wanted.message_id)
        assert message is not None
        return message

    def _remember(self, tenant: BusinessSettings, phone: str) -> None:
        """On a shared number the answer is for the business that texted last."""
        if tenant.sms_number is None:
            change_phone_record(
                self.numbers,
                SHARED,
                phone,
                lambda known: known.texted_by(tenant.tenant),
                self.pause,
            )


def office_wording(tenant: BusinessSettings, text: str) -> Wording:
    before = filled(BEFORE_THE_TEXT, {"business": tenant.name})
    return counted(f"{before}{plain(text)}")


def office_delivery_name(tenant: str, message_id: str) -> DeliveryName:
    return DeliveryName(
        tenant=tenant, about=REPLIES, mark=message_id, channel="sms", recipient="customer"
    )


def office_delivery(
    tenant: str, message_id: str, phone: str, text: Wording, now: datetime
) -> Delivery:
    return Delivery(
        name=office_delivery_name(tenant, message_id),
        state="held",
        to=masked_phone(phone),
        parts=text.parts,
        created_at=now,
        updated_at=now,
    )
