"""The log: one line of JSON for each outcome, whose keys CloudWatch Logs Insights can search.

    {"level":"INFO","message":"wait","timestamp":"2026-11-28T21:00:00.000Z","tenant":"main",…}

Written by hand rather than by Powertools' logger, whose package takes a fifth of the import of a
function on the way of a move, because it brings its metrics and its tracing.
"""

import json
import sys
from typing import Any

from functions.aws.tracing import trace_header
from functions.protocol.clock import utc_now
from statemachine.values.values import iso


class JsonLog:
    def info(self, msg: str, **keys: Any) -> None:
        _print("INFO", msg, keys)

    def error(self, msg: str, **keys: Any) -> None:
        _print("ERROR", msg, keys)


def _print(level: str, msg: str, keys: dict[str, Any]) -> None:
    line = {"level": level, "message": msg, "timestamp": iso(utc_now()), **keys}
    if trace := trace_header():
        line["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
    print(json.dumps(line, default=str), file=sys.stdout, flush=True)
