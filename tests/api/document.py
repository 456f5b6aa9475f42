"""docs/openapi.json as the code makes it, made once for all tests of a process."""

from functools import cache

from functions.api.openapi import Spec, openapi


@cache
def document() -> Spec:
    """Shared: only to be read."""
    return openapi()
