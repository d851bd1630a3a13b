"""What the report needs to find; a database of something else is refused by name, not by an error of SQL."""

from __future__ import annotations

from collections.abc import Mapping

from egrow_replica.db import Door, Identifier, query, relation
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import Model, TableName

_QUICK = {
    "users": (),
    "user_streaks": ("userId", "currentStreak"),
    "user_streak_badges": (),
    "weekly_lesson_completions": ("lastLessonAt",),
}
_FULL = {
    "users": (),
    "user_streaks": (
        *("userId", "weekStartDate", "currentWeekLessons", "currentStreak", "longestStreak", "totalPoints"),
        *("isCurrentWeekComplete", "lastLessonCompletedAt", "pointsSpentOnRecovery"),
    ),
    "user_streak_badges": ("id", "userId", "badgeLevel", "streakWhenEarned", "isActive", "earnedAt"),
    "user_points_history": (*("id", "userId", "pointsEarned", "transactionType", "reason", "weekStart", "createdAt"),),
    "weekly_lesson_completions": (
        *("id", "userId", "weekStart", "courseId", "lessonsCompletedInWeek", "lastLessonAt"),
    ),
    "streak_recovery_history": (
        *("id", "userId", "pointsSpent", "badgeLevel", "recoveryReason", "originalStreakLost", "weekMissed"),
        "recoveredAt",
    ),
}


class _Required(Model):
    name: TableName
    column: str
    table_exists: bool
    column_exists: bool
    readable: bool
    filtered: bool


def require_tables(door: Door, *, full: bool) -> None:
    """See that the academy's tables are there and may be read whole.

    :raises PreflightFailed: one is missing, lacks a column, or may not be read.
    """
    wanted = _FULL if full else _QUICK
    found = door.rows(_Required, query("streaks/required"), list(_pairs(wanted)))
    missing = sorted({str(one.name) for one in found if not one.table_exists})
    if missing:
        raise PreflightFailed(
            f"{door.server} is not the academy's database: it has no table {', '.join(missing)}",
            hint="The streak report reads the academy's own tables; see which database [prod] leads to.",
            code="no-streak-tables",
        )
    _require_columns(door, found)
    _require_rights(door, found)


def _require_columns(door: Door, found: list[_Required]) -> None:
    lacking = sorted(f"{one.name}.{one.column}" for one in found if not one.column_exists)
    if lacking:
        raise PreflightFailed(
            f"{door.server} has the academy's tables without the columns {', '.join(lacking)}",
            hint="The streak report reads the academy's own columns; see whether a migration renamed them.",
            code="no-streak-columns",
        )


def _require_rights(door: Door, found: list[_Required]) -> None:
    role = Identifier(door.role).as_string()
    secret = {one.name for one in found if not one.readable}
    if secret:
        tables = ", ".join(relation(name).as_string() for name in sorted(secret))
        raise PreflightFailed(
            f"{door.role} may not read {', '.join(map(str, sorted(secret)))} on {door.server}",
            hint=f"GRANT SELECT ON {tables} TO {role}",
            code="streaks-not-readable",
        )
    filtered = {one.name for one in found if one.filtered}
    if filtered:
        raise PreflightFailed(
            f"row-level security hides rows of {', '.join(map(str, sorted(filtered)))} from {door.role}",
            hint=f"ALTER ROLE {role} BYPASSRLS, or read them as their owner.",
            code="streaks-not-readable",
        )


def _pairs(wanted: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """Tables and columns, side by side. A table of which only rows are counted is asked for its key."""
    pairs = [(table, column) for table, columns in wanted.items() for column in columns or ("id",)]
    return [table for table, _ in pairs], [column for _, column in pairs]
