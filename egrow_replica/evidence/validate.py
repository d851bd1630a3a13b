"""Measuring production again and judging every protected table against the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from egrow_replica.catalog import Column, Scope, Table
from egrow_replica.db import Door, query
from egrow_replica.evidence.baseline import Baseline, counted_since, deleted_rows
from egrow_replica.evidence.fingerprint import Measured, TableFingerprint, measure_all
from egrow_replica.evidence.judge import Observation, Origins, judge
from egrow_replica.evidence.rows import rows_of_origins
from egrow_replica.evidence.wal import OurOrigin, TableWrites, WalFindings, WalState, examine, mark, read_wal
from egrow_replica.model import EvidenceTier, QualifiedName, TableVerdict
from egrow_replica.results import TableEvidence

#: The LSN before every other.
BEGINNING = "0/0"


@dataclass(frozen=True)
class WalReading:
    """Production's WAL since the baseline.

    :ivar state: how far it was read; ``None`` where it cannot be, and ``reason`` says why.
    """

    state: WalState | None
    reason: str = ""

    def further(self, door: Door, scope: Scope) -> WalReading:
        """Read on, up to now; the door is outside a transaction."""
        if self.state is None:
            return self
        found = read_wal(door, self.state, mark(door), scope)
        return WalReading(found) if isinstance(found, WalState) else WalReading(None, found.reason)

    def findings(self, door: Door, scope: Scope, origins: Origins) -> WalFindings | None:
        """What it means; ``None`` where nothing can be concluded from it."""
        if self.state is None:
            return None
        ours = {
            number: OurOrigin(name=name, since=origins.since.get(number, BEGINNING))
            for number, name in origins.ours.items()
        }
        return examine(door, self.state, scope, ours)


@dataclass(frozen=True)
class UserEvidence:
    """The verdicts with the tier that they rest on.

    :ivar wal: where a later reading goes on; ``findings`` is what was concluded from it.
    """

    tier: EvidenceTier
    tables: tuple[TableEvidence, ...]
    wal: WalReading
    findings: WalFindings | None


def tier(door: Door, baseline: Baseline, *, tracks_commits: bool) -> EvidenceTier:
    """The strongest evidence below WAL: commit data kept at both ends of the window, and within reach."""
    if not (baseline.tracks_commits and tracks_commits):
        return EvidenceTier.NONE
    in_reach = door.value(query("evidence/position_in_reach"), [baseline.position])
    return EvidenceTier.ORIGIN if in_reach else EvidenceTier.NONE


class Judgement:
    """Gathering the evidence of one moment.

    WAL is read twice: before the snapshot, so that what nobody wrote need not be scanned, and after it, so that it
    covers everything that the snapshot shows.
    """

    def __init__(self, wal_door: Door, scope: Scope, baseline: Baseline, origins: Origins, wal: WalReading) -> None:
        self._wal_door = wal_door
        self._scope = scope
        self._baseline = baseline
        self._origins = origins
        self._before = {fingerprint.table: fingerprint for fingerprint in baseline.fingerprints}
        self._wal = wal.further(wal_door, scope)

    def judge(
        self,
        doors: Sequence[Door],
        tables: Iterable[Table],
        *,
        tracks_commits: bool,
        full_scan: bool,
        have_counted: Callable[[], bool],
        progress: Callable[[int, int], None],
    ) -> UserEvidence:
        """The verdict on every table of the baseline and every one that came since; all doors see one snapshot.

        :param full_scan: also scan what no WAL record wrote.
        :param have_counted: waits until the server counts everything that the stream has committed; whether it does.
        """
        now = {table.name: table for table in tables}
        skipped = frozenset() if full_scan else self._unwritten(now)
        weaker = tier(doors[0], self._baseline, tracks_commits=tracks_commits)
        since = self._baseline.xid if weaker is EvidenceTier.ORIGIN else None
        scanned = [table for table in now.values() if table.name not in skipped]
        measured = measure_all(doors, scanned, self._columns, self._baseline.seed, since, progress)
        wal = self._wal.further(self._wal_door, self._scope)
        findings = wal.findings(self._wal_door, self._scope, self._origins)
        proves = findings is not None and findings.proves
        strongest = EvidenceTier.WAL if proves else weaker
        deletions: dict[QualifiedName, int] = {}
        if strongest is EvidenceTier.ORIGIN and have_counted():
            deletions = self._deletions([table.relation.oid for table in now.values()])
        observations = [
            self._observation(name, now.get(name), measured, deletions, findings, skipped)
            for name in sorted(self._before.keys() | now.keys())
        ]
        judged = (judge(one, self._origins, strongest) for one in observations)
        return UserEvidence(
            tier=strongest,
            tables=tuple(self._with_rows(doors[0], one, now.get(one.table), since) for one in judged),
            wal=wal,
            findings=findings,
        )

    def _with_rows(self, door: Door, found: TableEvidence, table: Table | None, since: str | None) -> TableEvidence:
        """Name the rows that we wrote, where the server keeps commit data."""
        if found.verdict is not TableVerdict.TOUCHED or table is None or since is None:
            return found
        key = next((one for one in table.unique_keys if one.is_primary), table.identity_key)
        rows = rows_of_origins(door, table.name, key.columns if key else (), since, self._origins.ours)
        return found.model_copy(update={"rows": rows})

    def _unwritten(self, now: dict[QualifiedName, Table]) -> frozenset[QualifiedName]:
        """Tables that no WAL record wrote, and that did not change in a way which needs none."""
        findings = self._wal.findings(self._wal_door, self._scope, self._origins)
        if findings is None or not findings.proves:
            return frozenset()
        written = {one.table: one for one in findings.tables}
        return frozenset(
            name
            for name, table in now.items()
            if name in written and written[name].untouched and _unchanged(self._before.get(name), table)
        )

    def _columns(self, table: Table) -> tuple[Column, ...]:
        known = self._before.get(table.name)
        return known.columns if known is not None and _same_definition(known, table) else table.columns

    def _observation(
        self,
        name: QualifiedName,
        table: Table | None,
        measured: dict[QualifiedName, Measured],
        deletions: dict[QualifiedName, int],
        findings: WalFindings | None,
        skipped: frozenset[QualifiedName],
    ) -> Observation:
        before = self._before.get(name)
        return Observation(
            before=before,
            after=measured.get(name),
            deletions=deletions.get(name),
            same_definition=table is not None and _same_definition(before, table),
            wal=_known(findings, name),
            skipped=name in skipped,
        )

    def _deletions(self, oids: list[int]) -> dict[QualifiedName, int]:
        """Rows deleted since the baseline, counted after the snapshot; a table is missing where counts were lost."""
        door = self._wal_door
        if counted_since(door) != self._baseline.counted_since:
            return {}
        before = {row.name: row.deleted for row in self._baseline.deleted}
        counted = {name: row.deleted - before.get(name, 0) for name, row in deleted_rows(door, oids).items()}
        return {name: count for name, count in counted.items() if count >= 0}


def _known(findings: WalFindings | None, name: QualifiedName) -> TableWrites | None:
    """What WAL says of a table; where the absence of a write proves nothing, a write of ours still does."""
    found = findings.table(name) if findings is not None else None
    if found is None or findings is None:
        return None
    return found if findings.proves or found.ours else None


def _same_definition(before: TableFingerprint | None, now: Table) -> bool:
    """Whether the baseline's columns can be hashed again; a column that was added since does not matter."""
    if before is None:
        return True
    types = {column.name: (column.type, column.base_type) for column in now.columns}
    return before.oid == now.relation.oid and all(
        types.get(column.name) == (column.type, column.base_type) for column in before.columns
    )


def _unchanged(before: TableFingerprint | None, now: Table) -> bool:
    """Whether nothing that a person sees can have changed without a WAL record on the table.

    A renamed enum label shows in the column's labels; what a composite type, a type of an extension or a generated
    column shows can change behind the column's back, so such tables are scanned.
    """
    if before is None or before.oid != now.relation.oid or before.columns != now.columns:
        return False
    return all((column.base_type or column.enum_labels) and not column.generated for column in now.columns)
