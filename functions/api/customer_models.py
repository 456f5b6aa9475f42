"""What the routes about customers take and return."""

from typing import Annotated

from pydantic import ConfigDict, Field

from statemachine.history.customers import CustomerSummary
from statemachine.values.values import Frozen, JobId, Utc
from statemachine.views.views import Card


class CustomersQuery(Frozen):
    """`phone` is a whole number, its beginning with the area code, or at least four of its last
    digits."""

    model_config = ConfigDict(extra="ignore")

    phone: Annotated[str, Field(pattern=r"^(\D*\d){4}.*$", max_length=40)]


class OfficeNote(Frozen):
    """What the office wrote on a job."""

    job_id: JobId
    text: str
    recorded_at: Utc


class CustomerDocument(CustomerSummary):
    """A customer, made from the latest hundred of their jobs."""

    latest: tuple[Card, ...]
    """Their jobs, the latest first: ten in a list of customers, otherwise all of the hundred."""
    notes: tuple[OfficeNote, ...]
    """From the latest three jobs."""


class CustomersDocument(Frozen):
    """Those with the latest jobs, at most five."""

    customers: tuple[CustomerDocument, ...]
