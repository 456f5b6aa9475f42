"""Crew and customer: on my way, undo, a doubtful start, photos, a changed list."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from events import Changes
from functions.messages.phone_numbers import digest_of
from statemachine.job.job import Schedule
from statemachine.messages.conversation import Conversation, ConversationMessage
from statemachine.rules.requirements import has_proof
from tests.pages.browser import PHONE, open_job, serious_findings, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import DANA, now
from tests.pages.test_crew_page import (
    a_job_for_miguel,
    a_picture,
    at_work,
    hours_until_tomorrow_noon,
    of,
    press_next,
    waiting,
)
from tests.pages.test_drawer import at_the_board

pytestmark = pytest.mark.browser


def on_my_way(page: Page, choice: str = "In 30 min") -> None:
    page.get_by_test_id("approach").click()
    page.get_by_role("button", name=choice).click()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "Your crew is on the way, expected around"),
        ("es-MX", "Su equipo va en camino, llegada prevista:"),
    ],
)
def test_the_customer_sees_that_the_crew_is_on_its_way(
    browser: Browser, stub: StubServer, axe: str, locale: str, said: str
) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel, visitor(browser, PHONE, locale=locale) as customer:
        page = at_work(miguel, stub)
        on_my_way(page)
        expect(page.get_by_test_id("told")).to_contain_text("you are on your way, expected")
        expect(page.get_by_test_id("approach")).to_have_text("Almost there")
        assert serious_findings(page, axe) == []
        waiting(page, 0)
        tracking = customer.page(f"{stub.url}/track/{job.token}")
        expect(tracking.get_by_test_id("eta")).to_contain_text(said)
        expect(tracking.get_by_test_id("too-late")).to_be_visible()
        expect(tracking.get_by_test_id("reschedule")).to_have_count(0)
        assert serious_findings(tracking, axe) == []
        press_next(page, "Ada Wong")
        waiting(page, 0)
        tracking.reload()
        expect(tracking.get_by_test_id("status")).to_have_attribute("data-status", "in_progress")
        expect(tracking.get_by_test_id("eta")).to_have_count(0)
    eta = stub.data.jobs[job.job_id].schedule.eta
    assert eta is not None
    assert timedelta(minutes=29) < eta - now() < timedelta(minutes=32)


def test_another_arrival_time_is_a_time_that_is_still_to_come(
    browser: Browser, stub: StubServer
) -> None:
    a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        on_my_way(page, "Another time")
        dialog = page.get_by_test_id("dialog")
        time = dialog.get_by_label("Time of arrival")
        expect(time).to_have_attribute("type", "time")
        time.fill("00:00")
        page.get_by_test_id("save").click()
        expect(dialog).to_contain_text("Enter a time later today")


def test_what_was_said_and_done_without_signal_is_taken_back_on_the_phone(
    browser: Browser, stub: StubServer
) -> None:
    job = a_job_for_miguel(stub.data)
    before = stub.data.jobs[job.job_id]
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        miguel.context.set_offline(True)
        on_my_way(page)
        waiting(page, 1)
        page.get_by_test_id("undo").get_by_role("button").click()
        waiting(page, 0)
        expect(page.get_by_test_id("told")).to_have_count(0)
        press_next(page, "Ada Wong")
        waiting(page, 1)
        page.get_by_test_id("undo").get_by_role("button").click()
        expect(of(page, "Ada Wong")).to_have_attribute("data-status", "ready_for_pickup")
        waiting(page, 0)
        miguel.context.set_offline(False)
        expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "good")
    assert stub.data.jobs[job.job_id] == before


def test_a_move_that_was_sent_is_undone_on_the_record(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        press_next(page, "Ada Wong")
        waiting(page, 0)
        page.get_by_test_id("undo").get_by_role("button").click()
        waiting(page, 0)
        expect(of(page, "Ada Wong")).to_have_attribute("data-status", "ready_for_pickup")
        expect(page.get_by_test_id("undo")).to_have_count(0)
        on_my_way(page)
        waiting(page, 0)
        page.get_by_test_id("undo").get_by_role("button").click()
        expect(page.get_by_test_id("told")).to_have_count(0)
        waiting(page, 0)
    done = stub.data.jobs[job.job_id]
    assert [entry.move for entry in done.ledger] == ["confirm", "start", "undo"]
    assert done.approach is None
    assert done.schedule.eta is None


def test_a_start_a_day_early_or_while_on_another_job_asks_first(
    browser: Browser, stub: StubServer
) -> None:
    ada = a_job_for_miguel(stub.data, hours=hours_until_tomorrow_noon())
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        of(page, "Ada Wong").get_by_role("button").first.click()
        press_next(page, "Ada Wong")
        expect(page.get_by_test_id("dialog")).to_contain_text("The arrival window is")
        page.get_by_role("button", name="Do not start").click()
        expect(of(page, "Ada Wong")).to_have_attribute("data-status", "ready_for_pickup")
        press_next(page, "Ada Wong")
        page.get_by_role("button", name="Start anyway").click()
        expect(of(page, "Ada Wong")).to_have_attribute("data-status", "in_progress")
        waiting(page, 0)
        assert stub.data.jobs[ada.job_id].status == "in_progress"
        bo = a_job_for_miguel(stub.data, "Bo Lind")
        page.reload()
        page.get_by_role("button", name="ES Español").click()
        press_next(page, "Bo Lind")
        expect(page.get_by_test_id("dialog")).to_contain_text("sigue en el trabajo de Ada Wong")
        page.get_by_role("button", name="No empezar").click()
    assert stub.data.jobs[bo.job_id].status == "ready_for_pickup"


def test_a_failed_attempt_has_a_reason_and_a_photo_that_the_customer_does_not_see(
    browser: Browser, stub: StubServer
) -> None:
    job = a_job_for_miguel(stub.data, "Ada Wong", "start")
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        picture = a_picture(page)
        of(page, "Ada Wong").get_by_text("More").click()
        page.get_by_role("button", name="Could not complete").click()
        page.get_by_label("Reason").fill("The gate is locked")
        page.get_by_test_id("save").click()
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Take a photo").click()
        with page.expect_response(lambda answer: "/uploads/" in answer.url):
            chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})
        waiting(page, 0)
    done = stub.data.jobs[job.job_id]
    assert done.status == "attempt_failed"
    assert done.ledger[-1].reason == "The gate is locked"
    assert [photo.kind for photo in done.photos] == ["attempt"]
    assert not has_proof(done.with_(load_size="half"))


@pytest.mark.parametrize(
    ("locale", "button", "said"),
    [
        ("en-US", "Send the crew a photo", "Your photo was sent to the crew"),
        ("es-MX", "Enviar una foto al equipo", "Enviamos su foto al equipo"),
    ],
)
def test_a_customer_sends_a_photo_that_crew_and_office_see(
    browser: Browser, stub: StubServer, axe: str, locale: str, button: str, said: str
) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE, locale=locale) as customer:
        page = customer.page(stub.tracking_url(job))
        send_photo(page, button, a_picture(page))
        expect(page.get_by_test_id("said")).to_contain_text(said)
        assert serious_findings(page, axe) == []
        expect(page.get_by_test_id("proof")).to_have_count(0)
    with visitor(browser, PHONE, locale="en-US") as miguel:
        shown = at_work(miguel, stub).get_by_test_id("photo")
        expect(shown).to_contain_text("From the customer")
        expect(shown.get_by_role("img")).to_have_js_property("naturalWidth", 1600)
    with visitor(browser) as dana:
        drawer = open_job(at_the_board(dana, stub), "Ada Wong")
        expect(drawer.get_by_test_id("proof-photos")).to_contain_text("From the customer")
    assert [photo.kind for photo in stub.data.jobs[job.job_id].photos] == ["customer"]


def test_a_crew_reads_what_the_office_texted_among_the_notes(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    job = a_job_for_miguel(stub.data)
    stub.data.edit(job.job_id, DANA, Changes(note="Text from the customer: Which day?"))
    phone = job.customer.phone
    assert phone
    digest = digest_of("main", phone)
    talk = Conversation(tenant="main", digest=digest, phone=phone)
    for minutes, text in ((-5, "We come <b>today</b>"), (5, "At nine")):
        sent = ConversationMessage(
            message_id=f"out{minutes}", at=now() + timedelta(minutes=minutes), sender="office",
            text=text, job_id=job.job_id, by="dana", state="sent",
        )  # fmt: skip
        talk = talk.added(sent)
    stub.data.conversations[digest] = talk
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        notes = page.get_by_test_id("notes").get_by_role("listitem")
        expect(notes).to_contain_text(
            [
                "Text to the customer: We come <b>today</b>",
                "Text from the customer: Which day?",
                "Text to the customer: At nine",
            ]
        )
        assert serious_findings(page, axe) == []
        page.get_by_role("button", name="ES Español").click()
        expect(notes.last).to_contain_text("Mensaje al cliente: At nine")


def test_a_customers_photo_that_cannot_be_used_is_explained(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        send_photo(page, "Send the crew a photo", b"%PDF-1.7", "application/pdf")
        expect(page.get_by_test_id("said")).to_contain_text("choose a JPEG of at most 10 MB")
    assert stub.data.jobs[job.job_id].photos == ()


def send_photo(page: Page, button: str, content: bytes, media_type: str = "image/jpeg") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files({"name": "a", "mimeType": media_type, "buffer": content})


def test_what_changes_on_todays_list_is_shown_until_it_is_dismissed(
    browser: Browser, stub: StubServer
) -> None:
    ada = a_job_for_miguel(stub.data)
    bo = a_job_for_miguel(stub.data, "Bo Lind", hours=0.1)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        later = now() + timedelta(hours=3)
        window = Schedule(window_start=later, window_end=later + timedelta(hours=2))
        stub.data.edit(ada.job_id, DANA, Changes(schedule=window))
        stub.data.move(bo.job_id, "cancel")
        a_job_for_miguel(stub.data, "Cy Young", hours=0.1)
        page.reload()
        changes = page.get_by_test_id("changes")
        expect(changes).to_contain_text("Another time: Ada Wong, now")
        expect(changes).to_contain_text("Cancelled: Bo Lind, was")
        expect(changes).to_contain_text("New: Cy Young")
        page.get_by_role("button", name="ES Español").click()
        expect(changes).to_contain_text("Su lista ha cambiado")
        changes.get_by_role("button").click()
        expect(changes).to_have_count(0)
        page.reload()
        expect(of(page, "Cy Young")).to_be_visible()
        expect(changes).to_have_count(0)


def test_a_customer_switches_texts_off(browser: Browser, stub: StubServer, axe: str) -> None:
    stub.data.business = stub.data.business.with_(remind_day_before=True)
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        page.get_by_test_id("texts-reminders").uncheck()
        expect(page.get_by_test_id("said")).to_contain_text("Saved")
        page.get_by_test_id("texts-arriving").uncheck()
        expect(page.get_by_test_id("texts-arriving")).not_to_be_checked()
        expect(page.get_by_test_id("texts-on_my_way")).to_be_checked()
        assert serious_findings(page, axe) == []
        page.reload()
        expect(page.get_by_test_id("texts-reminders")).not_to_be_checked()
    assert stub.data.jobs[job.job_id].unwanted_texts == ("reminders", "arriving")
