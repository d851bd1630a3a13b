"""Measuring production again and judging every protected table against the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from egrow_replica.catalog import Column, Table
from egrow_replica.db import Door, query
from egrow_replica.evidence.baseline import Baseline, deleted_rows
from egrow_replica.evidence.fingerprint import Measured, TableFingerprint, measure_all
from egrow_replica.evidence.judge import Observation, Origins, judge
from egrow_replica.model import EvidenceTier, QualifiedName
from egrow_replica.results import TableEvidence


def tier(door: Door, baseline: Baseline, *, tracks_commits: bool) -> EvidenceTier:
    """The strongest evidence there is: commit data has to be kept at both ends of the window, and within reach."""
    if not (baseline.tracks_commits and tracks_commits):
        return EvidenceTier.NONE
    in_reach = door.value(query("evidence/position_in_reach"), [baseline.position])
    return EvidenceTier.ORIGIN if in_reach else EvidenceTier.NONE


def judge_tables(
    doors: Sequence[Door],
    tables: Iterable[Table],
    baseline: Baseline,
    origins: Origins,
    evidence: EvidenceTier,
    progress: Callable[[int], None],
) -> list[TableEvidence]:
    """The verdict on every table of the baseline and every one that came since; all doors see one snapshot."""
    now = {table.name: table for table in tables}
    before = {fingerprint.table: fingerprint for fingerprint in baseline.fingerprints}
    comparable = {name: _same_definition(before.get(name), table) for name, table in now.items()}

    def columns_of(table: Table) -> tuple[Column, ...]:
        known = before.get(table.name)
        return known.columns if known is not None and comparable[table.name] else table.columns

    since = baseline.xid if evidence is EvidenceTier.ORIGIN else None
    measured = measure_all(doors, list(now.values()), columns_of, baseline.seed, since, progress)
    deletions = _deletions(doors[0], baseline, [table.relation.oid for table in now.values()])
    return [
        judge(_observation(name, before, measured, deletions, comparable), origins, evidence)
        for name in sorted(before.keys() | measured.keys())
    ]


def _observation(
    name: QualifiedName,
    before: dict[QualifiedName, TableFingerprint],
    measured: dict[QualifiedName, Measured],
    deletions: dict[QualifiedName, int | None],
    comparable: dict[QualifiedName, bool],
) -> Observation:
    return Observation(
        before=before.get(name),
        after=measured.get(name),
        deletions=deletions.get(name),
        same_definition=comparable.get(name, False),
    )


def _same_definition(before: TableFingerprint | None, now: Table) -> bool:
    """Whether the baseline's columns can be hashed again; a column that was added since does not matter."""
    if before is None:
        return True
    types = {column.name: (column.type, column.base_type) for column in now.columns}
    return before.oid == now.relation.oid and all(
        types.get(column.name) == (column.type, column.base_type) for column in before.columns
    )


def _deletions(door: Door, baseline: Baseline, oids: list[int]) -> dict[QualifiedName, int | None]:
    """Rows deleted since the baseline; ``None`` where the counter went backwards, so it was reset."""
    before = {row.name: row.deleted for row in baseline.deleted}
    counted = {}
    for name, row in deleted_rows(door, oids).items():
        difference = row.deleted - before.get(name, 0)
        counted[name] = difference if difference >= 0 else None
    return counted
