"""A deployment that is killed at one of its steps, without a chance to clean up.

python -m tests.e2e.support.killed_deployment STATE STAGE SOURCES STEP
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from deploy.lock import Locked
from local.engine_key import running_engine
from tests.e2e.support.stages import built_from, deployment

KILLED = 9
SHORT = timedelta(seconds=1)


def main(state: str, stage: str, sources: str, step: str) -> None:
    def die(now: str) -> None:
        if now == step:
            os._exit(KILLED)

    doomed, built = deployment(running_engine(Path(state)), stage, die), built_from(Path(sources))
    doomed.lease = SHORT
    until_free(lambda: doomed.deploy(built))


def until_free(deploy: Callable[[], object]) -> None:
    """Deploy, waiting for the end of a killed deployment's lease."""
    for _ in range(20):
        with suppress(Locked):
            deploy()
            return
        time.sleep(SHORT.total_seconds() / 2)
    raise AssertionError("the lock never came free")


if __name__ == "__main__":
    main(*sys.argv[1:])
