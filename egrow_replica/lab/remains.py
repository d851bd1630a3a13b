"""What a lab leaves on disk, and how it is removed: by the keeper, by its janitor, or by who finds a dead lab.

Only the standard library: the keeper imports this.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from egrow_replica.errors import UsageError
from egrow_replica.lab.processes import ProcessId, has_members, wait_until

RECORD: Final = "keeper.json"

_SESSION_SECONDS: Final = 8.0

#: First line of every configuration that the lab writes; only a file that begins so is ever replaced or removed.
CONFIGURATION_MARKER: Final = "# Written by egrow-replica lab: throw-away servers, replaced and removed by the lab."

_OWN_FILES: Final = ("keeper.log", "dev.log", "prod.log", "lab.json", "lab.env", "egrow-replica.toml", RECORD)


@dataclass
class Record:
    """What the keeper writes down before it makes anything, so that whoever comes later can clean up.

    :ivar base: where the data directories are, ours as a whole.
    :ivar sessions: those of the ``initdb`` that run, if any.
    :ivar created: whether the lab's directory was made for it, so that everything in it goes with it.
    """

    directory: str
    keeper: list[int]
    created: bool
    base: str = ""
    servers: dict[str, list[int]] = field(default_factory=dict)
    sessions: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, directory: Path) -> Record | None:
        """The record in a lab's directory, if there is one that makes sense."""
        try:
            return cls.from_line((directory / RECORD).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None

    @classmethod
    def from_line(cls, line: bytes) -> Record:
        """What :meth:`to_line` wrote."""
        return cls(**json.loads(line))

    def to_line(self) -> bytes:
        """The record as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    def write(self) -> None:
        """Write the record, readable by its owner alone."""
        write_private(Path(self.directory) / RECORD, self.to_line().decode())

    @property
    def keeper_process(self) -> ProcessId:
        """The keeper."""
        return ProcessId(*self.keeper)

    def server_processes(self) -> list[ProcessId]:
        """The postmasters."""
        return [ProcessId(*each) for each in self.servers.values()]

    def remove(self) -> None:
        """End what still runs and remove everything."""
        end_all(self.server_processes())
        # A server of initdb ends by itself when its parent is gone. Whose files vanish meanwhile, however, dies without
        # giving its shared memory back.
        wait_until(lambda: not any(has_members(session) for session in self.sessions), _SESSION_SECONDS)
        if self.base:
            remove_tree(Path(self.base))
        directory = Path(self.directory)
        if self.created:
            remove_tree(directory)
            return
        for name in _OWN_FILES:
            if name != "egrow-replica.toml" or is_our_configuration(directory / name):
                (directory / name).unlink(missing_ok=True)


def claim(directory: Path) -> bool:
    """Take a directory for a lab; answer whether it was made for that.

    :raises UsageError: where a lab lives in it, or something else is there.
    """
    record = Record.read(directory)
    if record is not None:
        if record.keeper_process.is_alive():
            raise UsageError(f"a lab is running in {directory}", hint="End it first: egrow-replica lab down")
        record.remove()
    if directory.exists():
        if not directory.is_dir() or any(directory.iterdir()):
            raise UsageError(f"{directory} is in use", hint="Name a directory for the lab that is new or empty")
        return False
    # The server's user has to pass through; the files in it are private one by one.
    directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True)
    return True


def remove_tree(path: Path) -> None:
    """Remove a directory, patiently: the last backends of a dying server may still write into it."""

    def is_gone() -> bool:
        shutil.rmtree(path, ignore_errors=True)
        return not path.exists()

    wait_until(is_gone, 5.0, interval=0.1)


def end_all(processes: Iterable[ProcessId], seconds: float = 8.0) -> None:
    """See that processes end: by themselves, because their parent is gone, or by force."""
    remaining = list(processes)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for each in remaining:
            each.send(number)
        if wait_until(lambda: not any(each.is_alive() for each in remaining), seconds):
            return


def is_our_configuration(path: Path) -> bool:
    """Whether a file begins with the lab's marker."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\n") == CONFIGURATION_MARKER
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at no moment otherwise, and never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
