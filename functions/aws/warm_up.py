"""What every container computes at its first events, computed before: for a snapshot of one.

The laptop's engine forks its workers from a snapshot (`local/function_snapshot.py`). Making the
first client of S3 alone takes 90 ms of CPU and 20 MB, nearly all of it for the SDK's data files,
which a session reads once.
"""

import importlib
from collections.abc import Iterator
from typing import Any

from functions.aws.container import session
from statemachine.values.values import BuiltOnUse

SERVICES: tuple[Any, ...] = ("s3", "dynamodb", "events", "sqs", "stepfunctions", "secretsmanager")
IMPORTED_WHEN_USED = ("phonenumbers", "transitions")
NONE = "none"
"""Keys, so that the session looks for none: each worker has its own."""


def warm_up() -> None:
    """Reads no environment, and calls no one."""
    for service in SERVICES:
        session().create_client(
            service, region_name="us-east-1", aws_access_key_id=NONE, aws_secret_access_key=NONE
        )
    for module in IMPORTED_WHEN_USED:
        importlib.import_module(module)
    for model in _below(BuiltOnUse):
        model.model_rebuild()


def _below(model: type[BuiltOnUse]) -> Iterator[type[BuiltOnUse]]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)
