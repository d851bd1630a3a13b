"""Reading the report. The caller's transaction makes it one moment."""

from __future__ import annotations

from egrow_replica.db import Door, query
from egrow_replica.streaks.model import (
    AwardedBadge,
    BadgeLevel,
    Completion,
    FullReport,
    Inconsistency,
    PointsEntry,
    QuickReport,
    Recovery,
    RunningStreak,
)


class _Found(Inconsistency):
    """A line of the query: the inconsistency and how many there are in all."""

    total: int


def read_quick(door: Door) -> QuickReport:
    """The four numbers."""
    return door.one(QuickReport, query("streaks/totals"))


def read_full(door: Door) -> FullReport:
    """The four numbers, every entry of each list and every contradiction."""
    found = _inconsistencies(door, None)
    return FullReport(
        **read_quick(door).model_dump(),
        streaks=tuple(door.rows(RunningStreak, query("streaks/streaks"))),
        badge_levels=tuple(door.rows(BadgeLevel, query("streaks/badge_levels"))),
        badges=tuple(door.rows(AwardedBadge, query("streaks/badges"))),
        recent_completions=tuple(door.rows(Completion, query("streaks/recent_completions"))),
        recent_points=tuple(door.rows(PointsEntry, query("streaks/recent_points"))),
        recent_recoveries=tuple(door.rows(Recovery, query("streaks/recent_recoveries"))),
        inconsistencies=tuple(Inconsistency(**one.model_dump(exclude={"total"})) for one in found),
        inconsistencies_total=found[0].total if found else 0,
    )


def count_inconsistencies(door: Door) -> int:
    """How many contradictions there are."""
    found = _inconsistencies(door, 1)
    return found[0].total if found else 0


def _inconsistencies(door: Door, limit: int | None) -> list[_Found]:
    return door.rows(_Found, query("streaks/inconsistencies"), [limit])
