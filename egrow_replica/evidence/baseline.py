"""Production before the window wrote anything, all of it from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import Field

from egrow_replica.catalog import ForeignKey, Table
from egrow_replica.db import Composed, Door, query
from egrow_replica.evidence.access import Access, Probe, read_access, require_true, run_probes
from egrow_replica.evidence.fingerprint import TableFingerprint, Wanted, measure
from egrow_replica.evidence.orphans import Orphans, count_all
from egrow_replica.model import Model, QualifiedName, TableName


class DeletedRows(Model):
    """How many rows of a table the server has ever counted as deleted."""

    name: TableName
    deleted: int


class Baseline(Model):
    """What later evidence is compared with.

    :ivar position: the oldest transaction id that the snapshot did not see finished; everything newer counts from here.
    :ivar lsn: production's WAL position just before the snapshot.
    :ivar tracks_commits: ``track_commit_timestamp`` was on.
    :ivar counted_since: since when the rows of ``deleted`` were counted, in the server's words.
    :ivar origins: every replication origin that there was, by number.
    """

    seed: int
    position: int
    lsn: str
    tracks_commits: bool
    fingerprints: tuple[TableFingerprint, ...]
    orphans: tuple[Orphans, ...]
    deleted: tuple[DeletedRows, ...]
    counted_since: str | None = None
    origins: dict[int, str] = Field(default_factory=dict)
    access: tuple[Access, ...] = ()
    probes: tuple[Probe, ...] = ()

    @property
    def xid(self) -> str:
        """The position as a row's ``xmin`` writes it: 32 bits."""
        return str(self.position % (1 << 32))


def take_baseline(
    doors: Sequence[Door],
    tables: Sequence[Table],
    foreign_keys: Iterable[ForeignKey],
    *,
    seed: int,
    lsn: str,
    tracks_commits: bool,
    probes: Iterable[str],
    origins: Mapping[int, str],
    progress: Callable[[int, int], None],
) -> Baseline:
    """Fingerprint the protected tables; every door is in the same snapshot, the first one made it.

    :raises PreflightFailed: a probe is not true; :raises Refused: a probe is not one reading SELECT.
    """
    first = doors[0]
    oids = [table.relation.oid for table in tables]
    position = int(first.value(query("evidence/snapshot_position")))
    answers = run_probes(first, probes)
    require_true(answers)
    measured = measure(doors, [Wanted(table, table.columns) for table in tables], seed, None, progress)
    return Baseline(
        seed=seed,
        position=position,
        lsn=lsn,
        tracks_commits=tracks_commits,
        fingerprints=tuple(measured[name].fingerprint for name in sorted(measured)),
        orphans=count_all(first, foreign_keys),
        deleted=tuple(deleted_rows(first, oids).values()),
        counted_since=counted_since(first),
        origins=dict(origins),
        access=read_access(first, oids),
        probes=answers,
    )


def deleted_rows(door: Door, oids: list[int]) -> dict[QualifiedName, DeletedRows]:
    """The server's counters of deleted rows, by table."""
    rows = door.rows(DeletedRows, query("evidence/tuple_counters"), [oids])
    return {row.name: row for row in rows}


def hand_in_counts(door: Door) -> None:
    """Let the server's counts include what this session wrote; outside a transaction."""
    door.execute(counts_statement())


def counts_statement() -> Composed:
    """What hands them in, for a plan too."""
    return query("evidence/hand_in_counts")


def counted_since(door: Door) -> str | None:
    """Since when the server has counted deleted rows; another answer later means that counts were lost.

    ``None``: it does not count. A session of a superuser could still have the setting off for itself.
    """
    value = door.value(query("evidence/counters_since"))
    return None if value is None else str(value)
