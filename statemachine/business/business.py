"""A business that works with Haulway."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from statemachine.business.business_values import (
    COUNTRIES,
    WEEKDAYS,
    Acceptance,
    CalendarDay,
    ClockRange,
    ClockRanges,
    ClockTime,
    Color,
    Currency,
    HomeCountry,
    Logo,
    OpeningHours,
    OwnWords,
    PolicyText,
    PostalPrefix,
    SlotsOfDay,
    TextName,
    TimeZone,
    WebAddress,
    Weekday,
    check_postal_prefixes,
)
from statemachine.business.own_labels import LabelName, OwnLabel
from statemachine.flows import DEFAULT_FLOW
from statemachine.job.bounds import EmailInput, LabelInput, LineInput, fault_at
from statemachine.job.job import USUAL_DURATION, DurationMinutes
from statemachine.job.link_values import USUAL_LINK_DAYS, LinkDays
from statemachine.job.prices import LoadSize
from statemachine.money.price_guide import PriceGuide
from statemachine.values.values import PHONE_PATTERN, Frozen, Language, Name, Tenant

CANARY = "canary"
MAIN = "main"
"""The business that every stage has."""
SHARED = "shared-number"
"""No business: under this id is what customers' numbers told the number that businesses share."""
"""The business for which deployments book test jobs, so that no dispatcher sees them."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1, two letters."""


Phone = Annotated[str, Field(pattern=PHONE_PATTERN)]
WINDOWS = tuple(
    ClockRange(start=time(start), end=time(end)) for start, end in ((8, 12), (12, 16), (16, 19))
)
OPEN = (ClockRange(start=time(8), end=time(19)),)
DEFAULT_COUNTRY = "US"


def _usual_hours() -> dict[Weekday, ClockRanges]:
    return {day: OPEN for day in WEEKDAYS if day != "sun"}


def _without_seconds(sent: object) -> object:
    """Settings from before times were stored to the minute have `21:00:00`."""
    return sent.removesuffix(":00") if isinstance(sent, str) and len(sent) == 8 else sent


def logo_folder(tenant: str) -> str:
    """Where the site has the logos of a business."""
    return f"/logos/{tenant}/"


def is_internal(tenant: str) -> bool:
    """Whether the stage uses the id itself, so that public endpoints refuse it."""
    return tenant in (CANARY, SHARED) or tenant.startswith("test-")


QuietTime = Annotated[ClockTime, BeforeValidator(_without_seconds)]


class QuietHours(Frozen):
    """When no SMS is sent, in the business's time zone. They may pass midnight.

    If both ends are the same, there are no quiet hours.
    """

    begin: QuietTime = time(21)
    end: QuietTime = time(8)


NEVER_QUIET = QuietHours(begin=time(0), end=time(0))


class BusinessSettings(Frozen):
    """All that a business says of itself: one document, one validation, `version` by `version`.

    What is left out has the default of its country, see COUNTRIES. docs/business.md has the table.
    """

    tenant: Tenant
    version: Annotated[int, Field(ge=1)] = 1
    """Grows by one with every change."""

    name: LabelInput
    """The name that customers know; every SMS begins with it."""
    legal_name: LineInput | None = None
    phone: Phone | None = None
    """The number that customers call."""
    email: EmailInput | None = None
    website: WebAddress | None = None
    accent_color: Color = "#1d1c19"
    """`#rrggbb`; white text on it can be read."""
    logo: Logo | None = None
    """Set by an upload."""

    country: HomeCountry = DEFAULT_COUNTRY
    time_zone: TimeZone = COUNTRIES[DEFAULT_COUNTRY].time_zone
    currency: Currency = COUNTRIES[DEFAULT_COUNTRY].currency
    languages: Annotated[
        tuple[Language, ...],
        Field(min_length=1, max_length=20),
        AfterValidator(lambda each: tuple(dict.fromkeys(each))),
    ] = COUNTRIES[DEFAULT_COUNTRY].languages
    """What customers may choose from."""
    language: Language = "en"
    """What a customer who has chosen none is addressed in."""

    opening_hours: OpeningHours = Field(default_factory=_usual_hours)
    closed_dates: Annotated[
        tuple[CalendarDay, ...],
        Field(max_length=400),
        AfterValidator(lambda ds: tuple(sorted(set(ds)))),
    ] = ()
    service_area: Annotated[tuple[PostalPrefix, ...], Field(max_length=500)] = ()
    """Postal codes or their beginnings; empty means everywhere."""
    windows: Annotated[ClockRanges, Field(min_length=1)] = WINDOWS
    """The arrival windows that customers are offered."""
    lead_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    """How long before its start a window can last be booked; 0: until it starts."""
    horizon_days: Annotated[int, Field(ge=1, le=1000)] = 400
    """How far ahead people in the business may plan: somewhat more than a year."""
    public_horizon_days: Annotated[int, Field(ge=1, le=1000)] = 120
    """How far ahead a customer may book."""
    default_duration_minutes: DurationMinutes = USUAL_DURATION
    """The duration of a job whose booking names none."""
    load_durations: dict[LoadSize, DurationMinutes] = Field(default_factory=dict)
    """The same by the load that the booking expects, where it differs."""
    slots_by_weekday: dict[Weekday, SlotsOfDay] = Field(default_factory=dict)
    """How many jobs the windows of a weekday take, unless it is what trucks and duration allow."""
    slots_on: Annotated[dict[CalendarDay, SlotsOfDay], Field(max_length=400)] = Field(
        default_factory=dict
    )
    """The same for single dates; these count before their weekday's."""
    accepts_bookings: Acceptance = "at_once"
    """Whether a customer has a free window with the booking, or once a dispatcher agrees."""
    reschedule_cutoff_minutes: Annotated[int, Field(ge=0, le=43_200)] = 1440
    """How long before its start a customer may last move the arrival window; by default a day."""
    link_lifetime_days: LinkDays = USUAL_LINK_DAYS
    """How long after its job's end a tracking link works; for jobs booked from then on."""
    cancel_reason_required: bool = True
    """Whether a customer who cancels has to say why."""
    flow: Name = DEFAULT_FLOW
    """The flow of a job whose booking names none."""

    price_guide: PriceGuide | None = None
    """What customers see an estimate from, and what the final price is proposed from."""

    quiet: QuietHours = QuietHours()
    """By default 9 PM to 8 AM, as 47 CFR 64.1200 (c) requires."""
    sms_number: Phone | None = None
    """The business's own number, to which customers reply. None: the stage's shared number."""
    countries: Annotated[tuple[Country, ...], Field(min_length=1, max_length=300)] = (
        DEFAULT_COUNTRY,
    )
    """SMS are sent only to phone numbers of these countries."""
    remind_day_before: bool = False
    """Whether customers are sent a reminder the day before their window, at `reminder_time`."""
    reminder_time: ClockTime = time(17)
    answer_hours: Annotated[int, Field(ge=1, le=48)] = 4
    """How long a customer has to answer that reminder, until the board says to call."""
    remind_hours_before: Annotated[int, Field(ge=0, le=24)] = 0
    """How many hours before the window customers are sent a reminder; 0: none."""
    text_on_my_way: bool = True
    """Whether customers are sent an SMS when the crew says that it is on its way or arriving."""
    text_crew_changes: bool = False
    """Whether customers are sent an SMS when other people come than they were told."""
    own_texts: Annotated[dict[TextName, OwnWords], Field(max_length=100)] = Field(
        default_factory=dict
    )
    """The business's own words for texts, by their names; see `own_words.py`."""
    own_labels: Annotated[dict[LabelName, OwnLabel], Field(max_length=100)] = Field(
        default_factory=dict
    )
    """What it calls statuses, by flow and status; see `own_labels.py`."""
    unconfirmed_texts_per_number: Annotated[int, Field(ge=0, le=1000)] = 5
    unconfirmed_texts_per_day: Annotated[int, Field(ge=0, le=1000)] = 200
    """How many SMS about unconfirmed bookings are sent in one day of the business's time zone: to
    one number, and to all. Anyone may use the booking form, and each SMS costs money."""

    privacy_url: WebAddress | None = None
    terms_url: WebAddress | None = None
    cancellation_policy: PolicyText | None = None
    """Shown to customers before they book."""
    suspended: bool = False
    """Customers cannot book and pages say so; all else goes on, and nothing is lost."""

    def duration_of(self, load_size: LoadSize | None) -> int:
        """Minutes that a job with this load, if it is known, takes."""
        usual = self.default_duration_minutes
        return self.load_durations.get(load_size, usual) if load_size else usual

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        """With the defaults of its country. Before `name` there was `business`."""
        if not isinstance(given, dict):
            return given
        known = dict(given)
        former_name = known.pop("business", None)
        if former_name is not None:
            known.setdefault("name", former_name)
        return defaults_of(known.get("country", DEFAULT_COUNTRY), known.get("languages")) | known

    @model_validator(mode="after")
    def _goes_together(self) -> "BusinessSettings":
        check_postal_prefixes(self.service_area, self.country)
        if self.logo and not self.logo.path.startswith(logo_folder(self.tenant)):
            raise fault_at("logo", "it is not a logo of this business; upload it as a file")
        if self.language not in self.languages:
            raise fault_at("language", "it is not among `languages`; offer it there too")
        return self


def defaults_of(country: Any, languages: Any = None) -> dict[str, Any]:
    """The settings that differ by country; none for one that is not known here."""
    home = COUNTRIES.get(country) if isinstance(country, str) else None
    if home is None:
        return {}
    offered = languages if isinstance(languages, list | tuple) and languages else home.languages
    return {
        "time_zone": home.time_zone,
        "currency": home.currency,
        "languages": home.languages,
        "language": offered[0],
        "countries": (country,),
    }


def quiet_until(tenant: BusinessSettings, now: datetime) -> datetime | None:
    """When the current quiet hours end; None outside of quiet hours."""
    if tenant.quiet.begin == tenant.quiet.end:
        return None
    zone = ZoneInfo(tenant.time_zone)
    here = now.astimezone(zone)
    for days in (-1, 0):
        begin = datetime.combine(here.date() + timedelta(days), tenant.quiet.begin, zone)
        end = datetime.combine(begin.date(), tenant.quiet.end, zone)
        if tenant.quiet.end <= tenant.quiet.begin:
            end = datetime.combine(begin.date() + timedelta(1), tenant.quiet.end, zone)
        # Datetimes of one zone compare by the wall clock, which is wrong across a clock change.
        if begin.timestamp() <= now.timestamp() < end.timestamp():
            return end
    return None
