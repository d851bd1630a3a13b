"""What the streak report says. Users are named by their id only: the report may end in a ticket."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from egrow_replica.model import Model


class QuickReport(Model):
    """Answer of ``streaks quick``.

    :ivar users_with_streaks: users with a week whose current streak is above zero.
    :ivar completions_this_week: weekly completions with a lesson in the last seven days.
    """

    total_users: int
    users_with_streaks: int
    total_badges: int
    completions_this_week: int

    @property
    def active(self) -> bool:
        """Whether anybody has a streak, and learnt something this week."""
        return bool(self.users_with_streaks and self.completions_this_week)


class RunningStreak(Model):
    """A user's newest week, where it has a streak."""

    user: str
    week: datetime
    current_streak: int
    longest_streak: int
    week_lessons: int
    week_complete: bool
    total_points: int
    last_lesson_at: datetime | None


class BadgeLevel(Model):
    """How many badges of a level were given, and how many of them are active."""

    level: str
    given: int
    active: int


class AwardedBadge(Model):
    """A badge that a user was given."""

    user: str
    badge: str
    streak_when_earned: int
    active: bool
    earned_at: datetime


class Completion(Model):
    """A user's lessons of one course in one week."""

    user: str
    week: datetime
    course: str
    lessons: int
    last_lesson_at: datetime | None


class PointsEntry(Model):
    """Points earned, or spent where negative."""

    user: str
    points: int
    kind: str
    reason: str
    week: datetime | None
    at: datetime


class Recovery(Model):
    """A streak that was saved with points."""

    user: str
    points_spent: int
    badge: str
    streak_lost: int
    week_missed: datetime
    reason: str | None
    recovered_at: datetime


class InconsistencyKind(StrEnum):
    """Which two numbers contradict each other."""

    #: a week's lessons, and the sum of that week's completions
    WEEK_LESSONS = "week_lessons"
    #: a current streak above the longest one
    CURRENT_STREAK = "current_streak"
    #: points spent on recovery in all weeks, and what the recovery history shows
    RECOVERY_POINTS = "recovery_points"
    #: the streak a badge was earned with above the user's longest one
    BADGE = "badge"


class Inconsistency(Model):
    """A number that contradicts another.

    :ivar week: for points and badges the user's newest week with them; null where a badge's user has no week.
    :ivar badge: the badge's level, null for other kinds.
    :ivar recorded: the number in question; ``expected`` is what it should be, or not exceed.
    """

    kind: InconsistencyKind
    user: str
    week: datetime | None
    badge: str | None
    recorded: int
    expected: int


class FullReport(QuickReport):
    """Answer of ``streaks full``: everything, the newest first.

    :ivar shown: so many entries of each list a person is shown; JSON has all.
    :ivar inconsistencies_total: how many there are.
    """

    shown: int = Field(20, exclude=True)
    badge_levels: tuple[BadgeLevel, ...]

    streaks: tuple[RunningStreak, ...]
    badges: tuple[AwardedBadge, ...]
    recent_completions: tuple[Completion, ...]
    recent_points: tuple[PointsEntry, ...]
    recent_recoveries: tuple[Recovery, ...]
    inconsistencies: tuple[Inconsistency, ...]
    inconsistencies_total: int
