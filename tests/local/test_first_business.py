"""What `haul up` makes of the business of a copy, at its first start and at later ones."""

from typing import Any

import pytest
import tzlocal

from functions.business.change_settings import ChangeSettings
from local.first_business import DEFAULT_ZONE, own_zone, set_up_business
from statemachine.business.business import BusinessSettings
from statemachine.settings.business_changes import BusinessRecord
from tests.support.builders import NOON, a_job
from tests.support.business_fakes import FakeSettingsStore
from tests.support.fakes import Bucket, FakeJobs, FakeTenants, no_pause


class Copy:
    """A copy as a deployment leaves it: with a business that no one has set up."""

    def __init__(self) -> None:
        self.bucket = Bucket()
        FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway"))
        self.jobs = FakeJobs(self.bucket)

    def start(self, **given: Any) -> tuple[str, str, int]:
        change = ChangeSettings(FakeSettingsStore(self.bucket), no_pause)
        set_ = set_up_business(change, self.jobs, "main", given, "Europe/Madrid", NOON)
        assert isinstance(set_, BusinessRecord)
        return set_.name, set_.time_zone, set_.version


def test_a_new_copy_has_a_name_and_the_zone_of_its_laptop() -> None:
    copy = Copy()
    assert copy.start() == ("Haulway Demo", "Europe/Madrid", 2)
    assert copy.start() == ("Haulway Demo", "Europe/Madrid", 2)


def test_what_is_given_is_set_at_the_first_start_and_at_a_later_one() -> None:
    copy = Copy()
    first = copy.start(name="Quick Dump", time_zone="America/Los_Angeles")
    assert first == ("Quick Dump", "America/Los_Angeles", 2)
    assert copy.start(name="Quicker") == ("Quicker", "America/Los_Angeles", 3)


def test_a_copy_that_has_jobs_keeps_its_clock() -> None:
    copy = Copy()
    copy.jobs.create(a_job())
    assert copy.start() == ("Haulway", "America/New_York", 1)


@pytest.mark.parametrize(
    ("told", "zone"),
    [
        ("America/Denver", "America/Denver"),
        ("Etc/UTC", DEFAULT_ZONE),
        ("UTC", DEFAULT_ZONE),
        (None, DEFAULT_ZONE),
        (LookupError("several zones"), DEFAULT_ZONE),
    ],
)
def test_a_laptop_that_does_not_know_where_it_is_goes_by_new_york(
    told: Any, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name() -> str:
        if isinstance(told, Exception):
            raise told
        return told  # type: ignore[no-any-return]  # None too, which tzlocal may say

    monkeypatch.setattr(tzlocal, "get_localzone_name", name)
    assert own_zone() == zone
