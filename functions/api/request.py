"""A request, read and checked: nothing in it can be trusted."""

import base64
import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from functions.api.problems import Problem
from functions.people.sessions import Session
from functions.protocol.field_errors import field_errors

COOKIE = "__Host-haulway"
LARGEST_BODY = 64 * 1024
MOST_FAULTS = 20
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{8,128}", re.ASCII)
ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})
"""The values of `Sec-Fetch-Site` for requests from our own pages, or typed in by a person."""

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class ApiRequest:
    """One request. `session_or_none` is set if the route requires a session."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    cookies: tuple[str, ...]
    body: bytes | None
    """None if it cannot be decoded."""
    address: str
    request_id: str
    now: datetime
    session_or_none: Session | None = None

    @property
    def session(self) -> Session:
        """The session, on a route that requires one."""
        if self.session_or_none is None:
            raise Problem("signed-out")
        return self.session_or_none

    @property
    def cookie(self) -> str | None:
        """The session's token as sent, or None."""
        return self.cookie_named(COOKIE)

    @property
    def bearer(self) -> str | None:
        """What follows `Bearer` in the header `Authorization`; None without that header."""
        scheme, _, sent = self.headers.get("authorization", "").partition(" ")
        return sent.strip() if scheme.lower() == "bearer" else None

    def cookie_named(self, wanted: str) -> str | None:
        pairs = (cookie.strip().partition("=") for cookie in self.cookies)
        return next((value for name, _, value in pairs if name == wanted), None)

    @property
    def is_cross_site(self) -> bool:
        """Whether a browser says that another site's page sent this changing request."""
        site = self.headers.get("sec-fetch-site")
        return self.method not in SAFE and site is not None and site not in OURS

    @property
    def idempotency_key(self) -> str | None:
        """Raises Problem if it is malformed, or too short to be unique."""
        key = self.headers.get("idempotency-key")
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            raise Problem("invalid", "Idempotency-Key must have 8 to 128 visible ASCII characters")
        return key

    @property
    def known_etags(self) -> frozenset[str]:
        """The ETags of `If-None-Match`, for weak comparison as RFC 9110 requires."""
        listed = ETAG.findall(self.headers.get("if-none-match", ""))
        return frozenset(etag.removeprefix("W/") for etag in listed)

    @property
    def expected_rev(self) -> int | None:
        """The job's `rev` in `If-Match`; None without one. Raises Problem if it is malformed."""
        sent = self.headers.get("if-match")
        if sent is None:
            return None
        found = re.fullmatch(r'"([1-9]\d{0,8})"', sent.strip(), re.ASCII)
        if found is None:
            raise Problem("job-changed", 'If-Match must be one rev in quotes, as in "7"')
        return int(found[1])

    def document(self, kind: type[Document], largest: int = LARGEST_BODY) -> Document:
        """The body, of at most `largest` bytes, as `kind`, validated strictly. Raises Problem."""
        if not _is_json(self.headers.get("content-type", "")):
            raise Problem("not-json")
        if self.body is None:
            raise Problem("malformed")
        if len(self.body) > largest:
            raise Problem("too-large", f"at most {largest} bytes")
        try:
            return kind.model_validate_json(self.body, strict=True)
        except ValidationError as error:
            raise invalid(error) from error
        except (OverflowError, RecursionError) as error:
            raise Problem("invalid", "a value is out of bounds") from error

    def query_as(self, kind: type[Document]) -> Document:
        """The query as `kind`. Raises Problem."""
        try:
            return kind.model_validate(self.query)
        except ValidationError as error:
            raise invalid(error) from error


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def invalid(error: ValidationError) -> Problem:
    faults = list(field_errors(error, names_keys=True))[:MOST_FAULTS]
    if any(problem["type"] == "json_invalid" for problem in error.errors(include_input=False)):
        return Problem("malformed", faults[0])
    return Problem("invalid", "; ".join(faults), {"faults": faults})


def request_of(
    event: Mapping[str, Any], parameters: Mapping[str, str], now: datetime
) -> ApiRequest:
    """The request in a Function URL's event (payload format 2.0)."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    context = event["requestContext"]
    return ApiRequest(
        method=context["http"]["method"].upper(),
        path=event["rawPath"],
        parameters=parameters,
        query=event.get("queryStringParameters") or {},
        headers=headers,
        cookies=tuple(event.get("cookies") or headers.get("cookie", "").split(";")),
        body=_body(event),
        address=_address(headers, context["http"].get("sourceIp", "")),
        request_id=_request_id(headers.get("x-request-id"), context.get("requestId")),
        now=now,
    )


def _body(event: Mapping[str, Any]) -> bytes | None:
    text = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(text, validate=True)
        return str(text).encode()
    except ValueError:  # neither Base64 nor valid text
        return None


def _request_id(sent: str | None, aws: str | None) -> str:
    """The client's own id, so that it is found in our log, or else that of AWS."""
    candidates = (sent, aws)
    fit = (each for each in candidates if each and REQUEST_ID.fullmatch(each))
    return next(fit, None) or str(uuid.uuid4())


def _address(headers: Mapping[str, str], source: str) -> str:
    """The client's address as CloudFront saw it.

    Only CloudFront's own header can be trusted: a Function URL cuts X-Forwarded-For down to its
    first entry, which the client may choose. Without CloudFront, on a laptop, that entry is used
    all the same. An IPv6 address counts as its /64, because one household has all of it.
    """
    seen = headers.get("cloudfront-viewer-address", "").rpartition(":")[0]
    passed_on = headers.get("x-forwarded-for", "").partition(",")[0].strip()
    for candidate in (seen.strip("[]"), passed_on, source):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        if address.version == 6:
            return str(ipaddress.ip_network((address, 64), strict=False))
        return str(address)
    return "unknown"
