"""A business that works with Haulway."""

from typing import Annotated

from pydantic import Field

from statemachine.flows import DEFAULT_FLOW
from statemachine.values import Frozen, Language, Name, Tenant


class TenantSettings(Frozen):
    tenant: Tenant
    business: Annotated[str, Field(min_length=1, max_length=60)]
    """How customers know the business; texts begin with it."""
    time_zone: str = "America/New_York"
    language: Language = "en"
    flow: Name = DEFAULT_FLOW
    """The flow of a job that names none."""
