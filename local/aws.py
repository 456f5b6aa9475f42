"""Clients for the laptop engine, independent of the user's AWS configuration.

They are botocore's: the import of boto3 takes as long again.
"""

import threading
from functools import lru_cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from local.engine_key import REGION, EngineAddress


@lru_cache(maxsize=8)
def session_for(engine: EngineAddress) -> "LocalSession":
    """The session for that engine; shared in this process."""
    return LocalSession(engine)


class LocalSession:
    """Makes clients for the engine's endpoint.

    A client without options is made once and shared, also between threads, because creating a
    session and its first S3 client takes 0.1 s of CPU time.
    """

    def __init__(self, engine: EngineAddress) -> None:
        self.engine_url, self.key = engine.url, engine.key
        self.session = get_session()
        self._shared: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: Any, **options: Any) -> Any:
        with self._lock:  # sessions are not thread-safe when they make clients
            if options:
                return self._new(service, **options)
            if service not in self._shared:
                self._shared[service] = self._new(service)
            return self._shared[service]

    def _new(self, service: Any, **options: Any) -> Any:
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=32, read_timeout=120)
        return self.session.create_client(
            service,
            endpoint_url=self.engine_url,
            region_name=REGION,
            aws_access_key_id=self.key.access_key_id,
            aws_secret_access_key=self.key.secret_access_key,
            config=config.merge(options.pop("config", None) or Config()),
            **options,
        )
