"""People who sign in to the pages, and their jobs."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Boards
from functions.people.accounts import Passwords, Role, new_account
from local.laptop import Laptop
from local.stages import edge_server
from statemachine.job.job import Job
from statemachine.views.views import Card
from tests.e2e.support.jobs import (
    DISPATCHER,
    booking,
    exist,
    jobs_of,
    move,
    put,
    stamp,
    until,
)
from tests.pages.browser import Visitor, sign_in, status_on

SLOW = 30
"""Seconds for a request through all functions, with cold starts, on a busy machine."""
NEXT_POLL = "00:45"
"""Further than any poll interval of the flow: the page's clock is turned, not ours."""
PASSWORD = "canary horse battery"
ADDRESS = "12 Harbor Road, Portland"


@dataclass(frozen=True)
class Person:
    account: str
    name: str


def someone(stack: Laptop, name: str, *roles: Role) -> Person:
    """A new account with these roles and a unique name."""
    account = f"{name.lower()}_{secrets.token_hex(3)}"
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    now, full = datetime.now(UTC), f"{name} {account[-6:]}"
    accounts.add(new_account("main", account, full, roles, PASSWORD, now, Passwords()))
    return Person(account, full)


def signed_in(someone: Visitor, stack: Laptop, path: str, who: Person) -> Page:
    page = someone.page(f"{stack.edge_url}{path}")
    sign_in(page, who.account, PASSWORD)
    expect(page.get_by_test_id("sign-in-form")).to_have_count(0, timeout=SLOW * 1000)
    return page


def fresh_name(first: str = "Ada") -> str:
    return f"{first} {secrets.token_hex(3)}"


def job_of(stack: Laptop, job_id: str) -> Job:
    return jobs_of(stack).read("main", job_id).value


def booked(
    stack: Laptop,
    customer: str,
    *,
    hours: float = 0.0,
    gate_code: str | None = None,
    phone: str = "+15555550123",
) -> str:
    """A job of 90 minutes on the board. Its arrival window of an hour opens in so many hours."""
    request = booking(secrets.randbelow(32_768), prefix=secrets.token_hex(4))
    request |= {
        "customer": {"name": customer, "phone": phone},
        "place": {"address": ADDRESS, "gate_code": gate_code},
        "schedule": an_hour_in(hours),
        "duration_minutes": 90,
    }
    put(stack, "JobRequested", [request])
    job_id = str(request["job_id"])
    exist(stack, [job_id])
    until(lambda: card_of(stack, job_id), bool, SLOW)
    return job_id


def an_hour_in(hours: float) -> dict[str, str]:
    """An arrival window of an hour that opens in so many hours."""
    start = datetime.now(UTC) + timedelta(hours=hours)
    ends = {"window_start": start, "window_end": start + timedelta(hours=1)}
    return {name: moment.isoformat() for name, moment in ends.items()}


def card_of(stack: Laptop, job_id: str) -> Card | None:
    """The job's card; None while there is no card or no board."""
    stored = S3Boards(stack.client("s3"), stack.outputs["JobsBucket"]).read("main")
    return stored.value.jobs.get(job_id) if stored else None


def given_to(stack: Laptop, job_id: str, driver: Person, **more: Any) -> str:
    """Assign the driver, with `more` changes, and confirm the job. Returns its id."""
    crew = {"crew": [{"role": "driver", "member": driver.account}], **more}
    about = {"tenant": "main", "job_id": job_id, "actor": DISPATCHER, "occurred_at": stamp()}
    edit = {**about, "event_id": f"{job_id}-crew", "changes": crew}
    put(stack, "JobEditRequested", [edit])
    until(lambda: job_of(stack, job_id).crew, bool, SLOW)
    moved(stack, job_id, "confirm")
    until(
        lambda: card_of(stack, job_id),
        lambda card: bool(card and card.crew and card.status == "ready_for_pickup"),
        SLOW,
    )
    return job_id


def moved(stack: Laptop, job_id: str, name: str, **more: Any) -> None:
    """Move the job as a dispatcher."""
    put(stack, "JobMoveRequested", [move(job_id, name, **more)])
    until(lambda: job_of(stack, job_id), lambda job: job.knows(f"{job_id}-{name}"), SLOW)


@contextmanager
def no_signal(context: BrowserContext, stack: Laptop) -> Iterator[None]:
    """Offline: also stops the edge, because the browser's offline mode does not cover service
    workers."""
    assert stack.edge is not None
    context.set_offline(True)
    stack.edge.stop()
    try:
        yield
    finally:
        edge = edge_server(
            stack.engine.address, stack.outputs, stack.edge_port, stack.lag_s, stack.caches
        )
        stack.edge = edge.start()
        context.set_offline(False)


def follow_link(someone: Visitor, link: str) -> Page:
    """The tracking page, with a clock that can be turned and a note of every status it showed."""
    page = someone.page()
    page.clock.install()
    page.add_init_script("""
      window.shownStatuses = [];
      new MutationObserver(() => {
        const at = document.querySelector('[data-testid=status]')?.dataset.status;
        if (at && window.shownStatuses.at(-1) !== at) window.shownStatuses.push(at);
      }).observe(document, {subtree: true, childList: true, attributes: true});
    """)
    page.goto(link)
    return page


def comes_to_show(page: Page, status: str, within_s: float) -> None:
    """The page shows the status on its own, whatever the edge serves in the meantime."""
    deadline = time.monotonic() + within_s
    while status_on(page).get_attribute("data-status") != status:
        assert time.monotonic() < deadline, f"not {status} within {within_s} s"
        page.clock.fast_forward(NEXT_POLL)
        time.sleep(0.5)
