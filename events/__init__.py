"""Contracts: everything that crosses the bus. Requests ask, facts tell; see README.md here."""

from events.facts import (
    FACTS_SOURCE,
    EndpointPaused,
    Fact,
    JobCreated,
    JobEdited,
    JobMoved,
    JobMoveRefused,
    JobOverdue,
    JobRepaired,
    JobStuck,
    StuckReason,
)
from events.requests import (
    REQUESTS_SOURCE,
    Assignment,
    Changes,
    JobEditRequested,
    JobMoveRequested,
    JobRequested,
    Request,
)

__all__ = [
    "FACTS_SOURCE",
    "REQUESTS_SOURCE",
    "Assignment",
    "Changes",
    "EndpointPaused",
    "Fact",
    "JobCreated",
    "JobEditRequested",
    "JobEdited",
    "JobMoveRefused",
    "JobMoveRequested",
    "JobMoved",
    "JobOverdue",
    "JobRepaired",
    "JobRequested",
    "JobStuck",
    "Request",
    "StuckReason",
]
