"""`python -m local.engine_process`: MiniStack, stored at once, behind a door, with one key.

MiniStack (1.5.33) is a library here and none of its files are changed. Four of its names are
replaced at start, each in a function of its own below, each held by a test of `tests/local`:

- `iam_evaluator.is_root_access_key`: the copy's own key is the root user's, not also `test` and
  every account number; `_is_root_key` spares root keys the check of their signature no longer;
- `lambda_runtime.hashlib`: a function's keys are made of its name alone, so they could be guessed;
  the copy's secret goes into them;
- `app.app` stands behind `Store` and `Door`.

The process ends in an orderly way when the program that started it is gone.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from local.engine_door import Door
from local.engine_store import HELD, Store

LOOKS_EVERY_S = 0.2
TRIES = 5
HOT = frozenset(HELD.values())


def main() -> None:
    os.umask(0o077)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    only_root_key(os.environ["AWS_ACCESS_KEY_ID"])
    salted_function_keys(secret)
    import ministack.app as engine

    folder = Path(os.environ["STATE_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    stored = Store(engine.app, encoded_state, lambda *state: write(folder, *state), services)
    engine.app = Door(stored, secret)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    sys.argv = sys.argv[:1]
    engine.main()


def only_root_key(access_key_id: str) -> None:
    from ministack.core import iam_evaluator

    def is_root(key: str) -> bool:
        """No key at all is what MiniStack's own parts say to each other; the door stops others."""
        return not key or key == access_key_id

    iam_evaluator.is_root_access_key = is_root
    iam_evaluator._is_root_key = lambda key: not key


def salted_function_keys(secret: str) -> None:
    from ministack.core import lambda_runtime

    def sha256(data: bytes = b"") -> Any:
        return hashlib.sha256(secret.encode() + data)

    lambda_runtime.hashlib = SimpleNamespace(sha256=sha256)


def encoded_state(service: str) -> bytes:
    """The state as MiniStack's own files hold it; empty where the service has none.

    Its `get_state` copies everything deeply, which takes ten times as long as the encoding. Here
    nothing comes between the two, so for what is stored all day the same function runs without its
    copies. Other threads may change a table meanwhile; then it is tried again.
    """
    from ministack.app import _get_module, _state_map
    from ministack.core.persistence import _json_default, _state_format_version

    for attempt in range(TRIES):
        try:
            module = _get_module(_state_map[service])
            state = (_without_copies(module) if service in HOT else module.get_state)()
            if state is None:
                return b""
            whole = {"__ministack_format__": _state_format_version(service), "payload": state}
            return json.dumps(whole, default=_json_default).encode()
        except RuntimeError:  # "dictionary changed size during iteration"
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _without_copies(module: ModuleType) -> Callable[[], Any]:
    as_it_is = SimpleNamespace(deepcopy=lambda value: value, copy=lambda value: value)
    found = FunctionType(module.get_state.__code__, {**vars(module), "copy": as_it_is})
    return found


def write(folder: Path, service: str, state: bytes) -> None:
    """Whole or not at all, also where the machine loses its power."""
    draft = folder / f"{service}.json.new"
    with draft.open("wb") as out:
        out.write(state)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / f"{service}.json")
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def services() -> list[str]:
    from ministack.app import _build_persistence_save_dict

    return list(_build_persistence_save_dict())


def _end_with(parent: int) -> None:
    """Ask for an orderly end where the parent was killed and could not."""
    while os.getppid() == parent:
        time.sleep(LOOKS_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
