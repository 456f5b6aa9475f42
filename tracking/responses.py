"""What one answer of the edge or the API means to a reader; as `web/shared/reader/responses.js`."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Literal, cast

ViewDocument = Mapping[str, Any]
"""A public view as it came: `rev`, `status`, `terminal`, `poll_s`, and any other keys."""

Reason = Literal["older", "missing", "unreachable", "busy", "server_error", "bad_answer"]

WHOLE_MAX = 2**53 - 1
"""The largest integer JavaScript counts exactly."""
AGE_CAP_S = 86_400
DIGITS_MAX = 9
"""More digits are not a number of seconds that anyone waits; they count as the cap."""
NOT_HERE = (403, 404)
"""A bucket without list permission answers 403 for a missing object."""
BUSY = (429, 503)


@dataclass(frozen=True)
class Response:
    """An HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class ResponseMeaning:
    """`found` has the view and its ETag; `trouble` has a reason and perhaps a requested wait."""

    kind: Literal["found", "unchanged", "missing", "gone", "trouble"]
    view: ViewDocument | None = None
    etag: str | None = None
    reason: Reason | None = None
    retry_after_ms: int | None = None


def meaning_of(answer: Response | None, conditional: bool, now_ms: int) -> ResponseMeaning:
    """What `answer` means (`None`: none came in time).

    `conditional`: the request had `If-None-Match`; without it, a 304 means nothing.
    """
    if answer is None:
        return ResponseMeaning("trouble", reason="unreachable")
    if answer.status == 200:
        return _meaning_of_body(answer)
    if answer.status == 304 and conditional:
        return ResponseMeaning("unchanged")
    if answer.status in NOT_HERE:
        return ResponseMeaning("missing")
    if answer.status == 410:
        return ResponseMeaning("gone")
    return _meaning_of_trouble(answer, now_ms)


def _meaning_of_body(answer: Response) -> ResponseMeaning:
    view = view_in(answer.body)
    if view is None:
        return ResponseMeaning("trouble", reason="bad_answer")
    return ResponseMeaning("found", view=view, etag=answer.headers.get("etag") or None)


def _meaning_of_trouble(answer: Response, now_ms: int) -> ResponseMeaning:
    if answer.status in BUSY:
        wait_ms = retry_after_ms(answer.headers, now_ms)
        return ResponseMeaning("trouble", reason="busy", retry_after_ms=wait_ms)
    server = 500 <= answer.status <= 599
    return ResponseMeaning("trouble", reason="server_error" if server else "bad_answer")


def view_in(body: str) -> ViewDocument | None:
    """The view in `body`, or None for anything else that an edge, proxy, or hotel network sends."""
    document = json_in(body.removeprefix("\ufeff"))
    return cast(ViewDocument, document) if is_view(document) else None


def json_in(text: str) -> object:
    """The JSON document in `text`; None if there is none (or if it is `null`)."""
    try:
        return cast(object, json.loads(text, parse_constant=_refuse))
    except (ValueError, RecursionError):
        return None


def is_view(document: object) -> bool:
    return (
        isinstance(document, dict)
        and rev_of(document) is not None
        and isinstance(document.get("status"), str)
        and document["status"] != ""
        and isinstance(document.get("terminal"), bool)
    )


def rev_of(view: ViewDocument) -> int | None:
    """`rev` as an integer from 1 on; None for anything else. 7.0 is 7, as in JavaScript."""
    return whole_number(view.get("rev"), 1)


def whole_number(value: object, least: int) -> int | None:
    """`value` if it is an integer of at least `least` that JavaScript counts exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not least <= value <= WHOLE_MAX or value != math.floor(value):
        return None
    return int(value)


def age_ms(headers: Mapping[str, str]) -> int:
    """How long a cache had the answer (`Age`); 0 if the header is missing or unreadable."""
    seconds = _whole_seconds(headers.get("age", ""), AGE_CAP_S)
    return 0 if seconds is None else seconds * 1000


def retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    """The requested wait from now; None if there is none, or if it is unreadable.

    A date counts from the answer's own `Date`, so that a wrong clock here does not matter; without
    one, from `now_ms`. Only dates in the form IMF-fixdate are read.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _whole_seconds(text, 10**DIGITS_MAX)
    if seconds is not None:
        return seconds * 1000
    until_ms = _date_ms(text)
    if until_ms is None:
        return None
    said_ms = _date_ms(headers.get("date", "").strip())
    return max(0, until_ms - (now_ms if said_ms is None else said_ms))


def _whole_seconds(text: str, cap: int) -> int | None:
    digits = text.strip()
    if not re.fullmatch("[0-9]+", digits):
        return None
    return cap if len(digits) > DIGITS_MAX else min(int(digits), cap)


def _date_ms(text: str) -> int | None:
    """`Sat, 21 Nov 2026 10:00:00 GMT` in epoch milliseconds, exactly that form or None."""
    try:
        moment = parsedate_to_datetime(text)
        exact = format_datetime(moment, usegmt=True) == text
    except (ValueError, TypeError, IndexError):
        return None
    return round(moment.timestamp() * 1000) if exact else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
