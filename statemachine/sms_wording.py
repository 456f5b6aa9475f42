"""SMS to customers, filled in in the customer's language and counted before sending.

A single part holds 160 characters of GSM-7, or 70 otherwise; parts of a longer SMS hold 153 or 67.
One character outside GSM-7 more than doubles the price, so fields lose accents that it lacks.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from statemachine.business import BusinessSettings
from statemachine.job import Job, Schedule
from statemachine.values import Frozen, Language, Text
from statemachine.visit import eta_ends

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of 3GPP TS 23.038, 6.2.1."""
GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Its extension table, 6.2.1.1. Each of these counts twice."""

SMS_ROOM = {"business": 60, "first_name": 30, "window": 50, "eta": 60, "link": 80}
"""The fields of an SMS, and the most characters that each may have.

`window` begins with a space and `eta` with a comma, so that the SMS also reads well without them.
"""
FIELD = re.compile(r"\{([^{}]*)\}")

PLAIN_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
"""What counts as a name in an SMS, so that no one can send a URL through the booking form."""
NAME_FALLBACK: dict[Language, str] = {"en": "there", "es": "cliente"}
TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})

DAYS: dict[Language, str] = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "es": "lun mar mié jue vie sáb dom",
}
MONTHS: dict[Language, str] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
}


class Wording(Frozen):
    """An SMS as it is sent, and how many parts it costs."""

    body: str
    parts: int
    alphabet: Literal["gsm_7", "ucs_2"]


def wording(text: Text, job: Job, tenant: BusinessSettings, link: str, now: datetime) -> Wording:
    """The SMS in the customer's language and the business's time zone.

    It promises nothing for the past: a window or an ETA that is over is left out.
    """
    language, zone = job.customer.language, ZoneInfo(tenant.time_zone)
    fields = {
        "business": tenant.name,
        "first_name": first_name(job.customer.name, language),
        "window": window(job.schedule, zone, language) if _is_ahead(job.schedule, now) else "",
        "eta": eta(job.schedule, zone, language, now),
        "link": link,
    }
    return counted(filled(text.get(language), fields))


def _is_ahead(schedule: Schedule, now: datetime) -> bool:
    end = schedule.window_end or schedule.window_start
    return end is not None and end > now


def filled(template: str, fields: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return plain(fields[name])[: SMS_ROOM[name]]

    return FIELD.sub(value, template)


def counted(body: str) -> Wording:
    if set(body) <= GSM_7 | GSM_7_EXTENSION:
        sizes = [2 if letter in GSM_7_EXTENSION else 1 for letter in body]
        return Wording(body=body, parts=_parts(sizes, 160, 153), alphabet="gsm_7")
    sizes = [2 if ord(letter) > 0xFFFF else 1 for letter in body]
    return Wording(body=body, parts=_parts(sizes, 70, 67), alphabet="ucs_2")


def _parts(sizes: list[int], alone: int, each: int) -> int:
    """A character is never split: one that does not fit begins the next part."""
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, each
    for size in sizes:
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts


def plain(text: str) -> str:
    """`text` in GSM-7 as far as possible: José stays José, Martínez becomes Martinez."""
    return "".join(_letters(text.translate(TYPOGRAPHY)))


def _letters(text: str) -> Iterator[str]:
    for letter in unicodedata.normalize("NFC", text):
        bare = unicodedata.normalize("NFKD", letter)[0]
        yield letter if letter in GSM_7 or bare not in GSM_7 else bare


def first_name(name: str, language: Language) -> str:
    first = (name.split() or [""])[0]
    return first if PLAIN_NAME.fullmatch(first) else NAME_FALLBACK[language]


def window(schedule: Schedule, zone: ZoneInfo, language: Language) -> str:
    """` for Mon, Nov 23, 9:00-11:00 AM`, with the leading space; empty if there is no window.

    It always has both ends; if they are on different dates, each has its date.
    """
    if schedule.window_start is None:
        return ""
    start = schedule.window_start.astimezone(zone)
    end = schedule.window_end.astimezone(zone) if schedule.window_end else None
    for_ = " para el " if language == "es" else " for "
    clock = CLOCKS[language]
    if end is None or end.date() == start.date():
        return f"{for_}{_day(start, language)}, {clock(start, end)}"
    first, last = (f"{_day(at, language)}, {clock(at, None)}" for at in (start, end))
    return f"{for_}{first} - {last}"


def _day(at: datetime, language: Language) -> str:
    day = DAYS[language].split()[at.weekday()]
    month = MONTHS[language].split()[at.month - 1]
    return f"{day} {at.day} {month}" if language == "es" else f"{day}, {month} {at.day}"


def eta(schedule: Schedule, zone: ZoneInfo, language: Language, now: datetime) -> str:
    """`, expected around 10:40-10:55 AM`: both ends and, if it is not today, the date."""
    if schedule.eta is None or schedule.eta <= now:
        return ""
    start, end = (moment.astimezone(zone) for moment in eta_ends(schedule.eta))
    day = _day(start, language) if start.date() != now.astimezone(zone).date() else ""
    times = CLOCKS[language](start, end)
    if language == "es":
        return f", llegada prevista{f' el {day}' if day else ''} hacia las {times}"
    return f", expected around {f'{day}, ' if day else ''}{times}"


def _clock_en(start: datetime, end: datetime | None) -> str:
    if end is None:
        return _hour(start) + _half(start)
    first = "" if _half(start) == _half(end) else _half(start)
    return f"{_hour(start)}{first}-{_hour(end)}{_half(end)}"


def _clock_es(start: datetime, end: datetime | None) -> str:
    return f"{start:%H:%M}-{end:%H:%M}" if end else f"{start:%H:%M}"


CLOCKS: dict[Language, Callable[[datetime, datetime | None], str]] = {
    "en": _clock_en,
    "es": _clock_es,
}


def _hour(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M}"


def _half(moment: datetime) -> str:
    return " AM" if moment.hour < 12 else " PM"
