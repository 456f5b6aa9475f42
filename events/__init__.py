"""Contracts: everything that crosses the bus. Requests ask, facts tell; see README.md here."""

from events.facts import (
    FACTS_SOURCE,
    Fact,
    JobCreated,
    JobEdited,
    JobMoved,
    JobMoveRefused,
    JobOverdue,
)
from events.requests import (
    REQUESTS_SOURCE,
    Changes,
    JobEditRequested,
    JobMoveRequested,
    JobRequested,
    Request,
)

__all__ = [
    "FACTS_SOURCE",
    "REQUESTS_SOURCE",
    "Changes",
    "Fact",
    "JobCreated",
    "JobEditRequested",
    "JobEdited",
    "JobMoveRefused",
    "JobMoveRequested",
    "JobMoved",
    "JobOverdue",
    "JobRequested",
    "Request",
]
