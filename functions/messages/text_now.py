"""A text that a person waits for: sent at once, at most once, or refused with the reason."""

from dataclasses import dataclass
from datetime import datetime

from functions.messages.deliveries import Busy
from functions.messages.phone_numbers import (
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    digest_of,
    is_stopped,
    phone_record,
)
from functions.messages.sms_once import OPTED_OUT, SmsOnce
from functions.messages.sms_request import REPLIES
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import HaulwayError, Unavailable
from statemachine.business.business import SHARED, BusinessSettings
from statemachine.job.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.messages.sms_numbers import why_no_sms
from statemachine.messages.sms_parts import Wording


class TextRefused(HaulwayError):
    """`why` is one word; the text says what to do instead. Nothing was sent."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(advice)
        self.why = why


@dataclass(frozen=True)
class SendTextNow:
    numbers: PhoneRecords
    once: SmsOnce
    pause: Pause = full_jitter

    def check(self, tenant: BusinessSettings, phone: str, instead: str) -> PhoneRecord:
        """What is known of the number. Raises TextRefused, which says what to do `instead`."""
        known = phone_record(self.numbers, tenant.tenant, phone)
        if is_stopped(self.numbers, tenant, phone, known):
            raise TextRefused(OPTED_OUT, f"this number replied STOP; {instead}")
        if why := why_no_sms(phone, tenant.countries):
            raise TextRefused(why, f"this number gets no texts; {instead}")
        return known

    def __call__(
        self,
        tenant: BusinessSettings,
        phone: str,
        text_id: str,
        text: Wording,
        now: datetime,
        request: str = "",
    ) -> Delivery:
        """The delivery after it ended. Raises Unavailable if it did not: repeat the request with
        the same `text_id`; and TextRefused if that was the id of another `request`."""
        name, asked = text_now_name(tenant.tenant, text_id), digest_of(tenant.tenant, request)
        stored = self.once.deliveries.read(name)
        _check_asked(stored.value if stored else None, asked)
        self._remember(tenant, phone)
        draft = Delivery(
            name=name,
            asked=asked,
            state="held",
            to=masked_phone(phone),
            parts=text.parts,
            created_at=now,
            updated_at=now,
        )
        try:
            sender = tenant.sms_number
            delivery = self.once(draft, phone, text.body, now, sender=sender, known=stored)
        except Busy as error:
            raise Unavailable("a copy of this request is sending the text") from error
        _check_asked(delivery, asked)
        if not delivery.ended:
            raise Unavailable("the carrier did not take the text yet")
        return delivery

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


def _check_asked(known: Delivery | None, asked: str) -> None:
    """A held text is sent again by its request alone, so no other one may take its place."""
    if known and known.asked not in (None, asked):
        raise TextRefused("idempotency_key_reused", "send a new Idempotency-Key")


def text_now_name(tenant: str, text_id: str) -> DeliveryName:
    return DeliveryName(
        tenant=tenant, about=REPLIES, mark=text_id, channel="sms", recipient="customer"
    )
