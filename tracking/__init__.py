"""The reader of a job's public view, through caches that may be late, wrong, or down."""

from statemachine.values.ids import digest_of
from tracking.display import Display
from tracking.http_reader import Clock, follow, read_once
from tracking.link import Link, parse_link
from tracking.polling_policy import Policy
from tracking.saved_view import FileViewStorage, ViewStorage

__all__ = [
    "Clock",
    "Display",
    "FileViewStorage",
    "Link",
    "Policy",
    "ViewStorage",
    "digest_of",
    "follow",
    "parse_link",
    "read_once",
]
