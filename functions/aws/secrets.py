"""What is kept in Secrets Manager: the keys that sign sessions, and the edge's secret."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from functions.aws.errors import retryable
from functions.protocol.ports import Corrupt

Content = TypeVar("Content", bound=BaseModel)


class SecretStore(Generic[Content]):
    """One secret, whose JSON is a `kind`."""

    def __init__(self, secretsmanager: Any, secret_id: str, kind: type[Content]) -> None:
        self.secretsmanager, self.secret_id, self.kind = secretsmanager, secret_id, kind

    def read(self) -> Content:
        with retryable():
            answer = self.secretsmanager.get_secret_value(SecretId=self.secret_id)
        try:
            return self.kind.model_validate_json(answer["SecretString"])
        except ValidationError:  # its message contains the secret, so it is not chained
            raise Corrupt(f"the secret is not a {self.kind.__name__}") from None

    def write(self, content: Content) -> None:
        with retryable():
            self.secretsmanager.put_secret_value(
                SecretId=self.secret_id, SecretString=content.model_dump_json()
            )
