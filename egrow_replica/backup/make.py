"""Making a backup: content files and whole database from one snapshot, manifest last, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from egrow_replica import __version__
from egrow_replica.backup.content_files import CONTENT, ContentTable, Values, write_content, write_values
from egrow_replica.backup.dump import running_dump
from egrow_replica.backup.files import explained, sync_directory
from egrow_replica.backup.manifest import (
    BackupFacts,
    ContentFile,
    Dump,
    Manifest,
    TableFingerprint,
    ValuesFile,
    overall_sha256,
    total_bytes,
    write_manifest,
)
from egrow_replica.backup.remains import remove_passfiles
from egrow_replica.backup.store import create_directory, half_made
from egrow_replica.backup.tools import find_tools
from egrow_replica.db import Door, Dsn, Waits
from egrow_replica.errors import BackupFailed
from egrow_replica.settings.model import BackupSettings

_ONE_SNAPSHOT = ("repeatable read", "serializable")


def make_backup(
    door: Door,
    dsn: Dsn,
    *,
    tables: Sequence[ContentTable],
    snapshot: str,
    base: Path,
    window: str,
    settings: BackupSettings,
    whole_database: bool,
    facts: BackupFacts,
    fingerprints: Sequence[TableFingerprint] = (),
    values: Sequence[Values] = (),
    now: datetime | None = None,
    waits: Waits | None = None,
) -> Manifest:
    """Write a backup into a new directory of ``base``; :attr:`Manifest.directory` is its name.

    pg_dump works while the door reads the content tables, both in the same snapshot. Whatever goes wrong, interrupts
    included, pg_dump is ended and the half-made directory removed. What an earlier version left of a password goes
    first.

    :param door: inside the repeatable-read transaction that exported ``snapshot``, which must stay open.
    :param dsn: how pg_dump reaches the same server.
    :param base: the directory of all backups; ``settings`` say how a backup is made, not where.
    :param whole_database: also pg_dump.
    :param values: hashes to keep beside the content.
    :param now: the backup's time, for its name; by default the clock's.
    :param waits: looks for whom pg_dump waits.
    :raises BackupFailed: it could not be written; nothing is left of it.
    :raises ServerUnavailable: the server went away; nothing is left of it either.
    """
    if door.value("SELECT pg_catalog.current_setting('transaction_isolation')") not in _ONE_SNAPSHOT:
        raise BackupFailed(
            "a backup is read in one snapshot, and this transaction has several", hint="Report this bug."
        )
    remove_passfiles()
    created_at = now or datetime.now(UTC)
    tools = find_tools(door.version, settings.bin_dir) if whole_database else None
    directory = create_directory(base, window, created_at)
    with half_made(directory):
        dump: Dump | None = None
        if tools is None:
            content, kept = _write_all(door, tables, values, directory)
        else:
            with running_dump(
                dsn, tools, snapshot, directory, jobs=settings.jobs, compression=settings.compression, waits=waits
            ) as running:
                content, kept = _write_all(door, tables, values, directory)
                dump = running.finish()
        files = (*content, *kept, *(dump.files if dump is not None else ()))
        manifest = Manifest(
            program_version=__version__,
            window=window,
            created_at=created_at,
            server_version=f"{door.version // 10000}.{door.version % 10000}",
            facts=facts,
            content=content,
            dump=dump,
            fingerprints=tuple(fingerprints),
            values=kept,
            bytes=total_bytes(files),
            sha256=overall_sha256(files),
        )
        write_manifest(directory, manifest)
    return manifest


def _write_all(
    door: Door, tables: Sequence[ContentTable], values: Sequence[Values], directory: Path
) -> tuple[tuple[ContentFile, ...], tuple[ValuesFile, ...]]:
    content = tuple(write_content(door, table, directory, index=index) for index, table in enumerate(tables, start=1))
    kept = tuple(write_values(door, one, directory, index=index) for index, one in enumerate(values, start=1))
    with explained("write", directory / CONTENT):
        sync_directory(directory / CONTENT)
    return content, kept
