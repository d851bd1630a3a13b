"""The directory of all backups: making room, finding, listing, verifying, removing what was never finished."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Literal

from egrow_replica.backup.content_files import CONTENT, check_file, check_size
from egrow_replica.backup.dump import table_entries
from egrow_replica.backup.files import NO_SPACE, PRIVATE_DIRECTORY, explained
from egrow_replica.backup.manifest import Dump, directory_name, is_finished, load
from egrow_replica.backup.tools import find_tools
from egrow_replica.errors import BackupFailed
from egrow_replica.model import Model

#: What of a backup's files was looked at.
LookedAt = Literal["sizes", "checksums"]

_NAME = re.compile(r"safe-sync-backup-(\d{8}T\d{6}Z)-([a-z0-9][a-z0-9-]{0,39})\Z")


class BackupState(StrEnum):
    """How far a directory of backups came."""

    FINISHED = "finished"
    #: A backup that is being made at this moment, or whose controller was killed: its manifest is missing.
    INCOMPLETE = "incomplete"
    #: Not named as a backup is, and without a manifest.
    FOREIGN = "foreign"


class BackupSummary(Model):
    """One line of ``backups list``.

    :ivar directory: absolute.
    :ivar window: ``""`` where neither manifest nor name tells.
    :ivar created_at: for a directory that is no backup, when it was last changed.
    :ivar tables: content tables.
    :ivar verified: the manifest reads, and every file is as it says, as far as ``looked_at`` goes.
    :ivar state: whether it was ever finished.
    :ivar looked_at: at what of the files; ``problems``: what is not as the manifest says, a sentence each.
    """

    directory: Path
    window: str
    created_at: datetime
    bytes: int
    server_version: str
    tables: int
    verified: bool
    state: BackupState
    looked_at: LookedAt = "sizes"
    problems: tuple[str, ...] = ()


class VerifyReport(Model):
    """What a full look at a backup found.

    :ivar problems: one sentence each; none means complete and readable.
    """

    directory: Path
    files: int
    bytes: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def preflight(base: Path, needed_bytes: int) -> None:
    """Find out whether a backup can be written, by writing; leaves nothing behind.

    A real write, because root may write where a mode says no and nobody may write to a read-only mount.

    :param needed_bytes: an estimate of the backup's size.
    :raises BackupFailed: a file is in the way, nothing can be written, or the space is too small.
    """
    place = next(path for path in (base, *base.absolute().parents) if os.path.lexists(path))
    if not place.is_dir():
        raise BackupFailed(
            f"{base} cannot hold backups: {place} is not a directory", hint="Move it, or set [backup] directory."
        )
    with explained("write in", place), tempfile.NamedTemporaryFile(dir=place, prefix=".egrow-replica-") as probe:
        probe.write(b"\0" * 4096)
        probe.flush()
        os.fsync(probe.fileno())
    with explained("read", place):
        free = shutil.disk_usage(place).free
    if free < needed_bytes:
        raise BackupFailed(f"{base} has {free} bytes free, the backup needs about {needed_bytes}", hint=NO_SPACE)


def create_directory(base: Path, window: str, now: datetime) -> Path:
    """Make a new backup's directory, mode 0700, in ``base``, which is made where it does not exist.

    :raises BackupFailed: a file is in the way, nothing can be written there, or the name is taken.
    """
    preflight(base, 0)
    path = base / directory_name(window, now)
    with explained("make", base):
        base.parent.mkdir(parents=True, exist_ok=True)
        base.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    with explained("make", path):
        path.mkdir(mode=PRIVATE_DIRECTORY)
    with half_made(path), explained("make", path / CONTENT):
        (path / CONTENT).mkdir(mode=PRIVATE_DIRECTORY)
    return path


@contextmanager
def half_made(path: Path) -> Iterator[None]:
    """Remove the directory if the block raises, interrupts included; what cannot be removed is noted on the error."""
    try:
        yield
    except BaseException as error:
        try:
            shutil.rmtree(path)
        except OSError as left:
            error.add_note(f"{path} could not be removed: {left.strerror}")
        raise


def list_backups(base: Path, *, check: bool = False) -> list[BackupSummary]:
    """Every directory in ``base``, oldest first; a broken or foreign one is listed as not verified.

    :param check: read every file to its end, and compare its checksum; else only sizes are looked at.
    :raises BackupFailed: ``base`` itself cannot be read. Where it does not exist there are none.
    """
    if not os.path.lexists(base):
        return []
    with explained("read", base):
        directories = [path for path in base.iterdir() if path.is_dir() and not path.name.startswith(".")]
    summaries = [_summary(path, "checksums" if check else "sizes") for path in directories]
    return sorted(summaries, key=lambda summary: (summary.created_at, str(summary.directory)))


def _summary(path: Path, looked_at: LookedAt) -> BackupSummary:
    try:
        manifest = load(path)
    except BackupFailed as error:
        return _unknown(path, looked_at, error.message)
    look = check_file if looked_at == "checksums" else check_size
    problems = tuple(filter(None, (_problem(partial(look, path, stored)) for stored in manifest.files)))
    return BackupSummary(
        directory=path.absolute(),
        window=manifest.window,
        created_at=manifest.created_at,
        bytes=manifest.bytes,
        server_version=manifest.server_version,
        tables=len(manifest.content),
        verified=not problems,
        state=BackupState.FINISHED,
        looked_at=looked_at,
        problems=problems,
    )


def _unknown(path: Path, looked_at: LookedAt, problem: str) -> BackupSummary:
    created, window = _from_name(path)
    state = _state(path)
    return BackupSummary(
        directory=path.absolute(),
        window=window,
        created_at=created,
        bytes=sum(_sizes(path)),
        server_version="",
        tables=0,
        verified=False,
        state=state,
        looked_at=looked_at,
        problems=(problem,) if state is BackupState.FINISHED else (),
    )


def _state(path: Path) -> BackupState:
    with suppress(BackupFailed):
        if is_finished(path):  # with a manifest that does not read
            return BackupState.FINISHED
    return BackupState.INCOMPLETE if _NAME.match(path.name) else BackupState.FOREIGN


def _from_name(path: Path) -> tuple[datetime, str]:
    match = _NAME.match(path.name)
    try:
        if match is not None:
            return datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), match[2]
        return datetime.fromtimestamp(path.stat().st_mtime, UTC), ""
    except (OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC), ""


def _sizes(path: Path) -> Iterator[int]:
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                yield os.lstat(os.path.join(directory, name)).st_size
            except OSError:
                continue


def find_backup(base: Path, window: str) -> Path:
    """The newest finished backup of a window.

    :raises BackupFailed: there is none.
    """
    found = [backup for backup in list_backups(base) if backup.window == window]
    finished = [backup for backup in found if is_finished(backup.directory)]
    if finished:
        return finished[-1].directory
    unfinished = f"; {found[-1].directory} was never finished" if found else ""
    raise BackupFailed(
        f"there is no backup of window {window} in {base}{unfinished}",
        hint="See `egrow-replica backups list`; name another place with --backup.",
    )


def verify(path: Path, bin_dir: Path | None = None) -> VerifyReport:
    """Read every file of a backup to its end, and let pg_restore read the dump's table of contents.

    :param bin_dir: where pg_restore is; by default it is looked for.
    :raises BackupFailed: the manifest is missing, garbled, or of a newer program.
    """
    manifest = load(path)
    checks = [partial(check_file, path, stored) for stored in manifest.files]
    if manifest.dump is not None:
        checks.append(partial(_check_dump, path, manifest.dump, bin_dir))
    problems = tuple(problem for check in checks if (problem := _problem(check)) is not None)
    return VerifyReport(directory=path, files=len(manifest.files), bytes=manifest.bytes, problems=problems)


def _problem(check: Callable[[], None]) -> str | None:
    try:
        check()
    except BackupFailed as error:
        return error.message
    return None


def _check_dump(path: Path, dump: Dump, bin_dir: Path | None) -> None:
    table_entries(path / dump.directory, find_tools(int(dump.tool_version.split(".")[0]) * 10000, bin_dir))


def remove_incomplete(path: Path) -> None:
    """Remove a backup that was never finished.

    :raises BackupFailed: it is finished, not one of ours, or the file system says no.
    """
    if _NAME.match(path.name) is None or path.is_symlink() or is_finished(path):
        raise BackupFailed(f"{path} is not an unfinished backup", hint="Look at it, and remove it yourself.")
    with explained("remove", path):
        shutil.rmtree(path)
