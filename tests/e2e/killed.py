"""A deployment that dies at one of its steps, without a chance to tidy up.

python -m tests.e2e.killed ENGINE_URL STAGE SOURCES STEP
"""

import os
import sys
from pathlib import Path

from tests.e2e.stages import built_from, deployment

KILLED = 9


def main(engine_url: str, stage: str, sources: str, step: str) -> None:
    def die(now: str) -> None:
        if now == step:
            os._exit(KILLED)

    deployment(engine_url, stage, die).deploy(built_from(Path(sources)))


if __name__ == "__main__":
    main(*sys.argv[1:])
