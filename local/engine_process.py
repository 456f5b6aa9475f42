"""`python -m local.engine_process`: MiniStack with durable writes, an access filter, and one key.

MiniStack (1.5.33) is used as a library; its files are unchanged. Some of its names are replaced at
start, each in one function, each covered by a test in `tests/local`:

- `iam_evaluator.is_root_access_key`: only the copy's key is the root user's, not `test` or account
  numbers; `_is_root_key`: the signatures of root keys are checked too;
- `lambda_runtime.hashlib`: MiniStack derives a function's keys from its name, so they could be
  guessed; the copy's secret is added;
- `lambda_runtime.subprocess`: workers are forked (`local/function_workers.py`);
- `lambda_svc.acquire_worker` and `release_worker`: calls wait for a worker (`worker_limit.py`);
- `lambda_svc._sqs_esm_concurrency` and `_dispatch_esm_batch`: queues with a batching window gather
  batches (`batch_windows.py`);
- `app.app` is wrapped by `Store` and `AccessFilter`.

The process shuts down cleanly when the program that started it has ended.
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

from local.batch_windows import gather_batches
from local.engine_access import AccessFilter
from local.engine_store import AWAITED_STATE, Store
from local.function_workers import fork_workers
from local.worker_limit import limit_workers

PARENT_CHECK_EVERY_S = 0.2
ATTEMPTS = 5
FREQUENT = frozenset(AWAITED_STATE.values())


def main() -> None:
    os.umask(0o077)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    only_root_key(os.environ["AWS_ACCESS_KEY_ID"])
    salted_function_keys(secret)
    from ministack.core import lambda_runtime

    fork_workers(lambda_runtime)
    import ministack.app as engine
    from ministack.services import lambda_svc

    limit_workers(lambda_svc)
    gather_batches(lambda_svc)

    folder = Path(os.environ["STATE_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    stored = Store(engine.app, encoded_state, lambda *state: write(folder, *state), services)
    engine.app = AccessFilter(stored, secret)
    threading.Thread(target=_stop_with, args=(os.getppid(),), daemon=True).start()
    sys.argv = sys.argv[:1]
    engine.main()


def only_root_key(access_key_id: str) -> None:
    from ministack.core import iam_evaluator

    def is_root(key: str) -> bool:
        """MiniStack's own components use no key; the access filter stops others without one."""
        return not key or key == access_key_id

    iam_evaluator.is_root_access_key = is_root
    iam_evaluator._is_root_key = lambda key: not key


def salted_function_keys(secret: str) -> None:
    from ministack.core import lambda_runtime

    def sha256(data: bytes = b"") -> Any:
        return hashlib.sha256(secret.encode() + data)

    lambda_runtime.hashlib = SimpleNamespace(sha256=sha256)


def encoded_state(service: str) -> bytes:
    """The state in the format of MiniStack's own files; empty if the service has none.

    Its `get_state` makes a deep copy, which takes ten times as long as the encoding. Frequently
    stored services skip the copy, because nothing runs between the two. If another thread changes
    a table meanwhile, it tries again.
    """
    from ministack.app import _get_module, _state_map
    from ministack.core.persistence import _json_default, _state_format_version

    for attempt in range(ATTEMPTS):
        try:
            module = _get_module(_state_map[service])
            state = (_without_copies(module) if service in FREQUENT else module.get_state)()
            if state is None:
                return b""
            whole = {"__ministack_format__": _state_format_version(service), "payload": state}
            return json.dumps(whole, default=_json_default).encode()
        except RuntimeError:  # "dictionary changed size during iteration"
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _without_copies(module: ModuleType) -> Callable[[], Any]:
    as_it_is = SimpleNamespace(deepcopy=lambda value: value, copy=lambda value: value)
    found = FunctionType(module.get_state.__code__, {**vars(module), "copy": as_it_is})
    return found


def write(folder: Path, service: str, state: bytes) -> None:
    """Write atomically, even if the machine loses power."""
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


def _stop_with(parent: int) -> None:
    """Shut down cleanly if the parent was killed and could not do it."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
