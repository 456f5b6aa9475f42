"""Faults in calls to AWS, by a script or by seeded chance, for the fakes and for botocore.

    before            the request never arrives                        not applied, no response
    after             it arrives, but the response is lost             applied, no response
    dup               it arrives twice, the second response is seen    applied twice
    crash             it arrives, then the caller dies                 applied, caller gone
    ServiceResponse   the service responds with this instead           not applied

`faults.on(client)` puts them between a boto3 client and its service, as a context manager.
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
    """The service's response in place of the real one: an error, or the bytes of `body`.

    `promised` is the Content-Length of a response that breaks off before its end.
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
    """The function's process dies here. The code under test must not catch this."""


class Faults:
    """Which calls fail, and how. `log` has every call so far with its fault.

    The script has, for each operation, the faults of its first call, its second, and so on. None is
    a call that succeeds, as do all calls past the end. Operations have AWS names: `PutObject`.
    """

    def __init__(self, script: Mapping[str, Sequence[Fault | None]] | None = None) -> None:
        self.script = {operation: list(faults) for operation, faults in (script or {}).items()}
        self.log: list[Call] = []
        self.over = False
        """If set, all further calls succeed."""
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next_fault(self, operation: str) -> Fault | None:
        """The fault of the next call of `operation`, which is logged."""
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
        """Run `apply` with its fault. `lost` is raised if the response is lost."""
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
        """Put the faults between boto3 clients and services, as a `before-send` handler."""
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
            case ServiceResponse() as response:
                return _scripted(request, service, response)
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
    """Calls fail by chance. The same seed and the same calls give the same log.

    `chance` applies to every operation, or maps operations to their chances; others succeed.
    pytest shows the printed seed with a failure.
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
    """One fault, at the call of that number over all operations, so that a test can try each."""

    def __init__(self, number: int, fault: Fault) -> None:
        super().__init__()
        self.number, self.fault = number, fault

    def _fault(self, operation: str, number: int) -> Fault | None:
        return self.fault if len(self.log) == self.number else None


class _Body(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _send(request: AWSPreparedRequest) -> AWSResponse:
    """Send the request without botocore. Its body is read again for every send."""
    request.reset_stream()
    session = URLLib3Session()
    try:
        return session.send(request)
    finally:
        session.close()


def _scripted(request: AWSPreparedRequest, service: str, response: ServiceResponse) -> AWSResponse:
    body = _error(service, response.code) if response.body is None else response.body
    headers = HTTPHeaders.from_dict({"x-amzn-errortype": response.code, "ETag": '"scripted"'})
    headers["Content-Length"] = str(len(body) if response.promised is None else response.promised)
    return AWSResponse(request.url, response.status, headers, _Body(body))


def _error(service: str, code: str) -> bytes:
    """An error in the service's format: XML for S3 and CloudFront, JSON for others."""
    error = f"<Error><Code>{code}</Code><Message>scripted</Message></Error>"
    match service:
        case "s3":
            return error.encode()
        case "cloudfront" | "sns":
            return f"<ErrorResponse>{error}</ErrorResponse>".encode()
        case _:
            return json.dumps({"__type": code, "message": "scripted"}).encode()
