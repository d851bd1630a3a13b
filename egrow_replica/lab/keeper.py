"""The process that owns the lab's two servers: ``python -m egrow_replica.lab.keeper``.

Nothing of a lab may outlive its starter, however that ends. So the servers are children of this process, not of the
starter, and three things hold each other:

- it reads its standard input, a pipe from the starter: at the end of that pipe it stops the servers and removes them
  (``detach`` on the pipe ends this bond; then SIGTERM does the same);
- the kernel signals the servers when this process ends, even by SIGKILL;
- a janitor, forked before anything exists, waits for this process to end and removes what it did not.

Standard input carries one JSON object a line, standard output answers each with one. No secret stands in an argument.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Final, NoReturn

from egrow_replica.errors import EgrowError, UsageError
from egrow_replica.lab.binaries import copy_installation, runs_as, server_user, server_version
from egrow_replica.lab.processes import ProcessId
from egrow_replica.lab.remains import Record, write_private
from egrow_replica.lab.servers import LabServer, free_ports

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _StopAsked(BaseException):
    """A signal asked the keeper to end."""


class Keeper:
    """The servers of one lab and what may be asked about them."""

    def __init__(self, request: dict[str, Any], announce: BinaryIO) -> None:
        self.directory = Path(request["directory"])
        self.bin_dir = Path(request["bin_dir"])
        self.password: str = request["password"]
        self.settings: dict[str, dict[str, str]] = request["settings"]
        self.servers: dict[str, LabServer] = {}
        self._announce = announce
        self.record = Record(str(self.directory), list(ProcessId.of(os.getpid())), created=request["created"])
        self._note()

    def open(self) -> None:
        """Make and start both servers."""
        user = server_user()
        base = self._make_base()
        bin_dir = self.bin_dir
        if not runs_as(user, [bin_dir / "postgres", "--version"]):
            bin_dir = copy_installation(bin_dir, base / "programs")
        version = server_version(self.bin_dir)
        password_file = base / "password"
        write_private(password_file, self.password + "\n")
        if user is not None:
            os.chown(password_file, *user)
        for name in ("dev", "prod"):
            self.servers[name] = LabServer(
                name, bin_dir, base / name, self.directory / f"{name}.log", version, user, self.settings.get(name, {})
            )
        runs = [(server, server.begin_initdb(password_file)) for server in self.servers.values()]
        self.record.sessions = [run.pid for _, run in runs]
        self._note()
        for server, run in runs:
            server.end_initdb(run)
        self.record.sessions = []
        password_file.unlink()
        for server, port in zip(self.servers.values(), free_ports(2), strict=True):
            server.begin_start(port)
        self._note()
        for server in self.servers.values():
            server.end_start()
        self._note()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop or start one server, or say how both are."""
        if request["do"] != "describe":
            server = self.servers[request["server"]]
            if request["do"] == "stop":
                server.stop(request.get("mode", "fast"))
            elif not server.is_running():
                server.begin_start(server.port)
                server.end_start(may_move=False)
            self._note()
        return self.describe()

    def describe(self) -> dict[str, Any]:
        """Where the servers are and whether they run."""
        return {"servers": {name: server.describe() for name, server in self.servers.items()}}

    def close(self) -> None:
        """Stop both servers at the same time and remove everything."""
        for server in self.servers.values():
            server.ask_to_stop("fast")
        for server in self.servers.values():
            server.stop("fast")
        self.record.remove()

    def _make_base(self) -> Path:
        """A directory for the data that the server's user can reach: in the lab's directory if possible."""
        user = server_user()
        inside = self.directory / "data"
        inside.mkdir(mode=0o700)
        elsewhere = (Path(tempfile.mkdtemp(prefix="egrow-lab-", dir=place)) for place in _temporary_directories())
        for base in itertools.chain([inside], elsewhere):
            self.record.base = str(base)
            self._note()
            if user is None:
                return base
            os.chown(base, *user)
            if runs_as(user, ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", base]):
                return base
            base.rmdir()
        raise UsageError(
            f"the servers' user (uid {user.uid if user else os.geteuid()}) can reach no directory for their data",
            hint="Put the lab into a directory that everybody may pass through",
        )

    def _note(self) -> None:
        """Write down what is there now, for the janitor too."""
        identities = {name: server.identity for name, server in self.servers.items()}
        self.record.servers = {name: list(each) for name, each in identities.items() if each is not None}
        self.record.write()
        self._announce.write(self.record.to_line())
        self._announce.flush()


def _temporary_directories() -> list[str]:
    """Where data may go that does not fit under the lab's directory."""
    return [place for place in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")) if Path(place).is_dir()]  # noqa: S108


def _fork_janitor() -> BinaryIO:
    """Leave a child behind that cleans up after our death; answer the pipe on which it learns what there is."""
    reading, writing = os.pipe()
    if os.fork() != 0:
        os.close(reading)
        return os.fdopen(writing, "wb")
    os.close(writing)
    os.setsid()
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    _forget_standard_streams()
    record: Record | None = None
    with os.fdopen(reading, "rb") as pipe:
        for line in pipe:
            record = Record.from_line(line)
    if record is not None:
        record.remove()
    os._exit(0)


def _forget_standard_streams() -> None:
    """Let go of the starter's pipes."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(null, descriptor)
    os.close(null)


def _on_signal(number: int, frame: FrameType | None) -> NoReturn:
    # Only once: the work that follows must not be broken off by a second signal.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise _StopAsked


def _reply(answer: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise _StopAsked from None


def _serve(keeper: Keeper) -> None:
    """Answer requests until the starter is gone, then return; or wait for a signal once detached."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "detach":
            _reply({})
            _forget_standard_streams()
            while True:
                signal.pause()
        try:
            _reply(keeper.answer(request))
        except EgrowError as error:
            _reply({"error": error.message, "hint": error.hint})


def main() -> int:
    """Keep a lab until it is not wanted any more."""
    os.umask(0o077)
    announce = _fork_janitor()
    line = sys.stdin.readline()
    if not line:
        return 0
    keeper: Keeper | None = None
    try:
        for number in _SIGNALS:
            signal.signal(number, _on_signal)
        keeper = Keeper(json.loads(line), announce)
        try:
            keeper.open()
            _reply(keeper.describe())
        except EgrowError as error:
            _reply({"error": error.message, "hint": error.hint})
            return 1
        _serve(keeper)
    except _StopAsked:
        pass
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if keeper is not None:
            keeper.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
