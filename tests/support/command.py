"""The installed command line, run as a person or a script runs it."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from support.forkserver import ForkServer

COMMAND = Path(sys.executable).parent / "egrow-replica"


@dataclass(frozen=True)
class Result:
    """How a command ended.

    :ivar json: the one object on standard output, ``{}`` where the command was not asked for JSON.
    """

    arguments: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    json: dict[str, Any]

    @property
    def error(self) -> dict[str, str]:
        found: dict[str, str] = self.json["error"]
        return found

    @property
    def message(self) -> str:
        """Reason and remedy, as JSON has them."""
        return f"{self.error['message']}\n{self.error['hint']}"

    def __str__(self) -> str:
        return f"egrow-replica {' '.join(self.arguments)} → {self.exit_code}\n{self.stdout}\n{self.stderr}"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, without anything that the program or libpq would read from it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EGROW_", "PG"))}
    return {**kept, "PYTHONFAULTHANDLER": "1", "COLUMNS": "200", **(extra or {})}


class Running:
    """A command that is at work; ended with the block in which it was started."""

    def __init__(self, arguments: Sequence[str], *, directory: Path, env: Mapping[str, str] | None = None) -> None:
        self.arguments = tuple(arguments)
        self._result: Result | None = None
        self._process = subprocess.Popen(
            [str(COMMAND), *arguments],
            cwd=directory,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone."""
        self._process.kill()
        self._keep(*self._process.communicate())

    def _keep(self, stdout: str, stderr: str) -> Result:
        self._result = as_result(self.arguments, self._process.returncode, stdout, stderr)
        return self._result

    def result(self, seconds: float = 90.0) -> Result:
        """Wait for its end; asked again, the same answer."""
        if self._result is not None:
            return self._result
        try:
            stdout, stderr = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)  # faulthandler says where it hangs
            stdout, stderr = self._process.communicate()
            raise AssertionError(f"{' '.join(self.arguments)} did not end within {seconds:g} s\n{stderr}") from None
        return self._keep(stdout, stderr)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended:
            self.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


@cache
def fork_server() -> ForkServer:
    """One for the whole run; it ends with us."""
    server = ForkServer()
    atexit.register(server.close)
    return server


def run(
    arguments: Sequence[str],
    *,
    directory: Path,
    env: Mapping[str, str] | None = None,
    seconds: float = 90.0,
) -> Result:
    """Run a command line to its end, without the second that a start costs."""
    started = fork_server().start(arguments, directory, environment(env))
    seen = {started.out: b"", started.err: b"", started.status: b""}
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for descriptor in seen:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                os.kill(started.pid, signal.SIGABRT)  # faulthandler says where it hangs
                deadline += 10
                seconds = -1
            for key, _ in selector.select(1.0):
                if block := os.read(key.fd, 1 << 16):
                    seen[key.fd] += block
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    stdout, stderr = seen[started.out].decode(), seen[started.err].decode()
    assert seconds > 0, f"{' '.join(arguments)} did not end in time\n{stderr}"
    return as_result(arguments, int(seen[started.status]), stdout, stderr)


def as_result(arguments: Sequence[str], exit_code: int, stdout: str, stderr: str) -> Result:
    """Check what holds for every command, whatever it did."""
    shown = f"egrow-replica {' '.join(arguments)} → {exit_code}\n{stdout}\n{stderr}"
    assert "Traceback" not in stdout + stderr, shown
    answer: dict[str, Any] = {}
    if "--json" in arguments and exit_code >= 0:
        assert stdout.count("\n") == 1, f"not exactly one line\n{shown}"
        answer = json.loads(stdout)
        assert answer["exit_code"] == exit_code, shown
        assert answer["ok"] is (exit_code == 0), shown
        assert isinstance(answer["command"], str), shown
        if exit_code:
            assert set(answer["error"]) == {"code", "message", "hint"}, shown
            assert answer["error"]["message"], shown
    return Result(tuple(arguments), exit_code, stdout, stderr, answer)


class Spy(threading.Thread):
    """Reads the command lines of all processes while a block runs; what one of them shows cannot be a secret."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.01):
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:  # it ended meanwhile
                    continue
                self.seen.add(line)

    def __enter__(self) -> Spy:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
