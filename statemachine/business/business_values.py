"""The values in a business's settings: clock times, windows, colors, zones, and what differs by
country."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from statemachine.job.bounds import NoteInput, fault_at
from statemachine.values.values import Frozen, Language

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Acceptance = Literal["at_once", "by_dispatcher"]
"""When a customer has the free window of a booking."""
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

LOWEST_CONTRAST = 4.5
"""Of text against its background: WCAG 2.2, success criterion 1.4.3 (w3.org, read 2026-11-28)."""
LONGEST_ADDRESS = 300
PLAIN_ADDRESS = "give a whole web address, as https://example.com/privacy"

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)
_NO_ZONES = re.compile(r"(posix|right)/.*|localtime|posixrules|Factory")
"""What a system's time zone folder holds beside the zones of the IANA; no browser knows them."""


def weekday_of(day: date) -> Weekday:
    return WEEKDAYS[day.weekday()]


def _clock_time(sent: object) -> object:
    if isinstance(sent, time) and (sent.second, sent.microsecond, sent.tzinfo) == (0, 0, None):
        return sent
    if isinstance(sent, str) and re.match(_CLOCK, sent, re.ASCII):
        return time.fromisoformat(sent)
    raise ValueError("write a time as HH:MM, from 00:00 to 23:59, as in 08:00")


def clock_text(moment: time) -> str:
    return moment.isoformat("minutes")


ToTheMinute = PlainSerializer(clock_text, return_type=str, when_used="json")
ClockTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    ToTheMinute,
    WithJsonSchema({"type": "string", "pattern": _CLOCK, "examples": ["08:00"]}),
]
"""A time by the business's clock, to the minute."""
ClockText = Annotated[str, Field(pattern=_CLOCK, examples=["08:00"])]


def _calendar_day(sent: object) -> object:
    """Not a number, which would be taken for seconds since 1970."""
    with suppress(ValueError):
        if isinstance(sent, str) and re.fullmatch(_DAY, sent, re.ASCII):
            return date.fromisoformat(sent)
    if isinstance(sent, date):
        return sent
    raise ValueError("there is no such day; write it as 2026-11-22")


CalendarDay = Annotated[date, BeforeValidator(_calendar_day)]


class ClockRange(Frozen):
    """From `start` to `end` of one day; it does not pass midnight."""

    start: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "ClockRange":
        if self.end <= self.start:
            raise fault_at("end", "it ends before it begins; give an end later than its start")
        return self

    def __str__(self) -> str:
        return f"{clock_text(self.start)}–{clock_text(self.end)}"

    @property
    def minutes(self) -> int:
        """By the clock, whatever the day."""
        hours, minutes = self.end.hour - self.start.hour, self.end.minute - self.start.minute
        return 60 * hours + minutes


def _in_order(ranges: tuple[ClockRange, ...]) -> tuple[ClockRange, ...]:
    ordered = tuple(sorted(ranges, key=lambda each: each.start))
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            raise ValueError(f"{earlier} and {later} overlap; let one end where the next begins")
    return ordered


ClockRanges = Annotated[tuple[ClockRange, ...], Field(max_length=12), AfterValidator(_in_order)]
"""In their order, none overlapping another."""


def _open_days(hours: dict[Weekday, ClockRanges]) -> dict[Weekday, ClockRanges]:
    """The days of a week in their order, without those that have no hours."""
    kept = {day: hours[day] for day in WEEKDAYS if hours.get(day)}
    if not kept:
        raise ValueError("give hours for at least one weekday; `suspended` stops all bookings")
    return kept


SlotsOfDay = Annotated[dict[ClockText, Annotated[int, Field(ge=0, le=100)]], Field(max_length=12)]
"""How many jobs a window takes, by the time at which the window starts: `{"08:00": 4}`.

A window that is not named takes what trucks and duration allow; 0 closes it."""

OpeningHours = Annotated[dict[Weekday, ClockRanges], AfterValidator(_open_days)]
"""By weekday; a day that is not there is closed."""


@lru_cache(maxsize=200)
def _known_zone(name: str) -> bool:
    if not _ZONE.fullmatch(name) or _NO_ZONES.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a folder of zones, or no zone at all
        return False
    return True


def _time_zone(name: str) -> str:
    if not _known_zone(name):
        raise ValueError("this is no IANA time zone; give one such as America/New_York")
    return name


TimeZone = Annotated[str, Field(max_length=60), AfterValidator(_time_zone)]


def contrast_with_white(color: str) -> float:
    """Between 1 and 21, for `#rrggbb`; as WCAG 2.2 defines contrast and luminance."""
    channels = (int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 1.05 / (luminance + 0.05)


def _color(text: str) -> str:
    color = text.lower()
    if not _COLOR.fullmatch(color):
        raise ValueError("write a color as #rrggbb, as in #1d4ed8")
    contrast = contrast_with_white(color)
    if contrast < LOWEST_CONTRAST:
        raise ValueError(
            f"white text on it cannot be read (contrast {contrast:.1f}, at least "
            f"{LOWEST_CONTRAST} is needed); choose a darker color"
        )
    return color


Color = Annotated[str, Field(max_length=7), AfterValidator(_color)]


def _web_address(text: str) -> str:
    try:
        address = TypeAdapter(HttpUrl).validate_python(text)
    except ValidationError as error:
        raise ValueError(PLAIN_ADDRESS) from error
    if address.username or address.password or len(str(address)) > LONGEST_ADDRESS:
        raise ValueError(PLAIN_ADDRESS)
    return str(address)


WebAddress = Annotated[str, Field(max_length=LONGEST_ADDRESS), AfterValidator(_web_address)]
"""As a browser writes it; `http` or `https` and nothing else, because pages link to it."""


class Logo(Frozen):
    """A picture that the site has at `path`, drawn again from what was uploaded.

    Its name is the day on which it was set, in UTC, and a digest of it.
    """

    path: Annotated[str, Field(pattern=r"^/logos/[a-z0-9-]{1,31}/[0-9]{6}-[0-9a-f]{32}\.png$")]
    width: Annotated[int, Field(ge=1, le=480)]
    """In pixels, so that pages leave room for it before they have it."""
    height: Annotated[int, Field(ge=1, le=120)]


class PolicyText(Frozen):
    """A text of the business's own, in one language or both."""

    en: NoteInput | None = None
    es: NoteInput | None = None

    @model_validator(mode="after")
    def _some_text(self) -> "PolicyText":
        if not (self.en or self.es):
            raise ValueError("write the text in English (`en`), in Spanish (`es`), or both")
        return self


TextName = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,100}$", examples=["rescheduled"])]
"""A kind of text, or the status or move of a flow that sends it: `haul.ready_for_pickup`."""


class OwnWords(Frozen):
    """For one text; a language that is left out keeps our words."""

    en: NoteInput | None = None
    es: NoteInput | None = None

    def get(self, language: Language) -> str | None:
        return self.es if language == "es" else self.en


@dataclass(frozen=True)
class CountryDefaults:
    """`postal` matches a postal code or the first part of one, in capitals without spaces."""

    currency: str
    time_zone: str
    languages: tuple[Language, ...]
    postal: str
    postal_example: str


COUNTRIES: Mapping[str, CountryDefaults] = {
    "US": CountryDefaults("USD", "America/New_York", ("en", "es"), r"\d{1,5}", "941"),
    "CA": CountryDefaults(
        "CAD",
        "America/Toronto",
        ("en",),
        r"[A-Z](\d([A-Z](\d([A-Z]\d?)?)?)?)?",
        "M5V",
    ),
    "GB": CountryDefaults(
        "GBP", "Europe/London", ("en",), r"[A-Z]{1,2}(\d[A-Z\d]?(\d[A-Z]{0,2})?)?", "SW1"
    ),
    "ES": CountryDefaults("EUR", "Europe/Madrid", ("es", "en"), r"\d{1,5}", "280"),
    "MX": CountryDefaults("MXN", "America/Mexico_City", ("es", "en"), r"\d{1,5}", "064"),
    "AU": CountryDefaults("AUD", "Australia/Sydney", ("en",), r"\d{1,4}", "20"),
}
"""By ISO 3166-1: where a business may be, and what its settings are unless it says otherwise."""
CURRENCIES = tuple(sorted({country.currency for country in COUNTRIES.values()}))
"""By ISO 4217; each has hundredths, as prices here are counted."""


def _one_of(known: Iterable[str], what: str) -> AfterValidator:
    listed = ", ".join(known)

    def check(code: str) -> str:
        if code not in listed.split(", "):
            raise ValueError(f"this {what} is not known here; give one of {listed}")
        return code

    return AfterValidator(check)


HomeCountry = Annotated[str, Field(max_length=2), _one_of(COUNTRIES, "country")]
Currency = Annotated[str, Field(max_length=3), _one_of(CURRENCIES, "currency")]


def _prefix(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


PostalPrefix = Annotated[str, Field(min_length=1, max_length=10), AfterValidator(_prefix)]
"""A postal code or its beginning, in capitals without spaces."""


def check_postal_prefixes(prefixes: Iterable[str], country: str) -> None:
    """Raises ValidationError for the first that no postal code of `country` begins with."""
    home = COUNTRIES[country]
    for prefix in prefixes:
        if not re.fullmatch(home.postal, prefix, re.ASCII):
            raise fault_at(
                "service_area",
                f"no postal code in {country} begins with one of these; give some "
                f"such as {home.postal_example}",
            )
