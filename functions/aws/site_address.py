"""The site's address, which the deployment stores in the Parameter Store.

The environment cannot hold it: the distribution needs the function's URL, so the function cannot
need the distribution's name. It is read once in a container's life, when first needed.
"""

from functools import cached_property
from typing import Any

from functions.aws.errors import retryable


class StoredParameter:
    def __init__(self, ssm: Any, parameter: str) -> None:
        self.ssm, self.parameter = ssm, parameter

    @cached_property
    def value(self) -> str:
        with retryable():
            answer = self.ssm.get_parameter(Name=self.parameter)
        return str(answer["Parameter"]["Value"])


class StoredEdgeAddress(StoredParameter):
    @property
    def url(self) -> str:
        """`https://…`, without a trailing slash."""
        return self.value.rstrip("/")
