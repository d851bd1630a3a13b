"""How pg_dump learns the password: never by a file on a disk, an argument, or a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from egrow_replica.errors import BackupFailed

_DESCRIPTORS = "/proc/self/fd"


@dataclass(frozen=True)
class Handover:
    """What the program is started with beside its arguments.

    :ivar environment: variables to add; ``descriptors``: what it has to inherit.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


@contextmanager
def handed_over(password: str) -> Iterator[Handover]:
    """A password for one program and its workers; gone with the last of them and this block.

    On Linux it is a password file in memory that has no name anywhere: libpq opens it by its descriptor, and each
    opening reads from the start, so that workers can connect too. It cannot outlive the processes that hold it, and
    unlike a variable it is neither shown by ``ps e`` nor passed on to what they start. Elsewhere an opened descriptor
    shares its position with all others and a memory file does not exist: there it is a variable of this one program,
    which the same user and root can read while it runs. A file on a disk would be left for ever by a SIGKILL.

    :raises BackupFailed: the password holds a line break.
    """
    if not password:
        yield Handover()
        return
    if "\n" in password or "\r" in password:
        raise BackupFailed("the password holds a line break, which no password file can", hint="Change it.")
    descriptor = _in_memory(_line(password))
    if descriptor is None:
        yield Handover({"PGPASSWORD": password})
        return
    try:
        yield Handover({"PGPASSFILE": f"{_DESCRIPTORS}/{descriptor}"}, (descriptor,))
    finally:
        os.close(descriptor)


def _line(password: str) -> bytes:
    r"""``*:*:*:*:password``: every host of the connection string is given the same. ``:`` and ``\`` are escaped."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n".encode()


def _in_memory(content: bytes) -> int | None:
    """A file without a name that only we can read, or nothing where the system has no such thing."""
    if sys.platform != "linux" or not os.path.isdir(_DESCRIPTORS):
        return None
    try:
        descriptor = os.memfd_create("egrow-replica")
    except OSError:
        return None
    os.fchmod(descriptor, 0o600)  # libpq ignores one that others might read
    os.write(descriptor, content)
    return descriptor
