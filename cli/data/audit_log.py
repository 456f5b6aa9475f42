"""The audit log of exports, imports, and erasures: who did what, when, and how it ended."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer
from botocore.exceptions import ClientError

from cli.client.connection import Connection
from cli.output.output import CliError
from deploy.lock import who
from functions.protocol.clock import utc_now


@contextmanager
def audited(
    context: typer.Context, what: str, facts: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Record the block in the audit log: one object, without names or phone numbers.

    It is written before the block with the outcome `begun` and `facts`, and again after it with
    `done` and what the block put into the dictionary. A record that stays `begun` belongs to an
    act that failed or was interrupted; it may have done all, some, or none of its work.
    """
    at, tenant, connection = utc_now(), context.obj.tenant, context.obj.connection
    done: dict[str, Any] = {}
    begun = audit_line(what, tenant, at, {**facts, "outcome": "begun"})
    _write_line(connection, *begun, IfNoneMatch="*")
    yield done
    _write_line(connection, *audit_line(what, tenant, at, {**facts, "outcome": "done", **done}))


def audit_line(what: str, tenant: str, at: datetime, facts: Mapping[str, Any]) -> tuple[str, bytes]:
    """The key of the record, and its content."""
    line = {"at": at.isoformat(), "by": who(), "tenant": tenant, "what": what, **facts}
    return f"audit/{at:%Y/%m/%d/%H%M%S%f}-{what}.json", json.dumps(line).encode()


def _write_line(connection: Connection, key: str, body: bytes, **condition: str) -> None:
    try:
        connection.client("s3").put_object(
            Bucket=connection.outputs["JobsBucket"], Key=key, Body=body, **condition
        )
    except ClientError as error:
        raise CliError(f"the audit log could not be written: {error}") from error
