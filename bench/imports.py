"""Import time of each function's module, and the size of the bundle.

python -m bench.imports
"""

import statistics
import subprocess
import sys
from pathlib import Path

from deploy.bundle import bundle

RUNS = 5
FUNCTIONS = (
    "create_job", "advance_job", "edit_job", "register_wait", "settle_job", "publish_board",
    "invalidate_views", "watch_jobs", "send_sms", "receive_sms", "fan_out_facts",
    "deliver_webhooks",
)  # fmt: skip
PROGRAM = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def main() -> None:
    print("\n## Import time (ms, median of 5) and bundle\n")
    print("| module | ms | of which SDK, log and models |\n|---|---|---|")
    ground = import_ms("functions.aws.container")
    for name in FUNCTIONS:
        print(f"| `functions.{name}` | {import_ms(f'functions.{name}'):.0f} | {ground:.0f} |")
    print(f"\n`boto3` alone, for comparison: {import_ms('boto3'):.0f} ms.")
    print(f"Bundle: {len(bundle()) / 1024:.0f} KiB of our own sources.")


def import_ms(module: str) -> float:
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(module)],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent,
        ).stdout
        for _ in range(RUNS)
    ]  # fmt: skip
    return statistics.median(float(run) for run in runs) * 1000


if __name__ == "__main__":
    main()
