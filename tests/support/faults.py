"""Faults on the way to AWS, by a script or by seeded chance; the fakes and botocore both obey.

    before    the request never arrives                     not applied, no answer
    after     it arrives, its answer is lost                applied, no answer
    dup       it arrives twice, the second answer is seen   applied twice
    crash     it arrives, then the caller dies              applied, no one left to know
    ServiceResponse      the service answers something else            not applied

`faults.on(client)` puts them between a boto3 client and its service: for the time of a `with`.
"""

import io
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session


@dataclass(frozen=True)
class ServiceResponse:
    """What the service answers instead of doing it: an error, or the bytes of `body`.

    `promised` is the Content-Length it claims, where the answer breaks off before.
    """

    status: int
    code: str = ""
    body: bytes | None = None
    promised: int | None = None


Kind = Literal["before", "after", "dup", "crash"]
Fault = Kind | ServiceResponse
Call = tuple[str, Fault | None]

T = TypeVar("T")


class Crashed(BaseException):
    """The function's process dies here: no one in the code under test gets to see this."""


class Faults:
    """What goes wrong with which call. `log` has every call so far and what became of it.

    A script has, by operation, the fault of its first call, its second and so on; None is a call
    that goes well, and past its end all do. An operation is named as AWS names it: `PutObject`.
    """

    def __init__(self, script: Mapping[str, Sequence[Fault | None]] | None = None) -> None:
        self.script = {operation: list(faults) for operation, faults in (script or {}).items()}
        self.log: list[Call] = []
        self.over = False
        """Set it, and from then on all goes well."""
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next_fault(self, operation: str) -> Fault | None:
        """What goes wrong with this call, the next one of `operation`."""
        with self._lock:
            fault = None if self.over else self._fault(operation, self._counted[operation])
            self._counted[operation] += 1
            self.log.append((operation, fault))
            return fault

    def _fault(self, operation: str, number: int) -> Fault | None:
        planned = self.script.get(operation, [])
        return planned[number] if number < len(planned) else None

    def calls(self, operation: str) -> int:
        return self._counted[operation]

    def around(self, operation: str, apply: Callable[[], T], lost: Exception) -> T:
        """`apply` with its fault; `lost` is what the caller sees where the answer is missing."""
        match self.next_fault(operation):
            case None:
                return apply()
            case "dup":
                apply()
            case "crash":
                apply()
                raise Crashed(operation)
            case "after":
                apply()
                raise lost
            case _:
                raise lost
        return apply()

    @contextmanager
    def on(self, *clients: Any) -> Iterator["Faults"]:
        """Between these boto3 clients and their services, as botocore's `before-send` handler."""
        for client in clients:
            client.meta.events.register("before-send", self._before_send)
        try:
            yield self
        finally:
            for client in clients:
                client.meta.events.unregister("before-send", self._before_send)

    def _before_send(
        self, request: AWSPreparedRequest, event_name: str, **_more: object
    ) -> AWSResponse | None:
        _, service, operation = event_name.split(".")
        match self.next_fault(operation):
            case None:
                return None
            case ServiceResponse() as says:
                return _answer(request, service, says)
            case "dup":
                _send(request)
                return _send(request)
            case "crash":
                _send(request)
                raise Crashed(operation)
            case "after":
                _send(request)
                raise ReadTimeoutError(endpoint_url=request.url)
            case "before":
                raise ConnectTimeoutError(endpoint_url=request.url)


class SeededFaults(Faults):
    """Every call goes wrong by chance; the same seed and calls give the same log.

    `chance` is that of every operation, or has one for each; the others go well. pytest shows
    the printed seed beside a failure.
    """

    def __init__(
        self,
        seed: int,
        chance: float | Mapping[str, float],
        kinds: Sequence[Fault] = ("before", "after", "dup"),
    ) -> None:
        super().__init__()
        print(f"seed of the faults: {seed}")
        self.chance, self.kinds = chance, kinds
        self._random = random.Random(seed)

    def _fault(self, operation: str, number: int) -> Fault | None:
        chance = self.chance
        if isinstance(chance, Mapping):
            chance = chance.get(operation, 0.0)
        struck, kind = self._random.random() < chance, self._random.choice(self.kinds)
        return kind if struck else None


class FaultAtCall(Faults):
    """One fault, at the call of that number counted over all operations: to try each in turn."""

    def __init__(self, number: int, fault: Fault) -> None:
        super().__init__()
        self.number, self.fault = number, fault

    def _fault(self, operation: str, number: int) -> Fault | None:
        return self.fault if len(self.log) == self.number else None


class _Body(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _send(request: AWSPreparedRequest) -> AWSResponse:
    """The request as it is, past botocore; its body is read again for every send."""
    request.reset_stream()
    session = URLLib3Session()
    try:
        return session.send(request)
    finally:
        session.close()


def _answer(request: AWSPreparedRequest, service: str, says: ServiceResponse) -> AWSResponse:
    body = _error(service, says.code) if says.body is None else says.body
    headers = HTTPHeaders.from_dict({"x-amzn-errortype": says.code, "ETag": '"scripted"'})
    headers["Content-Length"] = str(len(body) if says.promised is None else says.promised)
    return AWSResponse(request.url, says.status, headers, _Body(body))


def _error(service: str, code: str) -> bytes:
    """An error as the service words it: XML from S3 and CloudFront, JSON from the others."""
    error = f"<Error><Code>{code}</Code><Message>scripted</Message></Error>"
    match service:
        case "s3":
            return error.encode()
        case "cloudfront" | "sns":
            return f"<ErrorResponse>{error}</ErrorResponse>".encode()
        case _:
            return json.dumps({"__type": code, "message": "scripted"}).encode()
