"""boto3 clients for the laptop engine, independent of the caller's own AWS settings."""

from typing import Any

import boto3
from botocore.config import Config

from local.engine import CREDENTIALS, REGION


def session_for(engine_url: str) -> "LocalSession":
    return LocalSession(engine_url)


class LocalSession:
    """Makes clients as a boto3 session does, each pointed at the engine."""

    def __init__(self, engine_url: str) -> None:
        self.engine_url = engine_url
        self.session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    def client(self, service: Any, **options: Any) -> Any:
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=32, read_timeout=120)
        return self.session.client(
            service,
            endpoint_url=self.engine_url,
            config=config.merge(options.pop("config", None) or Config()),
            **options,
        )
