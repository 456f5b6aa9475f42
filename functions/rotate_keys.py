"""The Lambda that rotates, each month, the keys that sign sessions and the edge's secret.

Two keys are valid at a time, the current one and the previous one, so no one is signed out. To end
all sessions on purpose, rotate twice within twelve hours.
"""

from dataclasses import dataclass
from typing import Any

from functions.aws.cloudfront import CloudFrontHeader
from functions.aws.container import FunctionSettings, client, log, once, read_settings
from functions.aws.secrets import SecretStore
from functions.people.sessions import KeyStore, SigningKeys, rotate
from functions.protocol.edge_secret import (
    EdgeHeader,
    EdgeSecrets,
    EdgeSecretStore,
    rotate_edge_secret,
)


class Settings(FunctionSettings):
    session_keys: str
    edge_secret: str
    distribution_id: str


@dataclass(frozen=True)
class Rotation:
    keys: KeyStore
    edge_secrets: EdgeSecretStore
    edge: EdgeHeader


@once
def wire() -> Rotation:
    settings = read_settings(Settings)
    secrets = client("secretsmanager")
    return Rotation(
        keys=SecretStore(secrets, settings.session_keys, SigningKeys),
        edge_secrets=SecretStore(secrets, settings.edge_secret, EdgeSecrets),
        edge=CloudFrontHeader(client("cloudfront"), settings.distribution_id),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The edge's secret first: its rotation goes on where the last one stopped."""
    wired = wire()
    rotated = rotate_edge_secret(wired.edge_secrets, wired.edge)
    kid = rotate(wired.keys)
    log.info("keys rotated", kid=kid, edge_secret="rotated" if rotated else "on its way")
    return {"kid": kid, "edge_secret": rotated}
