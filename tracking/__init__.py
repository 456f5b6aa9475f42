"""Reading the public view of a job through caches that may be late, wrong or down."""

from statemachine.identity import digest_of
from tracking.fetching import Clock, follow, read_once
from tracking.link import Link, parse_link
from tracking.memory import FileMemory, Memory
from tracking.pace import Policy
from tracking.reader import Shown

__all__ = [
    "Clock",
    "FileMemory",
    "Link",
    "Memory",
    "Policy",
    "Shown",
    "digest_of",
    "follow",
    "parse_link",
    "read_once",
]
