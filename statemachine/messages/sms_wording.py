"""SMS to customers, filled in in the customer's language and counted before sending."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from statemachine.business.business import BusinessSettings
from statemachine.job.job import Job, Schedule
from statemachine.job.visit import eta_ends
from statemachine.messages.sms_parts import Wording, counted, filled, plain
from statemachine.messages.sms_texts import HOW_TO_STOP
from statemachine.values.values import Language, Text

LINK_SENTENCE = re.compile(r" ?[^.!?]*\{link\}")
ADDRESS_ROOM = 30
"""Of an address where it stands for a job."""
PLAIN_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
"""What counts as a name in an SMS, so that no one can send a URL through the booking form."""
NAME_FALLBACK: dict[Language, str] = {"en": "there", "es": "cliente"}

DAYS: dict[Language, str] = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "es": "lun mar mié jue vie sáb dom",
}
MONTHS: dict[Language, str] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
}


def wording(
    text: Text,
    job: Job,
    tenant: BusinessSettings,
    link: str | None,
    now: datetime,
    first: bool = False,
) -> Wording:
    """The SMS in the customer's language and the business's time zone.

    It promises nothing for the past: a window or an ETA that is over is left out. The `first` one
    to a number says how to end them. Without a `link`, because it was revoked, the sentence that
    ends with it is left out.
    """
    language, zone = job.customer.language, ZoneInfo(tenant.time_zone)
    fields = {
        "business": tenant.name,
        "first_name": first_name(job.customer.name, language),
        "window": window(job.schedule, zone, language) if _is_ahead(job.schedule, now) else "",
        "eta": eta(job.schedule, zone, language, now),
        "link": link or "",
    }
    template = text.get(language)
    body = filled(template if link else LINK_SENTENCE.sub("", template), fields)
    return counted(f"{body} {HOW_TO_STOP.get(language)}" if first else body)


def _is_ahead(schedule: Schedule, now: datetime) -> bool:
    end = schedule.window_end or schedule.window_start
    return end is not None and end > now


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


def choices(jobs: Sequence[Job], tenant: BusinessSettings) -> str:
    """` 1 for Mon, Nov 23, 9:00-11:00 AM; 2 for …`; by address if the windows say too little."""
    zone, language = ZoneInfo(tenant.time_zone), tenant.language
    windows = [window(job.schedule, zone, language) for job in jobs]
    if "" in windows or len(set(windows)) < len(windows):
        for_ = " para " if language == "es" else " for "
        windows = [
            f"{for_}{plain(job.place.address.partition(',')[0])[:ADDRESS_ROOM]}" for job in jobs
        ]
    return ";".join(f" {number}{label}" for number, label in enumerate(windows, 1))


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
