"""The Lambda that rotates the keys that sign sessions, each month.

Two keys are valid at a time, the current one and the previous one, so no one is signed out. To end
all sessions on purpose, rotate twice within twelve hours.
"""

from typing import Any

from functions.aws.container import FunctionSettings, client, log, once, read_settings
from functions.aws.signing_keys import SecretKeyStore
from functions.people.sessions import rotate


class Settings(FunctionSettings):
    session_keys: str


@once
def wire() -> SecretKeyStore:
    settings = read_settings(Settings)
    return SecretKeyStore(client("secretsmanager"), settings.session_keys)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    kid = rotate(wire())
    log.info("keys rotated", kid=kid)
    return {"kid": kid}
