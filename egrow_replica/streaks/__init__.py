"""The academy's own report: streaks, badges, weekly completions, points, and what in them contradicts itself."""

from egrow_replica.streaks.model import (
    AwardedBadge,
    BadgeLevel,
    Completion,
    FullReport,
    Inconsistency,
    InconsistencyKind,
    PointsEntry,
    QuickReport,
    Recovery,
    RunningStreak,
)
from egrow_replica.streaks.numbers import StreakNumbers, compare_numbers, read_numbers
from egrow_replica.streaks.read import read_full, read_quick
from egrow_replica.streaks.required import require_tables

__all__ = [
    "AwardedBadge",
    "BadgeLevel",
    "Completion",
    "FullReport",
    "Inconsistency",
    "InconsistencyKind",
    "PointsEntry",
    "QuickReport",
    "Recovery",
    "RunningStreak",
    "StreakNumbers",
    "compare_numbers",
    "read_full",
    "read_numbers",
    "read_quick",
    "require_tables",
]
