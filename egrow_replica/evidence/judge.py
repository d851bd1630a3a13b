"""From measurements to a verdict on each protected table. Pure: everything that decides is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from egrow_replica.evidence.fingerprint import UNKNOWN_ORIGIN, Measured, TableFingerprint
from egrow_replica.evidence.wal import OriginWrites, TableWrites
from egrow_replica.model import EvidenceTier, TableVerdict
from egrow_replica.results import TableEvidence

LOCAL_ORIGIN = 0


@dataclass(frozen=True)
class Origins:
    """Who may have written: our origins, and those that others had before the window and still have.

    :ivar ours: of this program, whichever window they belong to; ``window``: of the one that is judged.
    :ivar since: WAL positions from which a number of ours is ours: another subscription may have had it before.
    """

    ours: dict[int, str]
    others: dict[int, str]
    since: dict[int, str] = field(default_factory=dict)
    window: frozenset[int] = frozenset()

    def name(self, number: int) -> str:
        """How a person calls an origin."""
        if number == LOCAL_ORIGIN:
            return "local"
        return self.ours.get(number) or self.others.get(number) or ("unknown" if number < 0 else f"origin {number}")


@dataclass(frozen=True)
class Observation:
    """What is known of one table.

    :ivar before: ``None`` for a table that came after the baseline.
    :ivar after: ``None`` for one that is gone.
    :ivar deletions: rows that the server counted as deleted since the baseline, ``None`` where its counts are lost
        or behind.
    :ivar same_definition: the baseline's columns are still there with their types; ``added`` are there besides.
    :ivar wal: what WAL holds about it; ``None`` in a weaker tier.
    """

    before: TableFingerprint | None
    after: Measured | None
    deletions: int | None
    same_definition: bool
    added: tuple[str, ...] = ()
    wal: TableWrites | None = None

    @property
    def same_storage(self) -> bool:
        """Whether the rows are still in the file that they were in: not after a TRUNCATE, nor after a rewrite."""
        if self.before is None or self.after is None:
            return True
        return self.before.filenode == self.after.fingerprint.filenode

    @property
    def comparable(self) -> bool:
        """Whether the block ranges of then and now are the same pages and columns."""
        if self.before is None or self.after is None or not self.same_storage:
            return False
        now = self.after.fingerprint
        same = (self.before.pages_per_range, self.before.columns) == (now.pages_per_range, now.columns)
        return same and now.pages_per_range > 0

    @property
    def equal(self) -> bool:
        """Whether the table is as it was at the baseline."""
        if self.before is None or self.after is None:
            return False
        now = self.after.fingerprint
        return (self.before.rows, self.before.hash) == (now.rows, now.hash)


def judge(observation: Observation, origins: Origins, tier: EvidenceTier) -> TableEvidence:
    """The verdict on one table; unknown is never better than ``unproven``."""
    verdict, reason = _verdict(observation, origins, tier)
    before = observation.before
    after = observation.after.fingerprint if observation.after else None
    known = before or after
    assert known is not None, "an observation is of something"
    return TableEvidence(
        table=known.table,
        verdict=verdict,
        reason=reason,
        rows_before=before.rows if before else None,
        rows_after=after.rows if after else None,
        fingerprint_before=before.hash if before else None,
        fingerprint_after=after.hash if after and observation.same_definition else None,
        origins=_origins(observation, origins),
    )


def _origins(seen: Observation, origins: Origins) -> tuple[str, ...]:
    if seen.wal is not None:
        names = {write.origin for write in seen.wal.ours} | {origins.name(one.origin) for one in seen.wal.others}
    else:
        names = {origins.name(number) for number in seen.after.newer} if seen.after else set()
    return tuple(sorted(names))


def _verdict(seen: Observation, origins: Origins, tier: EvidenceTier) -> tuple[TableVerdict, str]:
    touched = _touched(seen, origins)
    if touched is not None:
        return TableVerdict.TOUCHED, touched
    if seen.after is None:
        return TableVerdict.UNPROVEN, "the table is gone"
    if not seen.same_definition:
        return TableVerdict.UNPROVEN, "the table's definition changed since the baseline"
    if seen.equal:
        return _of_equal(seen, seen.after, tier)
    return _of_changed(seen, seen.after.newer, origins, tier)


def _of_equal(seen: Observation, after: Measured, tier: EvidenceTier) -> tuple[TableVerdict, str]:
    if not seen.added:
        return TableVerdict.INTACT, "every row is as it was" if after.read else "no WAL record wrote it"
    # Of a column that came since, no fingerprint says what was in it before somebody wrote it.
    names = ", ".join(seen.added)
    if seen.wal is None and (after.newer or tier is not EvidenceTier.ORIGIN):
        return TableVerdict.UNPROVEN, f"{names} was added since, and nothing tells who wrote it"
    return TableVerdict.INTACT, f"every row is as it was, but for {names}, which was added since"


def _of_changed(
    seen: Observation, newer: dict[int, int], origins: Origins, tier: EvidenceTier
) -> tuple[TableVerdict, str]:
    if tier is EvidenceTier.EXACT:
        return _in_spite_of_hold(seen, origins)
    if tier is EvidenceTier.WAL:
        return _explained_by_wal(seen, origins)
    if tier is EvidenceTier.ORIGIN:
        return _explained_by_origins(seen, newer, origins)
    return TableVerdict.UNPROVEN, "rows differ, and track_commit_timestamp is off: nothing tells who wrote them"


def _touched(seen: Observation, origins: Origins) -> str | None:
    if seen.wal is not None and seen.wal.ours:
        return "; ".join(map(str, seen.wal.ours))
    newer = seen.after.newer if seen.after else {}
    ours = {number: rows for number, rows in newer.items() if number in origins.ours}
    if ours:
        who = ", ".join(f"{rows} through {origins.name(number)}" for number, rows in ours.items())
        return f"rows were written by this window: {who}"
    return None


def _in_spite_of_hold(seen: Observation, origins: Origins) -> tuple[TableVerdict, str]:
    """Somebody wrote although writes were held: only WAL tells who, because it has every write."""
    if seen.wal is None:
        return TableVerdict.UNPROVEN, "rows differ although writes were held, and without WAL nothing tells who wrote"
    verdict, reason = _explained_by_wal(seen, origins)
    return verdict, f"writes were held, but: {reason}"


def _explained_by_wal(seen: Observation, origins: Origins) -> tuple[TableVerdict, str]:
    if seen.wal is None or not seen.wal.explains:
        return TableVerdict.UNPROVEN, "rows differ, and no WAL record explains it"
    if seen.wal.unlogged is not None:
        return TableVerdict.UNPROVEN, f"rows differ, and not every write is in WAL: {seen.wal.unlogged}"
    unknown = _unknown((one.origin for one in seen.wal.others), origins)
    if unknown:
        return TableVerdict.UNPROVEN, unknown
    return TableVerdict.CHANGED_BY_APPLICATION, _others(seen.wal, origins)


def _unknown(writers: Iterable[int], origins: Origins) -> str:
    """What is said of writers of whom nobody knows whose they are; nothing where all are known."""
    unknown = [number for number in writers if number != LOCAL_ORIGIN and number not in origins.others]
    if UNKNOWN_ORIGIN in unknown:
        return "rows differ, and the server has no commit data for some of them"
    return f"rows came through {', '.join(map(origins.name, unknown))}, which is not known" if unknown else ""


def _others(wal: TableWrites, origins: Origins) -> str:
    return "; ".join(f"{_counts(one)} by {_who(one, origins)}" for one in wal.others)


def _who(writes: OriginWrites, origins: Origins) -> str:
    return "ordinary transactions" if writes.origin == LOCAL_ORIGIN else origins.name(writes.origin)


def _counts(writes: OriginWrites) -> str:
    kinds = ("inserted", "updated", "deleted", "truncated", "rewritten", "other")
    counted = [f"{count} {kind}" for kind in kinds if (count := getattr(writes, kind))]
    return ", ".join(counted) or "written"


def _explained_by_origins(seen: Observation, newer: dict[int, int], origins: Origins) -> tuple[TableVerdict, str]:
    unknown = _unknown(newer, origins)
    if unknown:
        return TableVerdict.UNPROVEN, unknown
    assert seen.after is not None
    fewer = seen.before is not None and seen.after.fingerprint.rows < seen.before.rows
    if fewer or seen.deletions is None or seen.deletions > 0:
        lost = seen.deletions is None and not fewer
        what = "rows may have been deleted (the server's counts are lost or behind)" if lost else "rows were deleted"
        return TableVerdict.UNPROVEN, f"{what}, and commit timestamps cannot tell by whom"
    if not seen.same_storage:
        return TableVerdict.UNPROVEN, "the table was truncated or rewritten, and commit timestamps cannot tell by whom"
    if not newer:
        return TableVerdict.UNPROVEN, "rows differ, but none is newer than the baseline"
    written = sum(newer.values())
    return TableVerdict.CHANGED_BY_APPLICATION, f"{written} rows are newer, all of them from ordinary transactions"
