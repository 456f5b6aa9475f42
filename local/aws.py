"""boto3 clients for the laptop engine, independent of the caller's own AWS settings."""

from typing import Any

import boto3
from botocore.config import Config

from local.engine import REGION
from local.engine_key import EngineAddress


class LocalSession:
    """Makes clients as a boto3 session does, each pointed at the engine."""

    def __init__(self, engine: EngineAddress) -> None:
        self.engine_url = engine.url
        self.session = boto3.Session(
            aws_access_key_id=engine.key.access_key_id,
            aws_secret_access_key=engine.key.secret_access_key,
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
