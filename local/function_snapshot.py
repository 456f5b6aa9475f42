"""`python -m local.function_snapshot SOCKET ARCHIVE FOLDER`: one bundle, imported once.

It extracts the bundle, imports what its Lambda files import, has `functions/aws/warm_up.py` do what
each worker would do first, and waits on its socket. Each request forks one worker, which gets an
environment, a folder, and pipes of its own, and runs MiniStack's worker script as if it had just
been started. So its module state is that of a container that no event has touched, as after AWS
restores a SnapStart function. The Lambda file itself is imported by each worker.

A fork copies one thread: what another one had locked would stay locked. So this process ends
instead of forking if an import has started a thread. It makes no clients. It ends when the engine
closes the socket; its workers end when the engine closes their standard input.
"""

import ast
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LAMBDA_FILES = "functions/*.py"
WARM_UP = "functions.aws.warm_up"
LONGEST_REQUEST = 1 << 20
PIPES = 3


class WorkerRequest(NamedTuple):
    """A worker to fork: MiniStack's script, its folder, and its whole environment."""

    script: str
    cwd: str
    environment: dict[str, str]


def main() -> None:
    number, archive, folder = sys.argv[1:]
    with zipfile.ZipFile(archive) as code:
        code.extractall(folder)
    sys.path[0] = folder
    sys.stdout = sys.stderr  # as the worker script does, before a logger keeps it
    for module in imported_by_lambdas(Path(folder)):
        try:
            importlib.import_module(module)
        except Exception as error:  # each worker that needs the module fails by itself, and says so
            print(f"{module} cannot be imported: {type(error).__name__}", file=sys.stderr)
    warm_up()
    if more := threads() - 1:
        sys.exit(f"not forked: {more} more threads run after the imports")
    gc.collect()
    gc.freeze()  # what all workers share is not touched by their garbage collections
    worker = serve(socket.socket(fileno=int(number)))
    if worker:
        sys.argv = [worker.script]
        sys.path.insert(0, str(Path(worker.script).parent))
        runpy.run_path(worker.script, run_name="__main__")


def warm_up() -> None:
    """Of the bundle; nothing for one that has no such module."""
    try:
        importlib.import_module(WARM_UP).warm_up()
    except Exception as error:  # then each worker does it by itself
        print(f"{WARM_UP} has not warmed up: {type(error).__name__}", file=sys.stderr)


def threads() -> int:
    """Also those that Python does not know, where the system tells."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


def imported_by_lambdas(folder: Path) -> Iterator[str]:
    """The modules that the Lambda files in `folder` name; not the Lambda files themselves."""
    for path in sorted(folder.glob(LAMBDA_FILES)):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):  # the function that has this file fails by itself
            continue
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


def serve(requests: socket.socket) -> WorkerRequest | None:
    """Fork workers until the engine closes the socket, then return None; in each forked process,
    return what it has to run.
    """
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        message, pipes, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, PIPES)
        if not message:
            return None
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            requests.close()
            return _as_worker(WorkerRequest(**json.loads(message)), pipes)
        for pipe in pipes:
            os.close(pipe)
        requests.send(str(pid).encode())


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _as_worker(request: WorkerRequest, pipes: list[int]) -> WorkerRequest:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard, pipe in enumerate(pipes):
        os.dup2(pipe, standard)
        os.close(pipe)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environment)
    return request


if __name__ == "__main__":
    main()
