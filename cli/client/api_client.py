"""`haul` through the HTTP API: for people without AWS credentials."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli.client.bus_client import changes_document, check_job_id
from cli.output.output import CliError, NotFound, Rejected, TimedOut, UsageError
from events import JobEditRequested, JobMoveRequested, JobRequested
from functions.api.response_models import JobDocument
from functions.people.device_cookie import cookie_name
from statemachine.views.views import Card

COOKIE = "__Host-haulway"
TIMEOUT_S = 15.0


class SignedOut(CliError):
    """There is no session; `haul sign-in` starts one."""


@dataclass(frozen=True)
class SavedSessions:
    """Session tokens by site, in a file that only its owner can read."""

    path: Path

    def read(self, site: str) -> str | None:
        return self._all().get(site)

    def keep(self, site: str, token: str | None) -> None:
        known = {name: kept for name, kept in self._all().items() if name != site}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(known | ({site: token} if token else {}), f)

    def _all(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found


def own_sessions() -> SavedSessions:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return SavedSessions(Path(base) / "haulway" / "sessions.json")


class ApiClient:
    """`site` is the address of the pages, such as https://haul.example.com. With an API `key`
    requests are the program's, else those of the person who signed in."""

    def __init__(
        self,
        site: str,
        sessions: SavedSessions,
        http: httpx.Client | None = None,
        key: str | None = None,
    ) -> None:
        if not site.startswith(("https://", "http://")):
            raise UsageError(f"--api {site!r}: write the address of the site, such as https://…")
        self.site, self.sessions = site.rstrip("/"), sessions
        self.http = http or httpx.Client(timeout=TIMEOUT_S)
        self.key = key

    def sign_in(self, account: str, password: str, tenant: str) -> dict[str, Any]:
        """Start a session. The site knows this computer afterward: strangers cannot lock it out."""
        request_body = {"account": account, "password": password, "tenant": tenant}
        name = cookie_name(tenant, account.strip().lower())
        device = f"{self.site} {name}"
        known = self.sessions.read(device)
        headers = {"Cookie": f"{name}={known}"} if known else {}
        answer = self.ask("POST", "/api/session", request_body, headers)
        set_ = dict(map(_pair, answer.headers.get_list("set-cookie")))
        self.sessions.keep(self.site, set_.get(COOKIE))
        self.sessions.keep(device, set_.get(name))
        found: dict[str, Any] = answer.json()
        return found

    def sign_out(self) -> None:
        self.ask("DELETE", "/api/session")
        self.sessions.keep(self.site, None)

    def book(self, request: JobRequested) -> dict[str, str]:
        cents = request.price_cents
        request_body = {
            "customer_name": request.customer.name,
            "phone": request.customer.phone,
            "language": request.customer.language,
            "location": request.place.address,
            "price": None if cents is None else f"{cents // 100}.{cents % 100:02}",
            "notes": request.note,
            "flow": request.flow,
            "schedule": request.schedule.model_dump(mode="json", exclude_none=True),
            "duration_minutes": request.duration_minutes,
            "agreed_to_texts": request.agreed_to_texts,
            "overbook": request.overbook,
            "estimate": request.estimate and request.estimate.model_dump(mode="json"),
        }
        key = {"Idempotency-Key": request.event_id}
        booked: dict[str, str] = self.ask("POST", "/api/jobs", _given(request_body), key).json()
        return booked

    def cards(self) -> list[Card]:
        cards: list[Card] = []
        path: str | None = "/api/jobs"
        while path:
            page = self.ask("GET", path).json()
            cards += [Card.model_validate(card) for card in page["jobs"].values()]
            path = f"/api/jobs?after={page['next']}" if page.get("next") else None
        return cards

    def time_zone(self) -> str:
        return str(self.ask("GET", "/api/flows").json()["time_zone"])

    def job(self, job_id: str) -> JobDocument:
        check_job_id(job_id)
        return _document(self.ask("GET", f"/api/jobs/{job_id}"))

    def move(self, request: JobMoveRequested) -> JobDocument:
        request_body = request.model_dump(
            mode="json", include={"move", "to", "expected_rev", "note", "reason", "event_id"}
        )
        answer = self.ask("POST", f"/api/jobs/{request.job_id}/moves", _given(request_body))
        if answer.status_code == httpx.codes.ACCEPTED:
            raise TimedOut("this move is early: it is kept, and tried again later")
        return _document(answer)

    def edit(self, request: JobEditRequested) -> JobDocument:
        rev = request.expected_rev or self.job(request.job_id).rev
        headers = {"If-Match": f'"{rev}"', "Idempotency-Key": request.event_id}
        path, changes = f"/api/jobs/{request.job_id}", changes_document(request.changes)
        return _document(self.ask("PATCH", path, changes, headers))

    def add_photo(self, job_id: str, request_body: dict[str, Any], raw: bytes) -> JobDocument:
        """Announce, upload, and add a photo. The API asks for no upload of a photo it has."""
        check_job_id(job_id)
        photos = f"/api/jobs/{job_id}/photos"
        announced = self.ask("POST", photos, request_body).json()
        if upload := announced.get("upload"):
            self._upload(upload["url"], upload["headers"], raw)
        return _document(self.ask("POST", f"{photos}/{announced['photo_id']}", request_body))

    def _upload(self, url: str, headers: dict[str, str], raw: bytes) -> None:
        """Without the session: the address is presigned."""
        try:
            answer = self.http.put(f"{self.site}{url}", content=raw, headers=headers)
        except httpx.HTTPError as error:
            raise TimedOut(f"the upload failed ({type(error).__name__}); try again") from error
        if not answer.is_success:
            raise TimedOut(f"the upload was refused ({answer.status_code}); try again")

    def ask(
        self,
        method: str,
        path: str,
        request_body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = b"" if request_body is None else json.dumps(request_body).encode()
        sent = {"Accept": "application/json", **(headers or {})}
        if request_body is not None:
            sent["Content-Type"] = "application/json"
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        elif "Cookie" not in sent and (token := self.sessions.read(self.site)):
            sent["Cookie"] = f"{COOKIE}={token}"
        try:
            answer = self.http.request(method, f"{self.site}{path}", content=body, headers=sent)
        except httpx.HTTPError as error:
            raise TimedOut(f"{self.site} does not answer ({type(error).__name__})") from error
        if answer.is_success:
            return answer
        raise _error_of(answer)


def _pair(cookie: str) -> tuple[str, str]:
    name, _, value = cookie.partition(";")[0].partition("=")
    return name, value


def _document(answer: httpx.Response) -> JobDocument:
    return JobDocument.model_validate(answer.json())


def _given(request_body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request_body.items() if value is not None}


def _error_of(answer: httpx.Response) -> CliError:
    try:
        problem = answer.json()
    except ValueError:
        return TimedOut(f"{answer.url.host} answered {answer.status_code} without a reason")
    sentence = f"{problem.get('title', answer.status_code)}"
    if detail := problem.get("detail"):
        sentence += f": {detail}"
    if by := problem.get("moved_by"):
        sentence += f" ({by['kind']} {by['id']} moved it to {problem.get('moved_to')})"
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        if problem.get("type") == "/problems/wrong-credentials":
            return SignedOut(f"{sentence}; `haul crew password ACCOUNT` sets a new password")
        if problem.get("type") == "/problems/wrong-key":
            return SignedOut(f"{sentence}; HAUL_API_KEY has it")
        return SignedOut(f"{sentence}; sign in with `haul --api SITE sign-in ACCOUNT`")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return NotFound(sentence)
    if answer.status_code in (409, 412, 403, 429):
        return Rejected(sentence)
    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
        return UsageError(sentence)
    return TimedOut(f"{sentence}; try again")
