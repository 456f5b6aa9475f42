"""The audit lines of what is done to the data as a whole: who, when, what, and how it ended."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import typer
from botocore.exceptions import ClientError

from cli.client.connection import Connection
from cli.output.output import CliError
from deploy.lock import who


@contextmanager
def audited(
    context: typer.Context, what: str, facts: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """One object for each act, without names or numbers; there is no act without its line.

    It is written before the act, as `begun`, with what the act is about, and again after it, with
    what came of it, which the act puts into the dictionary. One that stays `begun` failed or was
    cut off, and may have done a part of its work or all.
    """
    at, tenant, place = datetime.now(timezone.utc), context.obj.tenant, context.obj.place
    done: dict[str, Any] = {}
    begun = audit_line(what, tenant, at, {**facts, "outcome": "begun"})
    _write_line(place, *begun, IfNoneMatch="*")
    yield done
    _write_line(place, *audit_line(what, tenant, at, {**facts, "outcome": "done", **done}))


def audit_line(what: str, tenant: str, at: datetime, facts: Mapping[str, Any]) -> tuple[str, bytes]:
    """Its key and its content."""
    line = {"at": at.isoformat(), "by": who(), "tenant": tenant, "what": what, **facts}
    return f"audit/{at:%Y/%m/%d/%H%M%S%f}-{what}.json", json.dumps(line).encode()


def _write_line(place: Connection, key: str, body: bytes, **condition: str) -> None:
    try:
        place.client("s3").put_object(
            Bucket=place.outputs["JobsBucket"], Key=key, Body=body, **condition
        )
    except ClientError as error:
        raise CliError(f"the audit line could not be written: {error}") from error
