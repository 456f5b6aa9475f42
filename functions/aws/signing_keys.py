"""The keys that sign sessions, in Secrets Manager."""

from typing import Any

from pydantic import ValidationError

from functions.aws.errors import retryable
from functions.people.sessions import SigningKeys
from functions.protocol.ports import Corrupt


class SecretKeyStore:
    def __init__(self, secretsmanager: Any, secret_id: str) -> None:
        self.secretsmanager, self.secret_id = secretsmanager, secret_id

    def read(self) -> SigningKeys:
        with retryable():
            answer = self.secretsmanager.get_secret_value(SecretId=self.secret_id)
        try:
            return SigningKeys.model_validate_json(answer["SecretString"])
        except ValidationError:  # its message contains the secret, so it is not chained
            raise Corrupt("the secret of the session keys is not a list of keys") from None

    def write(self, keys: SigningKeys) -> None:
        with retryable():
            self.secretsmanager.put_secret_value(
                SecretId=self.secret_id, SecretString=keys.model_dump_json()
            )
