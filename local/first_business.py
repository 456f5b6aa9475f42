"""The business that a new copy begins with: its name, and the clock it goes by."""

from datetime import datetime
from typing import Any

import tzlocal

from functions.business.change_settings import COMMAND_LINE, ChangeSettings
from functions.protocol.ports import Jobs
from statemachine.business.business_values import COUNTRIES
from statemachine.settings.business_changes import BusinessRecord

DEFAULT_NAME = "Haulway Demo"
DEFAULT_ZONE = COUNTRIES["US"].time_zone
SERVERS = ("UTC", "Etc/")
"""What a machine says that was never told where it is: no business goes by such a clock."""


def own_zone() -> str:
    """The time zone of this laptop, or DEFAULT_ZONE where it cannot be told."""
    try:
        name = tzlocal.get_localzone_name()
    except (LookupError, ValueError, OSError):
        return DEFAULT_ZONE
    return name if name and not name.startswith(SERVERS) else DEFAULT_ZONE


def set_up_business(
    change: ChangeSettings,
    jobs: Jobs,
    tenant: str,
    given: dict[str, Any],
    zone: str,
    now: datetime,
) -> BusinessRecord:
    """The settings after a start of the copy: with what was given, and at the first start with a
    name and `zone`. What someone has set, or a business with jobs, keeps what it has."""
    known = change.store.read(tenant).value
    is_new = known.last_change is None and next(iter(jobs.all_ids(tenant)), None) is None
    defaults = {"name": DEFAULT_NAME, "time_zone": zone} if is_new else {}
    wanted = defaults | given
    return change(tenant, wanted, COMMAND_LINE, now) if wanted else known
