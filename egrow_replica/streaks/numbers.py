"""The report's numbers before and after a window, and which tables' writes can have changed them."""

from __future__ import annotations

from collections.abc import Mapping

from egrow_replica.db import Door
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import QualifiedName, TableVerdict
from egrow_replica.results import StreakNumber
from egrow_replica.streaks.model import QuickReport
from egrow_replica.streaks.read import count_inconsistencies, read_quick
from egrow_replica.streaks.required import require_tables

#: Where each number comes from, in the schema ``public``.
_TABLES = {
    "total_users": ("users",),
    "users_with_streaks": ("user_streaks",),
    "total_badges": ("user_streak_badges",),
    "completions_this_week": ("weekly_lesson_completions",),
    "inconsistencies": (
        *("user_streaks", "user_streak_badges", "weekly_lesson_completions", "streak_recovery_history"),
    ),
}
#: A week goes by on its own: this number changes without a write.
_OF_TIME = "completions_this_week"


class StreakNumbers(QuickReport):
    """What ``streaks full`` counts.

    :ivar inconsistencies: how many numbers contradict another.
    """

    inconsistencies: int


def read_numbers(door: Door) -> StreakNumbers | None:
    """The numbers in the door's snapshot; ``None`` where the database is not the academy's, or may not be read."""
    try:
        require_tables(door, full=True)
    except PreflightFailed:
        return None
    return StreakNumbers(**read_quick(door).model_dump(), inconsistencies=count_inconsistencies(door))


def compare_numbers(
    door: Door, before: StreakNumbers | None, verdicts: Mapping[QualifiedName, TableVerdict]
) -> tuple[StreakNumber, ...]:
    """Each number before and now; empty where there was none before, or is none now.

    Where every table behind the report is intact the numbers are the ones before, and nothing is read.

    :param verdicts: of every protected table. One that is missing here (a view, a partitioned table) or ``unproven``
        says nothing of who changed a number; the latter is a problem of its own.
    """
    if before is None:
        return ()
    known = {name: _known(tables, verdicts) for name, tables in _TABLES.items()}
    intact = all(verdict is TableVerdict.INTACT for verdict in known.values())
    now = before if intact else read_numbers(door)
    if now is None:
        return ()
    return tuple(_number(name, getattr(before, name), getattr(now, name), verdict) for name, verdict in known.items())


def _known(tables: tuple[str, ...], verdicts: Mapping[QualifiedName, TableVerdict]) -> TableVerdict:
    names = [QualifiedName("public", table) for table in tables]
    return TableVerdict.worst([verdicts.get(name, TableVerdict.UNPROVEN) for name in names])


def _number(name: str, before: int, after: int, verdict: TableVerdict) -> StreakNumber:
    by_time = name == _OF_TIME and verdict is TableVerdict.INTACT
    contradicts = verdict in (TableVerdict.INTACT, TableVerdict.TOUCHED) and not by_time
    return StreakNumber(name=name, before=before, after=after, explained=before == after or not contradicts)
