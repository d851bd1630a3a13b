"""The starter's end of the pipe to the keeper."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import egrow_replica
from egrow_replica.errors import ServerUnavailable

_ANSWER_SECONDS: Final = 150.0
_END_SECONDS: Final = 40.0


class KeeperLink:
    """A keeper that was started here: ask it, let it go, or let it end."""

    def __init__(self, directory: Path) -> None:
        with (directory / "keeper.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "egrow_replica.lab.keeper"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env={**os.environ, "PYTHONPATH": _python_path()},
                start_new_session=True,  # Ctrl-C in the terminal is for the starter, whose end is what counts
            )
        self._log = directory / "keeper.log"
        self._turn = threading.Lock()

    @property
    def pid(self) -> int:
        """The keeper's process number."""
        return self._process.pid

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer.

        :raises ServerUnavailable: where the keeper reports a failure, is gone, or is silent for too long.
        """
        with self._turn:
            line = self._exchange(json.dumps(request).encode() + b"\n")
        if not line:
            raise self._gone()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ServerUnavailable(answer["error"], hint=answer["hint"])
        return answer

    def detach(self) -> None:
        """Let the keeper live on without us."""
        self.ask({"do": "detach"})
        self._close_pipes()
        # The keeper ends one day as the child of init; a Popen that goes away before its process would complain.
        self._process.returncode = 0

    def end(self) -> None:
        """Close the pipe, which tells the keeper to stop the servers and remove them, and wait for that."""
        self._close_pipes()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the servers and the directory follow: see the keeper
            self._process.wait()

    def _exchange(self, request: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except BrokenPipeError:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(_ANSWER_SECONDS):
                raise ServerUnavailable(f"the lab's keeper did not answer within {_ANSWER_SECONDS:g} s")
        return self._process.stdout.readline()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _gone(self) -> ServerUnavailable:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        except FileNotFoundError:
            lines = []
        return ServerUnavailable("the lab's keeper is gone" + "".join(f"\n    {line}" for line in lines))


def _python_path() -> str:
    """Where the keeper finds this very code, and whatever we found by a path relative to our own directory."""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = [Path(egrow_replica.__file__).parents[1], *(Path(place).absolute() for place in inherited if place)]
    return os.pathsep.join(str(place) for place in places)
