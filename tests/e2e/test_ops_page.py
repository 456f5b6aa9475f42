"""The ops page on the whole system: problems are shown and repaired."""

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from functions.aws.s3_stores import S3Stuck
from functions.protocol.ports import StuckJob
from local.laptop import Laptop
from statemachine.job.records import RepairRecord
from tests.e2e.support.jobs import (
    dead_letters,
    executions,
    jobs_of,
    put,
    unreadable_move,
    until,
    wait_until_queues_are_empty,
)
from tests.e2e.support.pages import SLOW, booked, fresh_name, job_of, moved, signed_in, someone
from tests.e2e.test_watch import a_round
from tests.pages.browser import Visitor, said, visitor
from tests.pages.test_ops_page import confirm, trouble

pytestmark = [pytest.mark.engine, pytest.mark.browser]


@pytest.fixture
def olga(browser: Browser) -> Iterator[Visitor]:
    with visitor(browser) as someone:
        yield someone


def at_ops(olga: Visitor, stack: Laptop) -> Page:
    page = signed_in(olga, stack, "/ops/", someone(stack, "Olga", "ops"))
    expect(page.get_by_test_id("freshness")).to_contain_text("As of", timeout=SLOW * 1000)
    return page


def story_of(page: Page, job_id: str) -> Locator:
    field = page.get_by_label("Show a job")
    field.fill(job_id)
    field.press("Enter")
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=SLOW * 1000)
    return page.get_by_test_id("line")


def keeps_failing(stack: Laptop, job_id: str) -> None:
    """Five executions have failed within an hour, the last one just now: the job is stuck."""
    until(lambda: job_of(stack, job_id).wait, bool, SLOW)
    wait_until_queues_are_empty(stack)
    jobs, now = jobs_of(stack), datetime.now(UTC)
    stored = jobs.read("main", job_id)
    died = [now - timedelta(minutes=minutes) for minutes in (50, 40, 30, 20, 16)]
    repaired = tuple(RepairRecord(repairs=("replaced",), at=at) for at in died)
    run = stored.value.execution.with_(since=died[-1])
    jobs.replace(
        stored.value.with_bookkeeping(wait=None, execution=run, repaired=repaired), stored.etag
    )
    stuck = S3Stuck(stack.client("s3"), stack.outputs["JobsBucket"])
    stuck.add(StuckJob(tenant="main", job_id=job_id, why="keeps_failing", since=now))
    prefix = stack.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    arn = f"{prefix}haul:main-{job_id}-g{run.generation}"
    stack.client("stepfunctions").stop_execution(executionArn=arn)


def test_a_job_whose_executions_keep_failing_is_repaired_and_continues(
    olga: Visitor, stack: Laptop
) -> None:
    job_id = booked(stack, fresh_name())
    keeps_failing(stack, job_id)
    page = at_ops(olga, stack)
    row = trouble(page, job_id)
    expect(row).to_contain_text("Keeps failing", timeout=SLOW * 1000)
    row.get_by_role("button", name="Repair").click()
    confirm(page, "Repair", "a new one continues from “Pending pickup”")
    expect(said(page)).to_contain_text("a new execution continues", timeout=SLOW * 1000)
    job = until(lambda: job_of(stack, job_id), lambda job: job.wait is not None, SLOW)
    assert executions(stack, job) == ["ABORTED", "RUNNING"]
    assert len(job.repaired) == 6
    lines = story_of(page, job_id)
    expect(lines.filter(has_text="the watchdog repaired it").last).to_be_visible()
    expect(lines.filter(has_text="execution 1 waits in Pending pickup")).to_be_visible()
    a_round(stack)
    page.get_by_role("link", name="← Overview").click()
    expect(row).to_have_count(0, timeout=SLOW * 1000)
    moved(stack, job_id, "confirm")
    until(lambda: job_of(stack, job_id).execution.seq, (1).__eq__, SLOW)


def test_a_poison_event_is_shown_redriven_and_discarded(olga: Visitor, stack: Laptop) -> None:
    no_one = f"261121-{secrets.token_hex(3)}"
    before = dead_letters(stack).get("Advance", 0)
    put(stack, "JobMoveRequested", [unreadable_move(f"poison-{no_one}", no_one)])
    until(lambda: dead_letters(stack).get("Advance", 0), (before + 1).__eq__, SLOW)
    page = at_ops(olga, stack)
    page.get_by_role("button", name="Failed messages of advance job").click()
    letter = page.get_by_test_id("dead-letter").filter(has_text=no_one)
    expect(letter).to_contain_text("Permanent", timeout=SLOW * 1000)
    first = letter.get_attribute("data-message")
    letter.get_by_role("button", name="Redrive").click()
    confirm(page, "Redrive", "A message that fails again comes back")
    expect(said(page)).to_contain_text("1 message redriven", timeout=SLOW * 1000)
    until(lambda: dead_letters(stack).get("Advance", 0), (before + 1).__eq__, SLOW)
    comes_back(page, letter)
    assert letter.get_attribute("data-message") != first
    letter.get_by_role("button", name="Delete").click()
    confirm(page, "Delete")
    expect(said(page)).to_contain_text("1 message deleted", timeout=SLOW * 1000)
    until(lambda: dead_letters(stack).get("Advance", 0), before.__eq__, SLOW)


def comes_back(page: Page, letter: Locator) -> None:
    """A message that was just read is invisible to others for a short time."""

    def read_again() -> int:
        with page.expect_response("**/dead-letters/*"):
            page.get_by_role("button", name="Refresh").click()
        page.wait_for_timeout(500)
        return letter.count()

    until(read_again, (1).__eq__, SLOW)


def test_the_timeline_of_a_completed_job_can_be_read(olga: Visitor, stack: Laptop) -> None:
    job_id = booked(stack, fresh_name())
    for name in ("confirm", "start", "complete"):
        moved(stack, job_id, name)
    until(lambda: job_of(stack, job_id).execution.seq, (3).__eq__, SLOW)
    wait_until_queues_are_empty(stack)
    page = at_ops(olga, stack)
    lines = story_of(page, job_id)
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-verdict", "well")
    expect(lines.first).to_contain_text("Booked")
    expect(lines.last).to_contain_text("Now")
    page.get_by_role("button", name="Moved").click()
    expect(lines).to_have_text(
        [re.compile(name) for name in ("Confirm pickup", "Start job", "Complete")]
    )
