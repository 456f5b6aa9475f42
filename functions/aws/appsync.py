"""Hints to pages by AWS AppSync Events: a POST signed like any call of AWS.

botocore has no client for it, because each API has an address of its own.
"""

import json
import os
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from functions.aws.container import session
from functions.aws.metrics import LogMetrics
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Hints

NAMESPACE = "hints"
TIMEOUT_S = (0.3, 0.7)
"""To connect, and to read. A hint that takes longer is worth less than the time of its sender."""


class NoHints:
    def send(self, channel: str, rev: int) -> None: ...


class AppSyncHints:
    """`host` is the API's own host; `url` is where to reach it, which differs on a laptop."""

    def __init__(
        self, host: str, url: str, region: str, credentials: Any, metrics: Metrics
    ) -> None:
        self.host, self.url, self.region = host, url, region
        self.credentials, self.metrics = credentials, metrics
        timeout_s: Any = TIMEOUT_S  # the type stubs know only one number
        self.http = URLLib3Session(timeout=timeout_s)

    def send(self, channel: str, rev: int) -> None:
        """One attempt: a lost hint costs its reader the time to the next poll."""
        event = json.dumps({"rev": rev})
        body = json.dumps({"channel": f"/{NAMESPACE}/{channel}", "events": [event]})
        headers = {"content-type": "application/json", "host": self.host}
        request = AWSRequest("POST", f"{self.url}/event", headers, body.encode())
        try:
            SigV4Auth(self.credentials, "appsync", self.region).add_auth(request)
            status = self.http.send(request.prepare()).status_code
        except BotoCoreError as error:
            self.metrics.count("HintsLost", Reason=type(error).__name__)
            return
        if status != 200:
            self.metrics.count("HintsLost", Reason=str(status))


def hints_of(host: str) -> Hints:
    if not host:
        return NoHints()
    url = os.environ.get("AWS_ENDPOINT_URL") or f"https://{host}"
    region = session().get_config_variable("region")
    return AppSyncHints(host, url, region, session().get_credentials(), LogMetrics())
