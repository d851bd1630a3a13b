"""From measurements to a verdict on each protected table. Pure: everything that decides is an argument."""

from __future__ import annotations

from dataclasses import dataclass

from egrow_replica.evidence.fingerprint import UNKNOWN_ORIGIN, Measured, TableFingerprint
from egrow_replica.model import EvidenceTier, TableVerdict
from egrow_replica.results import TableEvidence

LOCAL_ORIGIN = 0


@dataclass(frozen=True)
class Origins:
    """Who may have written: our origins, and those that others had before the window and still have."""

    ours: dict[int, str]
    others: dict[int, str]

    def name(self, number: int) -> str:
        """How a person calls an origin."""
        if number == LOCAL_ORIGIN:
            return "local"
        return self.ours.get(number) or self.others.get(number) or ("unknown" if number < 0 else f"origin {number}")


@dataclass(frozen=True)
class Observation:
    """What is known of one table.

    :ivar before: ``None`` for a table that came after the baseline; ``after``: ``None`` for one that is gone.
    :ivar deletions: rows that the server counted as deleted since the baseline, ``None`` where the count is lost.
    :ivar same_definition: the baseline's columns are still there with their types.
    """

    before: TableFingerprint | None
    after: Measured | None
    deletions: int | None
    same_definition: bool


def judge(observation: Observation, origins: Origins, tier: EvidenceTier) -> TableEvidence:
    """The verdict on one table; unknown is never better than ``unproven``."""
    verdict, reason = _verdict(observation, origins, tier)
    before, after = observation.before, observation.after
    known = before or (after.fingerprint if after else None)
    assert known is not None, "an observation is of something"
    return TableEvidence(
        table=known.table,
        verdict=verdict,
        reason=reason,
        rows_before=before.rows if before else None,
        rows_after=after.fingerprint.rows if after else None,
        fingerprint_before=before.hash if before else None,
        fingerprint_after=after.fingerprint.hash if after and observation.same_definition else None,
        origins=tuple(sorted(origins.name(number) for number in after.newer)) if after else (),
    )


def _verdict(seen: Observation, origins: Origins, tier: EvidenceTier) -> tuple[TableVerdict, str]:
    if seen.after is None:
        return TableVerdict.UNPROVEN, "the table is gone"
    ours = {number: rows for number, rows in seen.after.newer.items() if number in origins.ours}
    if ours:
        who = ", ".join(f"{rows} through {origins.name(number)}" for number, rows in ours.items())
        return TableVerdict.TOUCHED, f"rows were written by this window: {who}"
    if not seen.same_definition:
        return TableVerdict.UNPROVEN, "the table's definition changed since the baseline"
    if seen.before and (seen.before.rows, seen.before.hash) == (
        seen.after.fingerprint.rows,
        seen.after.fingerprint.hash,
    ):
        return TableVerdict.INTACT, "every row is as it was"
    if tier is EvidenceTier.NONE:
        return TableVerdict.UNPROVEN, "rows differ, and track_commit_timestamp is off: nothing tells who wrote them"
    return _explained_by_application(seen, seen.after.newer, origins)


def _explained_by_application(seen: Observation, newer: dict[int, int], origins: Origins) -> tuple[TableVerdict, str]:
    unexplained = [number for number in newer if number != LOCAL_ORIGIN and number not in origins.others]
    if UNKNOWN_ORIGIN in unexplained:
        return TableVerdict.UNPROVEN, "rows differ, and the server has no commit data for some of them"
    if unexplained:
        return (
            TableVerdict.UNPROVEN,
            f"rows came through {', '.join(map(origins.name, unexplained))}, which is not known",
        )
    assert seen.after is not None
    fewer = seen.before is not None and seen.after.fingerprint.rows < seen.before.rows
    if fewer or seen.deletions is None or seen.deletions > 0:
        return TableVerdict.UNPROVEN, "rows were deleted, and commit timestamps cannot tell by whom"
    if not newer:
        return TableVerdict.UNPROVEN, "rows differ, but none is newer than the baseline"
    written = sum(newer.values())
    return TableVerdict.CHANGED_BY_APPLICATION, f"{written} rows are newer, all of them from ordinary transactions"
