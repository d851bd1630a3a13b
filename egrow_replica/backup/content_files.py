"""The content tables, one file each: what rollback and restore read, without a parser and without version skew."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from egrow_replica.backup.files import blocks, digest_of, explained, new_file, open_plain
from egrow_replica.backup.manifest import ContentFile, StoredFile, ValuesFile
from egrow_replica.db import SQL, Composable, Composed, Door, relation
from egrow_replica.db import columns as column_list
from egrow_replica.errors import BackupFailed, StatementFailed
from egrow_replica.model import Model, QualifiedName, TableName

CONTENT = "content"
#: Also what a table with row security answers under row_security = off (errcodes-appendix.html).
_INSUFFICIENT_PRIVILEGE = "42501"
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


class ContentTable(Model):
    """A content table and what of it is kept.

    :ivar columns: at least one; generated columns are the caller's to leave out, COPY … FROM does not take them.
    :ivar key: orders the file, so that two backups of equal content are equal files; may be empty.
    :ivar production_columns: those of the columns that belong to production.
    """

    table: TableName
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    production_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Values:
    """Hashes of a content table that are kept, by the COPY statement that sends them."""

    table: QualifiedName
    statement: Composed


def write_values(door: Door, values: Values, directory: Path, *, index: int) -> ValuesFile:
    """Stream what the statement sends into ``directory/content/``; otherwise as :func:`write_content`."""
    name = f"{CONTENT}/{index:04d}-{_readable(values.table)}.values"
    path = directory / name
    digest, size = hashlib.sha256(), 0
    try:
        with explained("write", path), new_file(path) as file:
            for block in door.copy_out(values.statement):
                file.write(block)
                digest.update(block)
                size += len(block)
    except StatementFailed as error:
        raise BackupFailed(f"cannot read {values.table}: {error.message}", hint=_remedy(values.table, error)) from None
    return ValuesFile(file=name, bytes=size, sha256=digest.hexdigest(), table=values.table)


def write_content(door: Door, content: ContentTable, directory: Path, *, index: int = 0) -> ContentFile:
    """Stream a table's rows into ``directory/content/``, in the transaction and the snapshot that the door is in.

    A partitioned table is read through its root.

    :param directory: the backup's; it must hold the directory ``content``.
    :param index: tells the files apart: two tables may differ in what a file name cannot show.
    :raises BackupFailed: the server refuses to read the table, or the disk to take it.
    """
    table, columns, key = content.table, content.columns, content.key
    name = f"{CONTENT}/{index:04d}-{_readable(table)}.copy"
    path = directory / name
    digest, size, rows = hashlib.sha256(), 0, 0
    try:
        with explained("write", path), new_file(path) as file, closing(_stream(door, table, columns, key)) as stream:
            for block in stream:
                file.write(block)
                digest.update(block)
                size += len(block)
                # In text format a newline ends a row and is nothing else: inside a value it is written \n.
                rows += block.count(b"\n")
    except StatementFailed as error:
        raise BackupFailed(f"cannot read {table}: {error.message}", hint=_remedy(table, error)) from None
    return ContentFile(
        file=name,
        bytes=size,
        sha256=digest.hexdigest(),
        table=table,
        columns=columns,
        key=key,
        rows=rows,
        production_columns=content.production_columns,
    )


def _remedy(table: QualifiedName, error: StatementFailed) -> str:
    if error.sqlstate == _INSUFFICIENT_PRIVILEGE:
        return f"Grant SELECT on {table} to the operator's role, BYPASSRLS where the table has row security."
    return error.hint or "Nothing was changed: see what the server says, and start again."


def _stream(
    door: Door, table: QualifiedName, columns: Sequence[str], key: Sequence[str]
) -> Generator[bytes, None, None]:
    order: Composable = SQL(" ORDER BY {}").format(column_list(key)) if key else SQL("")
    select = SQL("SELECT {} FROM {}{}").format(column_list(columns), relation(table), order)
    yield from door.copy_out(SQL("COPY ({}) TO STDOUT (FORMAT text, ENCODING 'UTF8')").format(select))


def _readable(table: QualifiedName) -> str:
    """A part of a file name for people: the index tells files apart, the manifest has the true name."""
    return "-".join(_UNSAFE.sub("_", part) for part in table)[:60]


def read_content(directory: Path, content_file: StoredFile) -> Iterator[bytes]:
    """A file's blocks; those of a content file for ``COPY … FROM STDIN`` in text format, UTF-8.

    Nothing is yielded before the whole file was found to be what the manifest says. The blocks are hashed once more
    as they go, so that a change in between still fails the COPY that they feed.

    :raises BackupFailed: the file is missing, of another size, or of another content.
    """
    path = directory / content_file.file
    with explained("read", path), open_plain(path) as file:
        _check(path, content_file, *digest_of(file))
        file.seek(0)
        yield from _checked_blocks(path, content_file, file)


def _checked_blocks(path: Path, stored: StoredFile, file: BinaryIO) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    for block in blocks(file):
        digest.update(block)
        size += len(block)
        yield block
    _check(path, stored, digest.hexdigest(), size)


def check_file(directory: Path, stored: StoredFile) -> None:
    """Read a file to its end and compare.

    :raises BackupFailed: the file is missing, of another size, or of another content.
    """
    path = directory / stored.file
    with explained("read", path), open_plain(path) as file:
        _check(path, stored, *digest_of(file))


def check_size(directory: Path, stored: StoredFile) -> None:
    """Look at a file's size, not into it; raises as :func:`check_file`."""
    path = directory / stored.file
    with explained("read", path), open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
    _check(path, stored, stored.sha256, size)


def _check(path: Path, stored: StoredFile, sha256: str, size: int) -> None:
    if size != stored.bytes:
        what = f"{path} has {size} bytes where the manifest says {stored.bytes}"
    elif sha256 != stored.sha256:
        what = f"{path} is not what was written: its sha256 differs from the manifest's"
    else:
        return
    raise BackupFailed(what, hint="Use another backup; this one cannot be trusted.")
