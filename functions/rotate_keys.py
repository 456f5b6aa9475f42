"""The keys that sign sessions, made again each month: the current one becomes the one before.

Two keys are valid at a time, so no one is signed out. Rotating twice within twelve hours ends
the sessions of the oldest key: that is how all of them are ended on purpose.
"""

from typing import Any

from functions.aws.container import FunctionSettings as Environment
from functions.aws.container import client, log, once, read_settings
from functions.aws.signing_keys import SecretKeyStore
from functions.people.sessions import rotate


class Settings(Environment):
    session_keys: str


@once
def wire() -> SecretKeyStore:
    settings = read_settings(Settings)
    return SecretKeyStore(client("secretsmanager"), settings.session_keys)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    kid = rotate(wire())
    log.info("keys rotated", kid=kid)
    return {"kid": kid}
