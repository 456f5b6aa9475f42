"""What the API says of a business to anyone."""

from datetime import date

from statemachine.business.business_values import Acceptance, ClockRange, Logo, PolicyText, Weekday
from statemachine.business.own_labels import LabelName, OwnLabel
from statemachine.job.visit import OptionalText
from statemachine.money.price_guide import PriceGuide
from statemachine.values.values import Frozen, Language


class BusinessDocument(Frozen):
    """What anyone may know about a business; customers' pages show times in its zone."""

    name: str
    """Its public name."""
    time_zone: str
    currency: str
    """ISO 4217; all amounts are in it."""
    price_guide: PriceGuide | None = None
    phone: str | None = None
    website: str | None = None
    language: Language
    languages: tuple[Language, ...]
    accent_color: str
    logo: Logo | None = None
    windows: tuple[ClockRange, ...]
    """The arrival windows that can be booked on each open day."""
    open_days: tuple[Weekday, ...]
    closed_dates: tuple[date, ...]
    """From today on."""
    accepts_bookings: Acceptance
    """Whether a booked window is the customer's at once, or once a dispatcher agrees."""
    reschedule_cutoff_minutes: int
    """How long before its start the customer may last move an arrival window."""
    cancel_reason_required: bool
    lead_minutes: int
    public_horizon_days: int
    privacy_url: str | None = None
    terms_url: str | None = None
    cancellation_policy: PolicyText | None = None
    optional_texts: tuple[OptionalText, ...]
    """What it sends beside news of the booking, and customers may switch off."""
    own_labels: dict[LabelName, OwnLabel] | None = None
    """What it calls statuses instead of the labels in views; left out if nothing differs."""
    suspended: bool
    """It takes no bookings now."""
