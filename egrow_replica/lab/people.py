"""What people do at the academy, one statement each: chosen by a seed, remembered when it happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from egrow_replica.lab.ledger import Row, Value

#: Some of those who learn already, and the number after which their next lesson cannot collide.
_PROGRESS: Final = """
SELECT c.id, greatest(50, max(l."lessonNumber"))
  FROM public.course_progress AS c LEFT JOIN public.lesson_progress AS l ON l."courseProgressId" = c.id
 GROUP BY c.id ORDER BY c.id LIMIT 500;
"""


@dataclass(frozen=True)
class Write:
    """One statement, so one transaction, and the rows as it leaves them."""

    kind: str
    sql: str
    rows: tuple[Row, ...]


@dataclass
class People:
    """Who is there and what they have done; makes up the next thing that somebody does."""

    chance: random.Random
    prefix: str
    courses: list[str]
    progress: dict[str, int]
    logout: bool
    number: int = 0
    users: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    enrolled: set[tuple[str, str]] = field(default_factory=set)
    without_streak: list[str] = field(default_factory=list)

    @classmethod
    def meet(cls, ask: Callable[[str], str], *, seed: int, logout: bool) -> People:
        """Look at the production database; an earlier application with the same seed was an earlier run."""
        prefix = f"capp{seed}r"
        run = ask(
            f"SELECT coalesce(max(substring(id FROM '^{prefix}([0-9]+)n')::integer), 0) + 1 FROM public.users"  # noqa: S608
            f" WHERE id LIKE '{prefix}%';"
        )
        courses = ask("SELECT id FROM public.courses ORDER BY id;").split()
        progress = ask(_PROGRESS).splitlines()
        return cls(
            chance=random.Random(seed),  # noqa: S311 - no secret, the same story every time
            prefix=f"{prefix}{run}n",
            courses=courses,
            progress={key: int(lesson) for key, lesson in (line.split("|") for line in progress)},
            logout=logout,
        )

    def next_write(self) -> Write:
        """What somebody does now."""
        self.number += 1
        if not self.users or self.chance.random() < 0.3:
            return self._register()
        kinds = [self._learn, self._learn, self._enrol, self._earn_streak]
        if self.logout:
            kinds.append(self._log_out)
        return self.chance.choice(kinds)() or self._register()

    def remember(self, write: Write) -> None:
        """It happened: others can build upon it."""
        values = {row.table: row for row in write.rows}
        if write.kind == "register":
            self.users.append(values["users"].id)
            self.without_streak.append(values["users"].id)
            self.sessions.append(values["sessions"].id)
        elif write.kind == "enrol":
            self.progress[values["course_progress"].id] = 0

    def _register(self) -> Write:
        user = self._id("")
        now = _now()
        rows = (
            Row(
                "users",
                user,
                {
                    "email": f"{user}@alumnos.example",
                    "firstName": "Nuria",
                    "lastName": f"d'Alò {self.number}",
                    "createdAt": now,
                    "updatedAt": now,
                },
            ),
            Row(
                "sessions",
                self._id("s"),
                {"token": f"token-{user}", "expiresAt": _now(days=30), "createdAt": now, "userId": user},
            ),
            Row(
                "user_preferences",
                self._id("p"),
                {"userId": user, "skillLevel": "inicial", "createdAt": now, "updatedAt": now},
            ),
        )
        return Write("register", _insert(rows), rows)

    def _enrol(self) -> Write | None:
        user, course = self.chance.choice(self.users), self.chance.choice(self.courses)
        if (user, course) in self.enrolled:
            return None
        self.enrolled.add((user, course))
        enrolment, now = self._id("e"), _now()
        rows = (
            Row("enrollments", enrolment, {"userId": user, "courseId": course, "status": "ACTIVE", "enrolledAt": now}),
            Row(
                "course_progress",
                self._id("c"),
                {"enrollmentId": enrolment, "currentLesson": 1, "lastAccessed": now, "startedAt": now},
            ),
        )
        return Write("enrol", _insert(rows), rows)

    def _learn(self) -> Write | None:
        if not self.progress:
            return None
        key = self.chance.choice(list(self.progress))
        self.progress[key] += 1
        lesson, now = self.progress[key], _now()
        changed = Row(
            "course_progress",
            key,
            {"currentLesson": lesson, "progressPercentage": lesson % 100, "lastAccessed": now, "status": "IN_PROGRESS"},
        )
        added = Row(
            "lesson_progress",
            self._id("l"),
            {
                "courseProgressId": key,
                "lessonNumber": lesson,
                "lessonTitle": f"Lección {lesson}",
                "isCompleted": True,
                "timeSpent": self.chance.randrange(60, 3600),
                "firstAccessed": now,
                "lastAccessed": now,
            },
        )
        return Write("learn", f"WITH changed AS ({_update(changed)}) {_insert((added,))}", (changed, added))

    def _earn_streak(self) -> Write | None:
        if not self.without_streak:
            return None
        user = self.without_streak.pop(self.chance.randrange(len(self.without_streak)))
        now, week = _now(), _week()
        lessons = self.chance.randrange(5, 9)
        rows = (
            Row(
                "user_streaks",
                self._id("k"),
                {
                    "userId": user,
                    "weekStartDate": week,
                    "currentWeekLessons": lessons,
                    "currentStreak": 1,
                    "longestStreak": 1,
                    "totalPoints": 10,
                    "lifetimePointsEarned": 10,
                    "isCurrentWeekComplete": True,
                    "updatedAt": now,
                },
            ),
            Row(
                "weekly_lesson_completions",
                self._id("w"),
                {
                    "userId": user,
                    "weekStart": week,
                    "courseId": self.chance.choice(self.courses),
                    "lessonsCompletedInWeek": lessons,
                    "lastLessonAt": now,
                    "updatedAt": now,
                },
            ),
            Row(
                "user_points_history",
                self._id("h"),
                {
                    "userId": user,
                    "pointsEarned": 10,
                    "transactionType": "WEEKLY_GOAL",
                    "reason": "Meta semanal completada",
                    "weekStart": week,
                },
            ),
        )
        return Write("streak", _insert(rows), rows)

    def _log_out(self) -> Write | None:
        if not self.sessions:
            return None
        session = self.sessions.pop(self.chance.randrange(len(self.sessions)))
        sql = f"DELETE FROM public.sessions WHERE id = {literal(session)}"  # noqa: S608
        return Write("logout", sql, (Row("sessions", session, None),))

    def _id(self, kind: str) -> str:
        return f"{self.prefix}{self.number}{kind}"


def literal(value: Value) -> str:
    """A value as SQL writes it.

    >>> literal("d'Alò")
    "'d''Alò'"
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def _insert(rows: tuple[Row, ...]) -> str:
    """All rows in one statement: foreign keys are checked at its end, and there is nothing half-done."""
    statements = []
    for row in rows:
        values = {"id": row.id, **(row.values or {})}
        columns = ", ".join(f'"{name}"' for name in values)
        items = ", ".join(literal(value) for value in values.values())
        statements.append(f'INSERT INTO public."{row.table}" ({columns}) VALUES ({items})')  # noqa: S608
    *first, last = statements
    if not first:
        return last
    return "WITH " + ", ".join(f"w{number} AS ({text})" for number, text in enumerate(first)) + " " + last


def _update(row: Row) -> str:
    changes = ", ".join(f'"{name}" = {literal(value)}' for name, value in (row.values or {}).items())
    return f'UPDATE public."{row.table}" SET {changes} WHERE id = {literal(row.id)}'  # noqa: S608


def _now(*, days: int = 0) -> str:
    """Whole seconds, as the database's JSON writes a timestamp, so that both can be compared as text."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S")


def _week() -> str:
    today = datetime.now(UTC).date()
    return f"{today - timedelta(days=today.weekday())}T00:00:00"
