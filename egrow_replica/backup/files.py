"""Files of a backup: private, on the disk before they count, and explained where the file system says no."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from egrow_replica.errors import BackupFailed

BLOCK = 1 << 20
PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700

NO_SPACE = "Free space there, or set another [backup] directory."
FILE_SIZE_LIMIT = "Raise the limit on the size of a file (ulimit -f) for the user who runs egrow-replica."
NOT_WRITABLE = "Set [backup] directory to one that the user who runs egrow-replica may write."

_REMEDIES = {
    errno.ENOSPC: NO_SPACE,
    errno.EDQUOT: NO_SPACE,
    errno.EFBIG: FILE_SIZE_LIMIT,
    errno.EACCES: NOT_WRITABLE,
    errno.EPERM: NOT_WRITABLE,
    errno.EROFS: NOT_WRITABLE,
    errno.EEXIST: "Something of that name is in the way: move it, or set another [backup] directory.",
    errno.ENOTDIR: "A file is in the way: move it, or set another [backup] directory.",
    errno.ENOENT: "The backup is not complete: use another one.",
    errno.ELOOP: "The backup holds a symbolic link, which egrow-replica never makes: use another one.",
}


@contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn what the file system says into a refusal with a remedy.

    :param action: what was tried, an infinitive: ``"write"``.
    :raises BackupFailed: in place of any :class:`OSError` of the block.
    """
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "See what the disk or the mount says.")
        raise BackupFailed(f"cannot {action} {path}: {error.strerror or error}", hint=remedy) from None


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that did not exist, mode 0600; on the disk (fsync) when the block ends well.

    :raises OSError: also where the name exists: nothing is ever overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    with open(descriptor, "wb", buffering=BLOCK) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def put_in_place(temporary: Path, path: Path, *, replace: bool) -> None:
    """Give a finished file its name, so that nobody ever sees half of it.

    :raises FileExistsError: there is one of that name, and ``replace`` is not given.
    """
    if not replace:
        # A rename goes over whatever appeared meanwhile, so the name is taken first.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    temporary.replace(path)


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading, never through a symbolic link, so that a name cannot lead out of the backup.

    A pipe in the place of a file reads as empty and does not wait for a writer.
    """
    return open(path, "rb", buffering=0, opener=_open_here)


def _open_here(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """The rest of a file, at most :data:`BLOCK` bytes at a time."""
    while block := file.read(BLOCK):
        yield block


def digest_of(file: BinaryIO) -> tuple[str, int]:
    """(sha256, bytes) of the rest of a file."""
    digest, size = hashlib.sha256(), 0
    for block in blocks(file):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def sync_directory(path: Path) -> None:
    """Make names in a directory survive a power cut: fsync of the file alone does not."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
