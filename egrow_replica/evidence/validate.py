"""Measuring production again and judging every protected table against the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from egrow_replica.catalog import Column, Scope, Table
from egrow_replica.db import Door, query
from egrow_replica.evidence.baseline import Baseline, counted_since, deleted_rows
from egrow_replica.evidence.fingerprint import Measured, TableFingerprint, Wanted, measure
from egrow_replica.evidence.judge import Observation, Origins, judge
from egrow_replica.evidence.ranges import NO_PAGE, different
from egrow_replica.evidence.rows import newer_rows
from egrow_replica.evidence.wal import (
    OurOrigin,
    TableWrites,
    WalFindings,
    WalGone,
    WalState,
    examine,
    ignore,
    mark,
    read_wal,
)
from egrow_replica.guard.lists import words
from egrow_replica.model import EvidenceTier, QualifiedName, TableVerdict
from egrow_replica.results import BlockRange, TableEvidence

#: Types of PostgreSQL's own whose values, and arrays of them, show nothing but themselves.
SELF_CONTAINED = words(
    """
    bool char name text varchar bpchar bytea int2 int4 int8 float4 float8 numeric money oid xid xid8 cid tid pg_lsn uuid
    date time timetz timestamp timestamptz interval inet cidr macaddr macaddr8 bit varbit json jsonb jsonpath xml
    point line lseg box path polygon circle tsvector tsquery int2vector oidvector txid_snapshot pg_snapshot
    int4range int8range numrange tsrange tstzrange daterange
    int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange
    """
)
#: The LSN before every other.
BEGINNING = "0/0"


@dataclass(frozen=True)
class WalReading:
    """Production's WAL since the baseline.

    :ivar state: how far it was read; ``None`` where it never could be.
    :ivar reason: why it cannot be read up to now: what was found before stays found.
    :ivar progress: hears of a reading, ``keep`` too of states on the way, as :func:`read_wal` has it.
    """

    state: WalState | None
    reason: str = ""
    progress: Callable[[int, int], None] = ignore
    keep: Callable[[WalState], None] = ignore

    def further(self, door: Door, scope: Scope) -> WalReading:
        """Read on, up to now; the door is outside a transaction."""
        if self.state is None or self.state.gone:
            return self
        found = read_wal(door, self.state, mark(door), scope, progress=self.progress, keep=self.keep)
        if isinstance(found, WalState):
            return replace(self, state=found, reason="")
        gone = found.reason if isinstance(found, WalGone) else None
        return replace(self, state=self.state.model_copy(update={"gone": gone}), reason=found.reason)

    def findings(self, door: Door, scope: Scope, origins: Origins) -> WalFindings | None:
        """What it means; ``None`` where nothing can be concluded from it."""
        if self.state is None:
            return None
        ours = {
            number: OurOrigin(name=name, since=origins.since.get(number, BEGINNING), window=number in origins.window)
            for number, name in origins.ours.items()
        }
        found = examine(door, self.state, scope, ours)
        return found.model_copy(update={"gap": found.gap or self.reason}) if self.reason else found


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

    WAL is read twice: before the snapshot, so that pages that nobody wrote need not be read, and after it, so that it
    covers everything that the snapshot shows; pages of which it only says so then are read in the same snapshot.
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
        unbroken: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None],
    ) -> UserEvidence:
        """The verdict on every table of the baseline and every one that came since; all doors see one snapshot.

        :param full_scan: also read what no WAL record wrote.
        :param have_counted: waits until the server counts everything that the stream has committed; whether it does.
        :param unbroken: whether writes have been held from before the baseline until now, after everything was read.
        """
        now = {table.name: table for table in tables}
        weaker = tier(doors[0], self._baseline, tracks_commits=tracks_commits)
        since = self._baseline.xid if weaker is EvidenceTier.ORIGIN else None
        measured, wal, findings = self._measure(doors, now, since, full_scan, progress)
        proves = findings is not None and findings.proves
        strongest = EvidenceTier.WAL if proves else weaker
        if unbroken():
            strongest = EvidenceTier.EXACT
        deletions: dict[QualifiedName, int] = {}
        if strongest is EvidenceTier.ORIGIN and have_counted():
            deletions = self._deletions([table.relation.oid for table in now.values()])
        observations = [
            self._observation(name, now.get(name), measured, deletions, findings)
            for name in sorted(self._before.keys() | now.keys())
        ]
        judged = [(seen, judge(seen, self._origins, strongest)) for seen in observations]
        return UserEvidence(
            tier=strongest,
            tables=tuple(self._narrowed(doors[0], seen, found, now.get(found.table), since) for seen, found in judged),
            wal=wal,
            findings=findings,
        )

    def _measure(
        self,
        doors: Sequence[Door],
        now: dict[QualifiedName, Table],
        since: str | None,
        full_scan: bool,
        progress: Callable[[int, int], None],
    ) -> tuple[dict[QualifiedName, Measured], WalReading, WalFindings | None]:
        """Fingerprint everything, as far as WAL does not spare it, and read WAL up to the snapshot and beyond."""
        seed = self._baseline.seed
        earlier = self._wal.findings(self._wal_door, self._scope, self._origins)
        first = {name: None if full_scan else self._written(earlier, table) for name, table in now.items()}
        wanted = [self._wanted(table, self._before.get(name), first[name]) for name, table in now.items()]
        measured = measure(doors, wanted, seed, since, progress)
        wal = self._wal.further(self._wal_door, self._scope)
        findings = wal.findings(self._wal_door, self._scope, self._origins)
        late = []
        for name, table in now.items():
            before, after = first[name], self._written(findings, table)
            if before is not None and (after is None or after - before):
                more = None if after is None else after - before
                late.append(self._wanted(table, measured[name].fingerprint, more))
        for name, again in measure(doors, late, seed, since).items() if late else ():
            measured[name] = again.added_to(measured[name])
        return measured, wal, findings

    def _wanted(self, table: Table, known: TableFingerprint | None, written: frozenset[int] | None) -> Wanted:
        columns = self._columns(table)
        comparable = known is not None and known.columns == columns
        return Wanted(table, columns, known if comparable else None, written)

    def _written(self, findings: WalFindings | None, table: Table) -> frozenset[int] | None:
        """The block ranges of a table that may hold other rows than at the baseline; ``None``: any may."""
        found = findings.table(table.relation.oid) if findings is not None and findings.proves else None
        return found.ranges if found is not None and _unchanged(self._before.get(table.name), table) else None

    def _narrowed(
        self, door: Door, seen: Observation, found: TableEvidence, table: Table | None, since: str | None
    ) -> TableEvidence:
        """Say where a table differs, and which of its rows there are newer: of ours only, where it is touched."""
        touched = found.verdict is TableVerdict.TOUCHED
        if table is None or not (touched or found.verdict is TableVerdict.UNPROVEN):
            return found
        differing = _differing(seen)
        if differing is not None:
            found = found.model_copy(update={"differing": differing})
        if (touched and since is None) or not (touched or differing):
            return found
        key = next((one for one in table.unique_keys if one.is_primary), table.identity_key)
        where = [(0, NO_PAGE)] if differing is None else [(one.first, one.last + 1) for one in differing]
        ours = self._origins.ours if touched else None
        rows = newer_rows(door, table.name, key.columns if key else (), self._baseline.xid, where, origins=ours)
        return found.model_copy(update={"rows": rows})

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
    ) -> Observation:
        before = self._before.get(name)
        return Observation(
            before=before,
            after=measured.get(name),
            deletions=deletions.get(name),
            same_definition=table is not None and _same_definition(before, table),
            added=_added(before, table),
            wal=_known(findings, table.relation.oid if table else before.oid if before else None),
        )

    def _deletions(self, oids: list[int]) -> dict[QualifiedName, int]:
        """Rows deleted since the baseline, counted after the snapshot; a table is missing where counts were lost."""
        door = self._wal_door
        since = counted_since(door)
        if since is None or since != self._baseline.counted_since:
            return {}
        before = {row.name: row.deleted for row in self._baseline.deleted}
        counted = {name: row.deleted - before.get(name, 0) for name, row in deleted_rows(door, oids).items()}
        return {name: count for name, count in counted.items() if count >= 0}


def _differing(seen: Observation) -> tuple[BlockRange, ...] | None:
    """Where a table differs; ``None`` where its pages are not those of the baseline any more."""
    if seen.before is None or seen.after is None or not seen.comparable:
        return None
    now = seen.after.fingerprint
    return different(seen.before.ranges, now.ranges, now.pages_per_range)


def _known(findings: WalFindings | None, oid: int | None) -> TableWrites | None:
    """What WAL says of a table; where the absence of a write proves nothing, a write of ours still does."""
    if findings is None or oid is None:
        return None
    found = findings.table(oid)
    if found is None:
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


def _added(before: TableFingerprint | None, now: Table | None) -> tuple[str, ...]:
    if before is None or now is None:
        return ()
    known = {column.name for column in before.columns}
    return tuple(column.name for column in now.columns if column.name not in known)


def _unchanged(before: TableFingerprint | None, now: Table) -> bool:
    """Whether nothing that a person sees can have changed without a WAL record on the table.

    A renamed enum label shows in the column's labels. What a composite type, a type of an extension, one that shows a
    name out of a catalog (regclass, aclitem) or a generated column shows can change behind the column's back, so such
    tables are scanned.
    """
    if before is None or (before.oid, before.filenode) != (now.relation.oid, now.relation.filenode):
        return False
    if before.columns != now.columns:
        return False
    return all(
        (column.enum_labels or column.base_type.removeprefix("_") in SELF_CONTAINED) and not column.generated
        for column in now.columns
    )
