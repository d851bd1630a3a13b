"""One PostgreSQL server of the lab: made, started, stopped.

Only the standard library: the keeper, the only one who uses this, starts at once and is the parent of the servers.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from egrow_replica.errors import ServerUnavailable
from egrow_replica.lab.binaries import ServerUser
from egrow_replica.lab.processes import ProcessId, dying_with_parent, wait_until

_START_SECONDS: Final = 60.0
_FAST_SECONDS: Final = 8.0
_PORT_ATTEMPTS: Final = 8

#: Enough of everything for many windows in many databases of one server, small in memory, nothing flushed to disk.
#: Shared memory in files of the data directory, because what is in /dev/shm survives a kill.
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "wal_level": "logical",
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "48MB",
    "max_wal_size": "1GB",
    "max_replication_slots": "60",
    "max_wal_senders": "60",
    "max_worker_processes": "64",
    "max_logical_replication_workers": "48",
    "max_sync_workers_per_subscription": "2",
    "max_prepared_transactions": "20",
    "wal_retrieve_retry_interval": "500ms",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d %a ",
    "lc_messages": "C",
    "jit": "off",
}

_HBA: Final = """\
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody has at this moment; who takes one meanwhile is met by another attempt."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass
class LabServer:
    """A server from ``initdb`` to its end."""

    name: str
    bin_dir: Path
    data: Path
    log: Path
    version: int
    user: ServerUser | None
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def begin_initdb(self, password_file: Path) -> subprocess.Popen[bytes]:
        """Start ``initdb``; two of them run side by side."""
        return self._spawn(
            [
                self.bin_dir / "initdb",
                f"--pgdata={self.data}",
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ],
            signal.SIGKILL,
        )

    def end_initdb(self, running: subprocess.Popen[bytes]) -> None:
        """Wait for ``initdb`` and write the configuration.

        :raises ServerUnavailable: where it failed.
        """
        try:
            code = running.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            code = running.wait()
        if code != 0:
            raise self._failure("initdb failed")
        values = dict(SETTINGS)
        if self.name == "prod":
            values["track_commit_timestamp"] = "on"
            values["max_slot_wal_keep_size"] = "1GB"
        if self.version >= 18:
            values["max_active_replication_origins"] = "60"
        values.update(self.settings)
        lines = [f"{name} = {_quoted(value)}\n" for name, value in values.items()]
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(["\n# the lab\n", *lines])
        (self.data / "pg_hba.conf").write_text(_HBA, encoding="utf-8")

    def begin_start(self, port: int) -> None:
        """Start the postmaster, which dies with us: SIGQUIT is its immediate shutdown, backends included."""
        self.port = port
        self.process = self._spawn([self.bin_dir / "postgres", "-D", self.data, "-p", str(port)], signal.SIGQUIT)

    def end_start(self, *, may_move: bool = True) -> None:
        """Wait until the server takes connections; on another port where somebody took this one and it may move.

        :raises ServerUnavailable: with the last lines of its log.
        """
        for _ in range(_PORT_ATTEMPTS):
            wait_until(lambda: self.is_ready() or not self.is_running(), _START_SECONDS)
            if self.is_ready():
                return
            if self.is_running():
                self.stop("immediate")
                raise self._failure(f"did not start within {_START_SECONDS:g} s")
            if not may_move or not re.search("could not bind|Address already in use", self._log_since_start()):
                break
            self.begin_start(free_ports(1)[0])
        raise self._failure("did not start")

    def is_running(self) -> bool:
        """Whether the postmaster lives."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether the postmaster says of itself that it takes connections."""
        if not self.is_running() or self.process is None:
            return False
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def ask_to_stop(self, mode: str) -> None:
        """Send the signal of a shutdown mode: ``smart``, ``fast``, ``immediate`` or ``kill``."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(
                {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}.get(mode, signal.SIGKILL)
            )

    def stop(self, mode: str = "fast") -> None:
        """Shut down, more and more firmly if it takes too long; come back when the postmaster has ended."""
        modes = ("fast", "immediate", "kill")
        for each in modes[modes.index(mode) :]:
            self.ask_to_stop(each)
            if wait_until(lambda: not self.is_running(), _FAST_SECONDS):
                break

    def describe(self) -> dict[str, Any]:
        """What the starter, and whoever cleans up, has to know."""
        identity = self.identity
        return {
            "port": self.port,
            "data": str(self.data),
            "log": str(self.log),
            "running": self.is_running(),
            "process": list(identity) if identity else None,
        }

    @property
    def identity(self) -> ProcessId | None:
        """The postmaster, if it lives."""
        if self.process is None or self.process.poll() is not None:
            return None
        try:
            return ProcessId.of(self.process.pid)
        except ProcessLookupError:
            return None

    def _spawn(self, command: list[str | Path], at_parents_death: signal.Signals) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(  # noqa: S603 - the server's programs, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data.parent,
                env=server_environment(),
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
                umask=0o077,
                start_new_session=True,
                preexec_fn=dying_with_parent(at_parents_death),  # noqa: PLW1509 - the keeper has one thread
            )

    def _log_since_start(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _failure(self, what: str) -> ServerUnavailable:
        lines = self._log_since_start().splitlines()[-8:]
        return ServerUnavailable(
            f"the lab's {self.name} server: {what}" + "".join(f"\n    {line}" for line in lines),
            hint=f"Look at {self.log}",
        )


def server_environment() -> dict[str, str]:
    """An environment without the caller's PG variables and secrets."""
    kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
    return {"LC_ALL": "C", "TZ": "UTC", **{name: os.environ[name] for name in kept if name in os.environ}}


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
