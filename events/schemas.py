"""Generates the JSON Schemas of all events from the models: `python -m events.schemas`.

A test compares the files in `schemas/` with the models.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from events import (
    EndpointPaused,
    Fact,
    JobCreated,
    JobEdited,
    JobEditRefused,
    JobEditRequested,
    JobMoved,
    JobMoveRefused,
    JobMoveRequested,
    JobOverdue,
    JobRepaired,
    JobRequested,
    JobStuck,
)

FOLDER = Path(__file__).parent / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

EVENTS: tuple[type[BaseModel], ...] = (
    JobRequested,
    JobMoveRequested,
    JobEditRequested,
    JobCreated,
    JobMoved,
    JobEdited,
    JobEditRefused,
    JobMoveRefused,
    JobOverdue,
    JobRepaired,
    JobStuck,
    EndpointPaused,
)


def render() -> dict[str, str]:
    """The text of every schema file, by file name."""
    return {f"{event.__name__}.json": _text(schema_of(event)) for event in EVENTS}


def schema_of(event: type[BaseModel]) -> dict[str, Any]:
    """The schema of the event's `detail`. Those of facts allow more keys, which may come later."""
    schema = event.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **(_open(schema) if issubclass(event, Fact) else schema)}


def _open(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_open(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: _open(v) for k, v in schema.items() if (k, v) != ("additionalProperties", False)}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in render().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
