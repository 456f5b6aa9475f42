"""Takes the README's pictures from a running system that the demo has filled.

python -m docs.screenshots
"""

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, expect

from cli.demo import FAST_STEPS, Demo
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.people.accounts import Passwords, suggested_password
from local.first_sign_in import FirstSignIn
from local.laptop import Laptop
from statemachine.job.job import Job
from tests.conftest import free_port
from tests.pages.browser import DESKTOP, PHONE, chromium, sign_in, visitor

PICTURES = Path(__file__).parent / "pictures"
SETTLED_S = 8
"""Until the last moves of the demo are on the board."""


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        Laptop(Path(state), free_port(), free_port(), lag_s=0, report=print) as laptop,
        chromium() as browser,
    ):
        first, job = laptop.first_sign_in(), fill_board(laptop)
        board(browser, laptop.edge_url, first)
        signed_in_page(browser, f"{laptop.edge_url}/dispatch/?view=day", first, "rows", "day")
        signed_in_page(browser, f"{laptop.edge_url}/ops/", first, "overview", "ops")
        crew(browser, laptop, job)
        phone_page(browser, f"{laptop.edge_url}/track/{job.token}", "track")
        phone_page(browser, f"{laptop.edge_url}/book/", "book")


def fill_board(laptop: Laptop) -> Job:
    """Let the demo put jobs into every column of the board. Returns a job that is under way."""
    day = Demo(laptop)
    for _ in range(2 * FAST_STEPS):
        day.next_at = None
        day.advance(datetime.now(UTC))
        time.sleep(0.5)
    time.sleep(SETTLED_S)
    s3, bucket = laptop.client("s3"), laptop.outputs["JobsBucket"]
    stored = S3Boards(s3, bucket).read("main")
    assert stored is not None
    under_way = next(
        card
        for card in stored.value.jobs.values()
        if card.status == "in_progress" and any(each.role == "driver" for each in card.crew)
    )
    return S3Jobs(s3, bucket).read("main", under_way.job_id).value


def board(browser: Browser, url: str, who: FirstSignIn) -> None:
    for scheme in ("light", "dark"):
        with visitor(browser, DESKTOP, scheme=scheme) as someone:
            page = someone.page(f"{url}/")
            sign_in(page, who.account, who.password)
            expect(page.get_by_test_id("card").first).to_be_visible(timeout=30_000)
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"board-{scheme}.png")


def signed_in_page(browser: Browser, url: str, who: FirstSignIn, shows: str, name: str) -> None:
    with visitor(browser, DESKTOP) as someone:
        page = someone.page(url)
        sign_in(page, who.account, who.password)
        expect(page.get_by_test_id(shows)).to_be_visible(timeout=30_000)
        page.wait_for_timeout(1_000)
        page.screenshot(path=PICTURES / f"{name}.png")


def crew(browser: Browser, laptop: Laptop, job: Job) -> None:
    """The page of the job's driver, who gets a password first, because the demo sets none."""
    driver = next(each.member for each in job.crew if each.role == "driver")
    accounts = DynamoAccounts(laptop.client("dynamodb"), laptop.outputs["CrewRosterTable"])
    password = suggested_password()
    accounts.set_password("main", driver, Passwords().hash(password), datetime.now(UTC))
    with visitor(browser, PHONE) as someone:
        page = someone.page(f"{laptop.edge_url}/crew/")
        sign_in(page, driver, password)
        expect(page.get_by_test_id("job").first).to_be_visible(timeout=30_000)
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / "crew.png")


def phone_page(browser: Browser, url: str, name: str) -> None:
    with visitor(browser, PHONE) as someone:
        page = someone.page(url)
        page.wait_for_timeout(2_000)
        page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
    print(json.dumps(sorted(path.name for path in PICTURES.glob("*.png"))))
