"""The access key of a copy, and its private folder.

The key is random and made when the folder is first used. It gives full access to the copy, like
the root user of an AWS account.
"""

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path

REGION = "us-east-1"
HEADER = "x-haulway-engine-key"
"""Carries the secret access key in requests without a signature: from the edge and our tools."""
KEY_FILE = "engine-key.json"
ID_LETTERS = string.ascii_uppercase + "234567"
"""The characters of an access key id on AWS."""


@dataclass(frozen=True)
class EngineKey:
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class EngineAddress:
    """The URL of an engine, and its key."""

    url: str
    key: EngineKey


def private_folder(folder: Path) -> Path:
    """The folder, created if missing, with access only for its owner."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, text: str) -> None:
    """Write atomically, so that a reader never sees half of it; readable only by its owner."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def engine_key(state: Path) -> EngineKey:
    """The key of the copy in that folder, made by the first call."""
    path = private_folder(state) / KEY_FILE
    if not path.exists():
        made = EngineKey(_random_id(), secrets.token_urlsafe(30))
        write_private(path, json.dumps(asdict(made)) + "\n")
    return EngineKey(**json.loads(path.read_text(encoding="utf-8")))


def running_engine(state: Path) -> EngineAddress:
    """The engine of the copy that runs in that folder. Raises FileNotFoundError if none runs."""
    running = json.loads((state / "local.json").read_text(encoding="utf-8"))
    return EngineAddress(running["engine_url"], engine_key(state))


def _random_id() -> str:
    return "AKIA" + "".join(secrets.choice(ID_LETTERS) for _ in range(16))
