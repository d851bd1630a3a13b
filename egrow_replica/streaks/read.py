"""Reading the report. The caller's transaction makes it one moment."""

from __future__ import annotations

from egrow_replica.db import Door, query
from egrow_replica.streaks.model import (
    AwardedBadge,
    Completion,
    FullReport,
    Inconsistency,
    PointsEntry,
    QuickReport,
    Recovery,
    RunningStreak,
)

#: How many entries each list of the full report has at most; the newest ones, or the longest streaks.
LISTED = 20
#: How many inconsistencies are listed at most; all are counted.
LISTED_INCONSISTENCIES = 1000


class _Found(Inconsistency):
    """A line of the query: the inconsistency and how many there are in all."""

    total: int


def read_quick(door: Door) -> QuickReport:
    """The four numbers."""
    return door.one(QuickReport, query("streaks/totals"))


def read_full(door: Door) -> FullReport:
    """The four numbers, the newest entries and every contradiction."""
    found = _inconsistencies(door, LISTED_INCONSISTENCIES)
    return FullReport(
        **read_quick(door).model_dump(),
        streaks=tuple(door.rows(RunningStreak, query("streaks/streaks"), [LISTED])),
        badges=tuple(door.rows(AwardedBadge, query("streaks/badges"), [LISTED])),
        recent_completions=tuple(door.rows(Completion, query("streaks/recent_completions"), [LISTED])),
        recent_points=tuple(door.rows(PointsEntry, query("streaks/recent_points"), [LISTED])),
        recent_recoveries=tuple(door.rows(Recovery, query("streaks/recent_recoveries"), [LISTED])),
        inconsistencies=tuple(Inconsistency(**one.model_dump(exclude={"total"})) for one in found),
        inconsistencies_total=found[0].total if found else 0,
    )


def count_inconsistencies(door: Door) -> int:
    """How many contradictions there are."""
    found = _inconsistencies(door, 1)
    return found[0].total if found else 0


def _inconsistencies(door: Door, limit: int) -> list[_Found]:
    return door.rows(_Found, query("streaks/inconsistencies"), [limit])
