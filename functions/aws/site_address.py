"""Where customers reach us, as the deployment has noted it.

The API cannot be told by its environment: the distribution needs the function's URL, so the
function cannot need the distribution's name. It is read from the Parameter Store instead, once in
a container's life and only when someone wants it.
"""

from functools import cached_property
from typing import Any

from functions.aws.errors import retryable


class NotedParameter:
    def __init__(self, ssm: Any, parameter: str) -> None:
        self.ssm, self.parameter = ssm, parameter

    @cached_property
    def value(self) -> str:
        with retryable():
            answer = self.ssm.get_parameter(Name=self.parameter)
        return str(answer["Parameter"]["Value"])


class NotedEdgeAddress(NotedParameter):
    @property
    def url(self) -> str:
        """`https://…`, without a slash at its end."""
        return self.value.rstrip("/")
