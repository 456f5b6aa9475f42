"""The events on the bus. Requests ask for something; facts say what happened. See README.md."""

from events.facts import (
    FACTS_SOURCE,
    EndpointPaused,
    Fact,
    JobCreated,
    JobEdited,
    JobEditRefused,
    JobMoved,
    JobMoveRefused,
    JobOverdue,
    JobRepaired,
    JobStuck,
    StuckReason,
)
from events.requests import (
    REQUESTS_SOURCE,
    TEXTS_SOURCE,
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
    "TEXTS_SOURCE",
    "Assignment",
    "Changes",
    "EndpointPaused",
    "Fact",
    "JobCreated",
    "JobEditRefused",
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
