"""A request, taken apart with suspicion: everything in it was written by someone else."""

import base64
import hashlib
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
from functions.protocol.batches import field_errors

COOKIE = "__Host-haulway"
LARGEST_BODY = 64 * 1024
MOST_FAULTS = 20
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{8,128}", re.ASCII)
ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of a request from our own pages, or one a person typed in."""

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class ApiRequest:
    """One request. `session` is whose it is, where the route wants to know."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By their names in lower case."""
    cookies: tuple[str, ...]
    body: bytes | None
    """None where it could not be decoded."""
    address: str
    request_id: str
    now: datetime
    session: Session | None = None

    @property
    def who(self) -> Session:
        """Whoever asks, on a route that only people with an account reach."""
        if self.session is None:
            raise Problem("signed-out")
        return self.session

    @property
    def cookie(self) -> str | None:
        """The session's token as it was sent, if one was."""
        return self.cookie_named(COOKIE)

    def cookie_named(self, wanted: str) -> str | None:
        pairs = (cookie.strip().partition("=") for cookie in self.cookies)
        return next((value for name, _, value in pairs if name == wanted), None)

    @property
    def is_cross_site(self) -> bool:
        """A browser says so of a request that changes something for another site's page."""
        site = self.headers.get("sec-fetch-site")
        return self.method not in SAFE and site is not None and site not in OURS

    @property
    def idempotency_key(self) -> str | None:
        """Raises Problem where there is one that is too short to be no one else's."""
        key = self.headers.get("idempotency-key")
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            raise Problem("invalid", "Idempotency-Key has 8 to 128 visible ASCII characters")
        return key

    @property
    def known_etags(self) -> frozenset[str]:
        """What `If-None-Match` lists, compared weakly as RFC 9110 wants it there."""
        listed = ETAG.findall(self.headers.get("if-none-match", ""))
        return frozenset(etag.removeprefix("W/") for etag in listed)

    @property
    def expected_rev(self) -> int | None:
        """The job's `rev` in `If-Match`; None where there is none. Raises Problem."""
        sent = self.headers.get("if-match")
        if sent is None:
            return None
        found = re.fullmatch(r'"([1-9]\d{0,8})"', sent.strip(), re.ASCII)
        if found is None:
            raise Problem("job-changed", 'If-Match holds one rev in quotes, as in "7"')
        return int(found[1])

    def document(self, kind: type[Document]) -> Document:
        """The body as `kind`, by the letter: no text where a number is wanted. Raises Problem."""
        if not _is_json(self.headers.get("content-type", "")):
            raise Problem("not-json")
        if self.body is None:
            raise Problem("malformed")
        if len(self.body) > LARGEST_BODY:
            raise Problem("too-large", f"at most {LARGEST_BODY} bytes")
        self._check_digest(self.body)
        try:
            return kind.model_validate_json(self.body, strict=True)
        except ValidationError as error:
            raise invalid(error) from error
        except (OverflowError, RecursionError) as error:
            raise Problem("invalid", "a value is out of all bounds") from error

    def parameters_as(self, kind: type[Document]) -> Document:
        """The query as `kind`. Raises Problem."""
        try:
            return kind.model_validate(self.query)
        except ValidationError as error:
            raise invalid(error) from error

    def _check_digest(self, body: bytes) -> None:
        """The edge signed for the body by this digest; text that was repaired on the way differs."""
        claimed = self.headers.get("x-amz-content-sha256")
        if claimed and claimed != hashlib.sha256(body).hexdigest():
            raise Problem("malformed", "the body is not what x-amz-content-sha256 says")


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
    except ValueError:  # neither base64 nor text
        return None


def _request_id(sent: str | None, aws: str | None) -> str:
    """The caller's own, so that it is found in our log; else the one that AWS knows it by."""
    candidates = (sent, aws)
    fit = (each for each in candidates if each and REQUEST_ID.fullmatch(each))
    return next(fit, None) or str(uuid.uuid4())


def _address(headers: Mapping[str, str], source: str) -> str:
    """Who is at the other end, as CloudFront saw it.

    Only CloudFront's own header counts: a Function URL cuts X-Forwarded-For down to its first
    entry, and that one is the viewer's to choose. It is the last resort where no CloudFront is,
    on a laptop. An IPv6 address counts as its /64, for a household has them all.
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
