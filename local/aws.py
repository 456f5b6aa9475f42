"""boto3 clients for the laptop engine, independent of the user's AWS configuration."""

import threading
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from local.engine import REGION
from local.engine_key import EngineAddress


@lru_cache(maxsize=8)
def session_for(engine: EngineAddress) -> "LocalSession":
    """The session for that engine; shared in this process."""
    return LocalSession(engine)


class LocalSession:
    """Makes clients as a boto3 session does, for the engine's endpoint.

    A client without options is made once and shared, also between threads, because creating a
    session and its first S3 client takes 0.1 s of CPU time.
    """

    def __init__(self, engine: EngineAddress) -> None:
        self.engine_url = engine.url
        self.session = boto3.Session(
            aws_access_key_id=engine.key.access_key_id,
            aws_secret_access_key=engine.key.secret_access_key,
            region_name=REGION,
        )
        self._shared: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: Any, **options: Any) -> Any:
        with self._lock:  # boto3 sessions are not thread-safe when they make clients
            if options:
                return self._new(service, **options)
            if service not in self._shared:
                self._shared[service] = self._new(service)
            return self._shared[service]

    def _new(self, service: Any, **options: Any) -> Any:
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=32, read_timeout=120)
        return self.session.client(
            service,
            endpoint_url=self.engine_url,
            config=config.merge(options.pop("config", None) or Config()),
            **options,
        )
