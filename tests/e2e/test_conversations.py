"""A dispatcher and a customer text each other: the engine's topic for incoming texts, two boards in
real browsers, and the phone of the customer."""

import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from functions.aws.s3_stores import S3Tenants
from local.laptop import Laptop
from statemachine.business.business import NEVER_QUIET
from tests.e2e.support.jobs import booking, put, until
from tests.e2e.support.pages import SLOW, fresh_name, signed_in, someone
from tests.pages.browser import DESKTOP, PHONE, card, open_job, visitor

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def phone_reads(stack: Laptop, phone: str) -> list[str]:
    answer = stack.engine.ask("GET", "/_ministack/sns/sms-messages", params={"phoneNumber": phone})
    return [each["Message"] for each in answer.json()["sms_messages"].get(phone, [])]


def customer_texts(stack: Laptop, phone: str, body: str) -> None:
    text = {
        "originationNumber": phone, "destinationNumber": "+15555559999", "messageBody": body,
        "inboundMessageId": uuid.uuid4().hex,
    }  # fmt: skip
    topic = stack.outputs["InboundSmsTopic"]
    stack.client("sns").publish(TopicArn=topic, Message=json.dumps(text))


@pytest.fixture
def always_awake(stack: Laptop) -> None:
    """The first business without quiet hours, so that the test passes at night too."""
    tenants = S3Tenants(stack.client("s3"), stack.outputs["JobsBucket"])
    settings = tenants.read("main").with_(quiet=NEVER_QUIET)
    stack.client("s3").put_object(
        Bucket=stack.outputs["JobsBucket"],
        Key="directory/main.json",
        Body=settings.model_dump_json(exclude_none=True).encode(),
    )


def test_dispatcher_and_customer_talk_and_a_second_dispatcher_sees_it(
    stack: Laptop, browser: Browser, always_awake: None
) -> None:
    phone, name = f"+1206555{secrets.randbelow(10_000):04}", fresh_name()
    start = datetime.now(UTC) + timedelta(days=2)
    request = booking(secrets.randbelow(32_768), prefix=secrets.token_hex(4))
    request |= {
        "customer": {"name": name, "phone": phone}, "agreed_to_texts": True,
        "schedule": {
            "window_start": start.isoformat(),
            "window_end": (start + timedelta(hours=2)).isoformat(),
        },
    }  # fmt: skip
    put(stack, "JobRequested", [request])
    until(lambda: phone_reads(stack, phone), lambda texts: len(texts) == 1)

    dana, omar = someone(stack, "Dana", "dispatcher"), someone(stack, "Omar", "dispatcher")
    with visitor(browser, DESKTOP) as one, visitor(browser, PHONE) as other:
        first = signed_in(one, stack, "/dispatch/", dana)
        second = signed_in(other, stack, "/dispatch/", omar)
        for page in (first, second):
            expect(card(page, name)).to_be_visible(timeout=SLOW * 1000)
        customer_texts(stack, phone, "Please stop before the gate, it is locked")
        for page in (first, second):
            expect(card(page, name).get_by_test_id("unread")).to_have_text(
                "1 new message", timeout=SLOW * 1000
            )
        expect(first.get_by_test_id("unread-count")).to_have_text("1 new")

        drawer = open_job(first, name)
        talk = drawer.get_by_test_id("messages")
        expect(talk).to_contain_text("stop before the gate", timeout=SLOW * 1000)
        expect(talk).to_contain_text("Text by the system")
        drawer.get_by_label("Text the customer").fill("We have the code, thanks!")
        expect(drawer.get_by_test_id("length")).to_contain_text("1 part")
        drawer.get_by_test_id("send-text").click()
        expect(talk).to_contain_text("We have the code, thanks!", timeout=SLOW * 1000)
        expect(talk.locator("[data-from=office]")).to_contain_text("sent")
        read = until(lambda: phone_reads(stack, phone), lambda texts: len(texts) == 2)
        assert read[1].endswith(": We have the code, thanks!")

        for page in (first, second):
            expect(card(page, name).get_by_test_id("unread")).to_have_count(0, timeout=SLOW * 1000)
        seen = open_job(second, name).get_by_test_id("messages")
        expect(seen).to_contain_text("We have the code, thanks!", timeout=SLOW * 1000)
        customer_texts(stack, phone, "See you then")
        for page in (first, second):
            expect(page.get_by_test_id("messages")).to_contain_text(
                "See you then", timeout=SLOW * 1000
            )
