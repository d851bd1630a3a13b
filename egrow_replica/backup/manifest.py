"""The manifest: what a backup holds. Written last, so that a directory without one is visibly incomplete."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError, model_validator

from egrow_replica.backup.files import blocks, explained, new_file, open_plain, sync_directory
from egrow_replica.errors import BackupFailed
from egrow_replica.model import Model, TableName

MANIFEST = "manifest.json"
FORMAT = 1
_WINDOW = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


def _inside(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in value or str(path) != value:
        raise ValueError("must be a path inside the backup")
    return value


#: A file of the backup, relative to its directory; never leads out of it.
InsidePath = Annotated[str, AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class StoredFile(Model):
    """A file and what it must read as."""

    file: InsidePath
    bytes: Count
    sha256: Sha256


class ContentFile(StoredFile):
    """One content table's rows, as COPY in text format writes them, UTF-8.

    :ivar columns: of the file, in its order; what COPY … FROM needs.
    :ivar key: the columns that the rows are ordered by, may be empty.
    :ivar production_columns: of those, the ones that belong to production: no restore puts them back.
    """

    table: TableName
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: Count
    production_columns: tuple[str, ...] = ()


class ValuesFile(StoredFile):
    """Hashes of a content table's columns that do not travel, by row: packed, as a binary COPY writes them."""

    table: TableName


class Dump(Model):
    """The whole database, as pg_dump's directory format.

    :ivar tool_version: pg_dump's; pg_restore must be as new or newer.
    :ivar compression: what ``-Z`` was given.
    :ivar warnings: what pg_dump said although it succeeded.
    """

    directory: InsidePath
    tool_version: str
    compression: str
    jobs: int
    files: tuple[StoredFile, ...]
    warnings: tuple[str, ...] = ()


class TableFingerprint(Model):
    """A table's fingerprint in the backup's snapshot: what a restored backup is checked against.

    :ivar hash: the sum of the row hashes, decimal.
    :ivar columns: what was hashed, empty for all.
    """

    table: TableName
    rows: Count
    hash: str
    columns: tuple[str, ...] = ()


class BackupFacts(Model):
    """What the caller knows about the server and the snapshot.

    :ivar system_identifier: of the cluster, decimal.
    :ivar lsn: the position that the snapshot belongs to.
    :ivar position: the oldest transaction id (xid8) that the snapshot did not see finished; unknown in older backups.
    """

    database: str
    system_identifier: str
    lsn: str
    position: Count | None = None


class Manifest(Model):
    """Everything about one backup; no secret, no connection string.

    :ivar server_version: as ``SHOW server_version`` begins, ``18.6``.
    :ivar bytes: the sum of the files, without the manifest.
    :ivar sha256: over the lines that ``sha256sum`` prints for the files, in the order of their names as bytes.
    """

    format: Literal[1] = 1
    program_version: str
    window: str
    created_at: AwareDatetime
    server_version: str
    facts: BackupFacts
    content: tuple[ContentFile, ...]
    dump: Dump | None
    fingerprints: tuple[TableFingerprint, ...]
    values: tuple[ValuesFile, ...] = Field((), exclude_if=lambda values: not values)
    bytes: Count
    sha256: Sha256

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bytes != total_bytes(self.files) or self.sha256 != overall_sha256(self.files):
            raise ValueError("the sums do not fit the list of files")
        return self

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """Every file of the backup, the manifest itself left out."""
        return (*self.content, *self.values, *(self.dump.files if self.dump is not None else ()))

    @property
    def directory(self) -> str:
        """The name of the backup's directory, as :func:`directory_name` gives it."""
        return directory_name(self.window, self.created_at)


def directory_name(window: str, now: datetime) -> str:
    """``safe-sync-backup-<UTC timestamp>-<window>``; sorts by time.

    :raises BackupFailed: the window's name could not be a part of a path.
    """
    if not _WINDOW.match(window):
        raise BackupFailed(f"{window!r} is not the name of a window", hint="Names: [a-z0-9][a-z0-9-]{0,39}")
    return f"safe-sync-backup-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{window}"


def total_bytes(files: Iterable[StoredFile]) -> int:
    """The sum of the sizes."""
    return sum(stored.bytes for stored in files)


def overall_sha256(files: Iterable[StoredFile]) -> str:
    """One hash for all: of ``sha256sum``'s lines, sorted by name."""
    ordered = sorted(files, key=lambda stored: stored.file.encode())
    lines = "".join(f"{stored.sha256}  {stored.file}\n" for stored in ordered)
    return hashlib.sha256(lines.encode()).hexdigest()


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Put the manifest in place at once, complete and on the disk, or not at all.

    :raises BackupFailed: the file system says no.
    """
    temporary = directory / f"{MANIFEST}.tmp"
    with explained("write", directory / MANIFEST):
        with new_file(temporary) as file:
            file.write(manifest.model_dump_json(indent=2).encode() + b"\n")
        os.rename(temporary, directory / MANIFEST)
        sync_directory(directory)
        sync_directory(directory.parent)


def is_finished(directory: Path) -> bool:
    """Whether there is a manifest, readable or not.

    :raises BackupFailed: the directory cannot be looked into.
    """
    with explained("read", directory):
        return (directory / MANIFEST).is_file()


def load(directory: Path) -> Manifest:
    """Read a backup's manifest; its files are not looked at.

    :raises BackupFailed: there is none (the backup was never finished), it is garbled, or of a newer program.
    """
    path = directory / MANIFEST
    if not is_finished(directory):
        raise BackupFailed(
            f"{directory} holds no {MANIFEST}: it is no backup, or one that was never finished",
            hint="Use another one; `egrow-replica backups list` shows them.",
        )
    with explained("read", path), open_plain(path) as file:
        text = b"".join(blocks(file))
    garbled = BackupFailed(f"{path} is garbled", hint="Use another backup; this one cannot be trusted.")
    try:
        found = json.loads(text)
        version = found["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise garbled from None
    if isinstance(version, int) and version > FORMAT:
        raise BackupFailed(
            f"{directory} was made by a newer egrow-replica (format {version})", hint="Use that version to read it."
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"][-1:])
        raise BackupFailed(f"{garbled.message}: {where}{first['msg']}", hint=garbled.hint) from None
