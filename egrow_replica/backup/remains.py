"""Password files that an earlier version left in the temporary directory when it was killed."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DIRECTORY = re.compile(r"egrow-replica-[a-z0-9_]{8}")
_PASSFILE = "pgpass"
#: What such a directory held: the password file, and what pg_dump said.
_FILES = frozenset({_PASSFILE, "stderr"})
_CONTENT = re.compile(rb"\*:\*:\*:\*:(?:[^\\:\r\n]|\\[\\:])+\n")
_LARGEST = 1 << 16
#: Without /proc nobody can tell whether a program still reads one.
_OLD_SECONDS = 86400.0
_PROCESSES = Path("/proc")
_HERE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_passfiles() -> list[Path]:
    """Remove those that are provably ours and that no program uses, and say which; never through a symbolic link.

    Ours is a directory of that name, mode 0700, that holds nothing else, and in it one line of the very form that an
    earlier version wrote, mode 0600; both belong to our user. What cannot be read or removed stays.
    """
    place = Path(tempfile.gettempdir())
    return [path for path in _candidates(place) if _remove(path)]


def _candidates(place: Path) -> list[Path]:
    try:
        return sorted(path for path in place.iterdir() if _DIRECTORY.fullmatch(path.name))
    except OSError:
        return []


def _remove(path: Path) -> bool:
    try:
        with _opened(path, os.O_DIRECTORY) as directory:
            names = set(os.listdir(directory))
            if not _is_ours(os.fstat(directory), stat.S_IFDIR | 0o700) or not {_PASSFILE} <= names <= _FILES:
                return False
            if not _is_passfile(directory) or _in_use(path, directory):
                return False
            for name in names:
                os.unlink(name, dir_fd=directory)
        path.rmdir()
    except OSError:
        return False
    return True


def _is_passfile(directory: int) -> bool:
    with _opened(_PASSFILE, os.O_NONBLOCK, directory) as file:
        if not _is_ours(os.fstat(file), stat.S_IFREG | 0o600):
            return False
        return _CONTENT.fullmatch(os.read(file, _LARGEST)) is not None


def _is_ours(found: os.stat_result, mode: int) -> bool:
    return found.st_uid == os.geteuid() and found.st_mode == mode


def _in_use(path: Path, directory: int) -> bool:
    """Whether a program of ours was started with that file and still runs."""
    if not (_PROCESSES / "self" / "environ").exists():
        return time.time() - os.fstat(directory).st_mtime < _OLD_SECONDS
    variable = b"\0PGPASSFILE=" + os.fsencode(path / _PASSFILE) + b"\0"
    return any(variable in b"\0" + environment for environment in _environments())


def _environments() -> Iterator[bytes]:
    for process in _PROCESSES.glob("[0-9]*/environ"):
        try:
            yield process.read_bytes()
        except OSError:  # another user's, or gone
            continue


@contextmanager
def _opened(path: Path | str, flags: int, directory: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, _HERE | flags, dir_fd=directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
