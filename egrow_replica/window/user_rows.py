"""Which rows of users a window changed that are not back, and the file with the SQL that would put them back.

Asked once nothing of the window can write any more and its content is where it stays. The file is for a person to
review: the controller never runs it, and only there stand the rows' values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from egrow_replica.backup import dumped_table, explained, find_tools, load, new_file, sync_directory
from egrow_replica.catalog import Table, read_relations, read_server_facts, read_tables
from egrow_replica.db import SNAPSHOT, Door
from egrow_replica.db.connect import PINNED
from egrow_replica.db.copied import TextValues
from egrow_replica.errors import BackupFailed, EgrowError, Refused, ServerUnavailable, StatementFailed
from egrow_replica.evidence import MOST_KEYS, ChangedUserRow, TableRows, TableWrites, changed_rows, put_back, tier
from egrow_replica.model import EvidenceTier, QualifiedName, TableVerdict
from egrow_replica.replication.origins import worker_origin
from egrow_replica.results import UserRow, UserRows, Validation
from egrow_replica.window.servers import Servers
from egrow_replica.window.subject import Subject
from egrow_replica.window.validation import Gathered, is_of

#: What the texts of values depend on, so that they mean in the file what they meant where they were read.
_VALUES = ("datestyle", "intervalstyle", "timezone", "lc_monetary", "standard_conforming_strings")
_HEAD = """\
-- Rows of users that window {window} of egrow-replica changed, and that are not back. Review each statement before you
-- run any of it, as somebody who may write these tables: triggers and foreign keys take effect as for everybody.
-- A statement does nothing to a row that somebody has written since the window did. Run as it is, nothing stays: write
-- the COMMIT yourself. This file holds personal data.
BEGIN;
{settings}
{statements}
-- COMMIT;
"""


@dataclass(frozen=True)
class Before:
    """Where the rows are as they were before anything of ours was written.

    :ivar directory: of the backup; ``None`` where there is none.
    :ivar reason: why its dump does not tell, ``""``: it does.
    """

    directory: Path | None
    reason: str = ""


@dataclass
class _Found:
    """What is known of one table; ``writers``: which of ours wrote it."""

    writers: tuple[str, ...]
    rows: list[UserRow] = field(default_factory=list)
    more: int = 0
    unknown: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


def name_user_rows(
    servers: Servers, subject: Subject, gathered: Gathered, before: Before, *, own: str, bin_dir: Path | None
) -> Validation:
    """The validation with the rows of touched tables, and the file for them where there is anything to write.

    Nothing that goes wrong here keeps a window from its end: then that is said instead.

    :param own: what writes under the subject's own origin.
    :raises ServerUnavailable: production went away.
    """
    validation = gathered.validation
    touched = [table.table for table in validation.tables if table.verdict is TableVerdict.TOUCHED]
    if not touched:
        return validation
    found = _read_all(servers, subject, gathered, before, touched, own=own, bin_dir=bin_dir)
    statements = [statement for one in found.values() for statement in one.statements]
    path = None
    if statements and before.directory is not None:
        try:
            path = _write(before.directory, subject, statements)
        except BackupFailed as error:
            for one in found.values():
                one.unknown.append(f"no SQL: {error.message}")
    named = tuple(
        UserRows(
            table=name,
            written_by=one.writers,
            rows=tuple(one.rows),
            more=one.more,
            unknown=tuple(one.unknown),
        )
        for name, one in found.items()
    )
    return validation.model_copy(update={"not_back": named, "put_back": path})


def _read_all(
    servers: Servers,
    subject: Subject,
    gathered: Gathered,
    before: Before,
    touched: Sequence[QualifiedName],
    *,
    own: str,
    bin_dir: Path | None,
) -> dict[QualifiedName, _Found]:
    every: dict[QualifiedName, _Found] = {}
    with servers.read_prod("user-rows") as door:
        door.execute(SNAPSHOT)
        reader = _Reader(door, subject, gathered, before, own, bin_dir)
        tables = reader.tables(touched)
        for name in touched:
            found = every[name] = _Found(reader.writers(name))
            try:
                reader.read(name, tables.get(name), found)
            except ServerUnavailable:
                raise
            except EgrowError as error:
                found.unknown.append(f"which rows: {error.message}")
                if isinstance(error, StatementFailed):  # and with it the snapshot is gone
                    door.execute("ROLLBACK")
                    door.execute(SNAPSHOT)
    return every


class _Reader:
    """Reads what became of rows, all in one snapshot."""

    def __init__(
        self, door: Door, subject: Subject, gathered: Gathered, before: Before, own: str, bin_dir: Path | None
    ) -> None:
        self._door = door
        self._subject = subject
        self._gathered = gathered
        self._before = before
        self._own = own
        self._bin_dir = bin_dir
        facts = read_server_facts(door)
        self._tracked = tier(door, subject.baseline, tracks_commits=facts.tracks_commits) is EvidenceTier.ORIGIN

    def tables(self, names: Iterable[QualifiedName]) -> dict[QualifiedName, Table]:
        """The tables that are there."""
        relations = read_relations(self._door, measured=False)
        return read_tables(self._door, [relations[name] for name in names if name in relations])

    def writers(self, name: QualifiedName) -> tuple[str, ...]:
        """Which of ours wrote a table."""
        ours = set(self._gathered.origins.ours.values())
        evidence = next(table for table in self._gathered.validation.tables if table.table == name)
        return tuple(sorted({self._writer(origin) for origin in evidence.origins if origin in ours}))

    def _writer(self, origin: str) -> str:
        if origin == self._subject.origin:
            return self._own
        oid = self._subject.progress.subscription_oid
        return "stream" if oid is not None and is_of(origin, worker_origin(oid)) else origin

    def read(self, name: QualifiedName, table: Table | None, found: _Found) -> None:
        """Add what is known of a table.

        :raises EgrowError: it cannot be read.
        """
        if table is None:
            found.unknown.append("which rows: the table is gone")
            return
        rows = TableRows.of(table)
        if rows is None:
            found.unknown.append("which rows: no unique key without NULL tells them apart")
            return
        wal = self._wal(table)
        others = wal is None or bool(wal.others)
        if not self._tracked and others:
            found.unknown.append("which rows: others wrote the table too, and nothing tells whose a row is")
            return
        gone = wal is not None and wal.gone_by_ours and not wal.gone_by_others
        if wal is None or (wal.gone_by_ours and wal.gone_by_others):
            found.unknown.append("whether rows are gone through this window: nothing tells who deleted one")
        if gone and self._baseline_rows(name) > MOST_KEYS:
            gone = False
            found.unknown.append(f"which rows are gone through this window: there were more than {MOST_KEYS}")
        with self._dumped(name, rows, found) as dumped:
            changed, found.more = changed_rows(
                self._door,
                rows,
                self._subject.baseline.xid,
                origins=self._gathered.origins.ours if self._tracked else None,
                dumped=dumped,
                gone=gone,
            )
        found.rows += [self._named(found.writers, rows, row) for row in changed]
        if wal is not None and others and wal.most_rows_of_ours > len(changed) + found.more:
            found.unknown.append("whether others have written again, or deleted, further rows that this window wrote")
        if dumped is not None:
            _compose(rows, changed, found)

    def _wal(self, table: Table) -> TableWrites | None:
        findings = self._gathered.findings
        return findings.table(table.relation.oid) if findings is not None and findings.proves else None

    def _baseline_rows(self, name: QualifiedName) -> int:
        return next((one.rows for one in self._subject.baseline.fingerprints if one.table == name), 0)

    def _named(self, writers: Iterable[str], rows: TableRows, row: ChangedUserRow) -> UserRow:
        origins = self._gathered.origins
        known = row.origin is not None and row.origin in origins.ours
        return UserRow(
            key=rows.shown(row),
            change=row.change,
            written_by=self._writer(origins.name(row.origin or 0)) if known else " or ".join(writers),
            columns=rows.differing(row),
        )

    @contextmanager
    def _dumped(self, name: QualifiedName, rows: TableRows, found: _Found) -> Iterator[Iterable[TextValues] | None]:
        """The rows as they were; ``None`` where nothing tells, which is noted."""
        reason = self._before.reason
        if not reason and self._before.directory is None:
            reason = "the window has no backup"
        if not reason and self._before.directory is not None:
            dump = load(self._before.directory).dump
            if dump is not None:
                tools = find_tools(int(dump.tool_version.split(".")[0]) * 10000, self._bin_dir)
                with dumped_table(self._before.directory, tools, name) as dumped:
                    yield _in_order(dumped.columns, dumped.rows, rows, self._baseline_rows(name))
                return
            reason = "the backup has no dump of the whole database"
        found.unknown.append(f"what the rows were: {reason}")
        yield None


def _in_order(
    names: Sequence[str], dumped: Iterable[TextValues], rows: TableRows, expected: int
) -> Iterator[TextValues]:
    """The rows with their columns as production has them; :raises BackupFailed: it is not all of that table."""
    if set(names) != set(rows.columns):
        raise BackupFailed("the table has other columns than in the dump")
    places = [names.index(name) for name in rows.columns]
    count = 0
    for count, row in enumerate(dumped, start=1):  # noqa: B007  the last number is wanted
        yield tuple(row[place] for place in places)
    if count != expected:
        raise BackupFailed(f"the dump holds {count} rows of the table, the baseline had {expected}")


def _compose(rows: TableRows, changed: list[ChangedUserRow], found: _Found) -> None:
    try:
        found.statements += put_back(rows, changed)
    except Refused as error:  # a value that is too long, for example
        found.unknown.append(f"SQL for all of the rows: {error.reason}")


def _write(directory: Path, subject: Subject, statements: Iterable[str]) -> Path:
    """Write the file beside the backup; :raises BackupFailed: the file system says no."""
    path = directory / f"put-back-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.sql"
    text = _HEAD.format(
        window=subject.names.window if subject.names is not None else "",
        settings="\n".join(f"SET LOCAL {name} = '{PINNED[name]}';" for name in _VALUES),
        statements="\n".join(f"{statement};" for statement in statements),
    )
    with explained("write", path):
        with new_file(path) as file:
            file.write(text.encode())
        sync_directory(directory)
    return path
