"""Unexpected errors: one sentence for the terminal, the traceback in a log file."""

import os
import traceback
from pathlib import Path

from functions.protocol.clock import utc_now

DEBUG = "HAUL_DEBUG"


def wants_tracebacks() -> bool:
    return os.environ.get(DEBUG, "") not in ("", "0")


def log_path() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "haulway" / "errors.log"


def log_unexpected(error: BaseException) -> str:
    """The sentence. Appends the traceback to a file that only its owner may read."""
    path = log_path()
    text = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(f"{utc_now().isoformat()}\n{text}\n")
        where = f"the details are in {path}"
    except OSError:
        where = "run the command again with --debug for the details"
    what = f"{error}".strip().partition("\n")[0][:200]
    named = f"{type(error).__name__}{': ' if what else ''}{what}"
    return f"unexpected error ({named}); {where}"
