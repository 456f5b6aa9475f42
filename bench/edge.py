"""The edge function on njs, case by case; and the requests of a tracking page in an hour.

python -m bench.edge
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from statemachine.flows import flow_names, load_flow
from tracking.polling_policy import Policy
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep
from tracking.responses import Response

ROOT = Path(__file__).parent.parent
CALLS = 20_000
HOUR_MS = 3_600_000
PROGRAM = """
var event = {event}, begun = Date.now(), i;
for (i = 0; i < {calls}; i++) {{ handler(JSON.parse(event)); }}
var called = Date.now();
for (i = 0; i < {calls}; i++) {{ JSON.parse(event); }}
console.log((called - begun) - (Date.now() - called));
"""


def main() -> None:
    source = (ROOT / "edge" / "rewrite.js").read_text(encoding="utf-8")
    print(f"\n## The edge function on njs: {len(source.encode())} bytes, µs a call\n")
    print("| case | µs |\n|---|---|")
    for path in sorted((ROOT / "edge" / "rewrite" / "cases").glob("*.json")):
        event = json.loads(path.read_text(encoding="utf-8"))["event"]
        print(f"| {path.stem} | {microseconds(source, event):.1f} |")
    print("\n## Requests of one open tracking page in an hour\n")
    print("| flow | status | requests |\n|---|---|---|")
    for name in flow_names():
        for status in load_flow(name).statuses:
            if not status.terminal:
                print(f"| {name} | {status.name} | {requests_an_hour(status.poll_s)} |")


def microseconds(source: str, event: dict[str, Any]) -> float:
    program = source + PROGRAM.format(event=json.dumps(json.dumps(event)), calls=CALLS)
    with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
        file.write(program)
        file.flush()
        ran = subprocess.run(["njs", file.name], capture_output=True, text=True, check=True)
    return float(ran.stdout) * 1000 / CALLS


def requests_an_hour(poll_s: int) -> int:
    """The real reader on a simulated clock, with average jitter."""
    view = {"rev": 1, "status": "x", "terminal": False, "poll_s": poll_s}
    answer = Response(200, {}, json.dumps(view))
    reader, now_ms, asked = Reader(0, Policy(), lambda: 0.5), 0, 0
    while now_ms < HOUR_MS:
        step = reader.step(now_ms)
        if isinstance(step, Fetch):
            asked += 1
            reader.receive(answer, now_ms)
        elif isinstance(step, Sleep) and step.ms is not None:
            now_ms += step.ms
    return asked


if __name__ == "__main__":
    main()
