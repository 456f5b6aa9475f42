"""Hints to pages by AWS AppSync Events: a POST signed like any call of AWS.

botocore has no client for it, because each API has an address of its own.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ConnectionClosedError
from botocore.httpsession import URLLib3Session

from functions.aws.container import session
from functions.aws.metrics import LogMetrics
from functions.protocol.clock import utc_now
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Hints

NAMESPACE = "hints"
PAUSE = timedelta(seconds=30)
"""After a failure, so that a service that does not answer does not slow down every write."""
CLOSED = ConnectionClosedError.__name__
"""No reason to pause: it costs no time, and is the end of a connection that was not used lately."""
TIMEOUT_S = (0.3, 0.7)
"""To connect, and to read. A hint that takes longer is worth less than the time of its sender."""


class NoHints:
    def send(self, channel: str, rev: int) -> None: ...


class AppSyncHints:
    """`host` is the API's own host; `url` is where to reach it, which differs on a laptop."""

    def __init__(
        self,
        host: str,
        url: str,
        region: str,
        credentials: Any,
        metrics: Metrics,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.host, self.url, self.region = host, url, region
        self.credentials, self.metrics, self.clock = credentials, metrics, clock
        self.paused_until: datetime | None = None
        timeout_s: Any = TIMEOUT_S  # the type stubs know only one number
        self.http = URLLib3Session(timeout=timeout_s)

    def send(self, channel: str, rev: int) -> None:
        """One attempt: a lost hint costs its reader the time to the next poll."""
        now = self.clock()
        if self.paused_until is not None and now < self.paused_until:
            self.metrics.count("HintsLost", Reason="Paused")
            return
        failure = self._failure(channel, rev)
        if failure is not None:
            self.metrics.count("HintsLost", Reason=failure)
            if failure != CLOSED:
                self.paused_until = now + PAUSE

    def _failure(self, channel: str, rev: int) -> str | None:
        event = json.dumps({"rev": rev})
        body = json.dumps({"channel": f"/{NAMESPACE}/{channel}", "events": [event]})
        headers = {"content-type": "application/json", "host": self.host}
        request = AWSRequest("POST", f"{self.url}/event", headers, body.encode())
        try:
            SigV4Auth(self.credentials, "appsync", self.region).add_auth(request)
            status = self.http.send(request.prepare()).status_code
        except BotoCoreError as error:
            return type(error).__name__
        return None if status == 200 else str(status)


def hints_of(host: str) -> Hints:
    if not host:
        return NoHints()
    url = os.environ.get("AWS_ENDPOINT_URL") or f"https://{host}"
    region = session().get_config_variable("region")
    return AppSyncHints(host, url, region, session().get_credentials(), LogMetrics())
