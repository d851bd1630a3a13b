"""A table's rows as the dump of a backup has them: pg_restore writes COPY's text, which is read as it comes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from egrow_replica.backup.dump import DUMP
from egrow_replica.backup.files import explained
from egrow_replica.backup.leashed import leash
from egrow_replica.backup.tools import Tools, plain_environment
from egrow_replica.db.copied import TextValues, copied_row
from egrow_replica.errors import BackupFailed
from egrow_replica.model import QualifiedName

#: A part of a name as pg_dump writes it: quoted where it has to be.
_PART = r'(?:"(?:[^"]|"")*"|[^\s"(),.;]+)'
_COPY = re.compile(rf"COPY ({_PART})\.({_PART}) \(({_PART}(?:, {_PART})*)\) FROM stdin;\n\Z")
_ENCODING = re.compile(rb"SET client_encoding = '(\w+)';\n\Z")
_END = b"\\.\n"


@dataclass(frozen=True)
class DumpedTable:
    """A table in a dump.

    :ivar columns: generated ones are not in it.
    :ivar rows: to be read once, one at a time.
    """

    columns: tuple[str, ...]
    rows: Iterator[TextValues]


@contextmanager
def dumped_table(directory: Path, tools: Tools, table: QualifiedName) -> Iterator[DumpedTable]:
    """A table's rows in the dump of a backup; pg_restore is ended with the block.

    :param directory: the backup's.
    :raises BackupFailed: the dump does not hold the table, or cannot be read; also while its rows are read.
    """
    output = directory / DUMP
    command = [str(tools.pg_restore), "--data-only", f"--schema={table.schema}", f"--table={table.name}"]
    with leash() as held, explained("run", tools.pg_restore):
        process = subprocess.Popen(  # noqa: S603  found by find_tools, no shell
            held.command(*command, "--file=-", str(output)),
            stdin=held.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=plain_environment(),
        )
        assert process.stdout is not None
        try:
            with process.stdout, closing(_rows(process.stdout, output, table)) as rows:
                columns = tuple(str(name) for name in next(rows))
                yield DumpedTable(columns, rows)
        finally:
            process.kill()
            process.wait()


def _rows(lines: IO[bytes], output: Path, table: QualifiedName) -> Generator[TextValues]:
    """The names of the columns first, then the rows."""
    for line in lines:
        encoding = _ENCODING.match(line)
        if encoding is not None and encoding[1] != b"UTF8":
            raise BackupFailed(f"{output} is in {encoding[1].decode()}, and only UTF8 is read here")
        if line.startswith(b"COPY "):
            yield _columns(line.decode(), output, table)
            break
    else:
        raise BackupFailed(f"{output} does not hold the rows of {table}")
    for line in lines:
        if line == _END:
            return
        yield copied_row(line)
    raise BackupFailed(f"the rows of {table} in {output} break off", hint="Use another backup.")


def _columns(line: str, output: Path, table: QualifiedName) -> TextValues:
    found = _COPY.match(line)
    if found is None or (_plain(found[1]), _plain(found[2])) != tuple(table):
        raise BackupFailed(f"{output} does not hold the rows of {table}")
    return tuple(map(_plain, re.findall(_PART, found[3])))


def _plain(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
