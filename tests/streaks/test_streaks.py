"""The streak report: its numbers, its Spanish, its inconsistencies, and databases that have no streaks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.command import COMMAND, environment
from support.pair import Pair

from egrow_replica.model import Server

SPANISH = """\
📊 Estado del sistema:
   👥 Total usuarios: 150
   🏆 Usuarios con rachas: 45
   🏅 Total badges otorgados: 89
   📅 Completaciones esta semana: 127
✅ Sistema de rachas activo
"""
ENGLISH = """\
📊 System status:
   👥 Total users: 150
   🏆 Users with streaks: 45
   🏅 Badges awarded: 89
   📅 Completions this week: 127
✅ Streak system active
"""
LISTS = ("streaks", "badges", "recent_completions", "recent_points", "recent_recoveries", "inconsistencies")


def told(pair: Pair, *arguments: str, env: dict[str, str] | None = None, code: int = 0) -> str:
    """What a person reads."""
    done = subprocess.run(
        [COMMAND, "--config", str(pair.config), *arguments],
        env={**environment(), "LC_ALL": "C.UTF-8", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, bool(done.stderr)) == (code, bool(code)), done.stderr
    return done.stdout


TABLES = ("user_streaks", "user_streak_badges", "weekly_lesson_completions", "streak_recovery_history")


@pytest.fixture
def lent(shared_pair: Pair) -> Iterator[Pair]:
    """The module's pair; the rows of its streaks are put back."""
    shared_pair.prod_sql("CREATE SCHEMA kept")
    for table in TABLES:
        shared_pair.prod_sql(f"CREATE TABLE kept.{table} AS SELECT * FROM {table}")
    yield shared_pair
    for table in TABLES:
        shared_pair.prod_sql(f"TRUNCATE {table}")
        shared_pair.prod_sql(f"INSERT INTO {table} SELECT * FROM kept.{table}")
    shared_pair.prod_sql("DROP SCHEMA kept CASCADE")


@pytest.fixture
def streak(lent: Pair) -> Callable[[str], dict[str, Any]]:
    """Change production, and what the full report finds then: exactly one thing."""

    def change(query: str) -> dict[str, Any]:
        lent.prod_sql(query)
        result = lent.cli("streaks", "full")
        assert (result.exit_code, result.error["code"]) == (5, "inconsistencies"), str(result)
        report = result.json
        assert report["inconsistencies_total"] == len(report["inconsistencies"]) == 1
        assert f"1 {report['inconsistencies'][0]['kind']}" in result.error["message"]
        found: dict[str, Any] = report["inconsistencies"][0]
        return found

    return change


@contextmanager
def altered(pair: Pair, change: str, back: str) -> Iterator[None]:
    """Production is another one for a while."""
    pair.prod_sql(change)
    try:
        yield
    finally:
        pair.prod_sql(back)


def test_quick_in_json(shared_pair: Pair) -> None:
    with shared_pair.unchanged():
        assert shared_pair.ok("streaks", "quick").json == {
            "command": "streaks quick",
            "ok": True,
            "exit_code": 0,
            "total_users": 150,
            "users_with_streaks": 45,
            "total_badges": 89,
            "completions_this_week": 127,
        }


@pytest.mark.parametrize(
    ("arguments", "env", "text"),
    [
        (("--lang", "es"), {}, SPANISH),
        (("--lang=es",), {"LC_ALL": "en_US.UTF-8"}, SPANISH),
        ((), {"LC_ALL": "es_PY.UTF-8"}, SPANISH),
        ((), {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "es_ES.UTF-8"}, SPANISH),
        ((), {"LC_ALL": "", "LC_MESSAGES": "es", "LANG": "en_US"}, SPANISH),
        ((), {}, ENGLISH),
        ((), {"LC_ALL": "de_DE.UTF-8"}, ENGLISH),
        (("--lang", "en"), {"LC_ALL": "es_PY.UTF-8"}, ENGLISH),
    ],
)
def test_quick_as_a_person_reads_it(
    shared_pair: Pair, arguments: tuple[str, ...], env: dict[str, str], text: str
) -> None:
    assert told(shared_pair, "streaks", "quick", *arguments, env=env) == text


def test_an_unknown_language(shared_pair: Pair) -> None:
    result = shared_pair.cli("--lang", "fr", "streaks", "quick")
    assert result.exit_code == 2
    assert "fr" in result.error["message"]


def test_a_terminal_without_emoji(shared_pair: Pair) -> None:
    done = subprocess.run(
        [COMMAND, "--config", str(shared_pair.config), "--lang", "es", "streaks", "full"],
        env={**environment(), "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        encoding="latin-1",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Últimas completaciones" in done.stdout


def test_full_in_json(shared_pair: Pair) -> None:
    with shared_pair.unchanged():
        report = shared_pair.ok("streaks", "full").json
    quick = shared_pair.ok("streaks", "quick").json
    assert report["command"] == "streaks full"
    assert {**report, **quick} == {**report, "command": "streaks quick"}
    assert set(report) - set(quick) == {*LISTS, "badge_levels", "inconsistencies_total"}
    assert report["inconsistencies"] == []
    assert len(report["streaks"]) == report["users_with_streaks"] == 45, "all of them"
    assert len(report["badges"]) == report["total_badges"]
    for name, table in {
        "recent_completions": "weekly_lesson_completions",
        "recent_points": "user_points_history",
        "recent_recoveries": "streak_recovery_history",
    }.items():
        assert len(report[name]) == shared_pair.value(Server.PROD, f"SELECT count(*) FROM {table}"), name
    levels = {one["level"]: (one["given"], one["active"]) for one in report["badge_levels"]}
    assert sum(given for given, _ in levels.values()) == report["total_badges"]
    counted = shared_pair.prod_sql(
        """SELECT "badgeLevel"::text, count(*), count(*) FILTER (WHERE "isActive") FROM user_streak_badges GROUP BY 1"""
    )
    assert levels == {level: (given, active) for level, given, active in counted}
    lengths = [one["current_streak"] for one in report["streaks"]]
    assert lengths == sorted(lengths, reverse=True)
    assert len({one["user"] for one in report["streaks"]}) == len(lengths)
    dates = [one["earned_at"] for one in report["badges"]]
    assert dates == sorted(dates, reverse=True)
    assert all(one["at"].endswith(("+00:00", "Z")) for one in report["recent_points"])
    addresses = shared_pair.prod_sql("SELECT email FROM users")
    assert not any(email in str(report) for (email,) in addresses)


@pytest.mark.parametrize(
    ("lang", "title"), [("es", "🔥 Rachas activas más largas:"), ("en", "🔥 Longest running streaks:")]
)
def test_full_as_a_person_reads_it(shared_pair: Pair, lang: str, title: str) -> None:
    lines = told(shared_pair, "--lang", lang, "streaks", "full").splitlines()
    block = (SPANISH if lang == "es" else ENGLISH).splitlines()
    assert lines[:5] == block[:5]
    assert lines[5] == title
    assert lines[-1] == block[-1]


@pytest.mark.parametrize("limit", [3, 20])
def test_a_person_is_told_what_was_left_out(shared_pair: Pair, limit: int) -> None:
    lines = told(shared_pair, "streaks", "full", *(["--limit", str(limit)] if limit != 20 else [])).splitlines()
    streaks = lines[lines.index("🔥 Longest running streaks:") :]
    assert streaks[limit + 2].strip() == f"… and {45 - limit} more (--limit)"
    assert len(shared_pair.ok("streaks", "full", "--limit", "1").json["streaks"]) == 45
    assert shared_pair.cli("streaks", "full", "--limit", "0").exit_code == 2


def test_an_academy_in_which_nothing_happens_is_not_called_active(lent: Pair) -> None:
    lent.prod_sql("""UPDATE weekly_lesson_completions SET "lastLessonAt" = "lastLessonAt" - interval '1 year'""")
    for what in ("quick", "full"):
        shown = told(lent, "--lang", "es", "streaks", what)
        assert "activo" not in shown.splitlines()[-1], shown
        assert "Sin señales de actividad" in shown


def test_seven_days(lent: Pair) -> None:
    """Also at their edges; a lesson of tomorrow is none of this week."""
    lent.prod_sql("""UPDATE weekly_lesson_completions SET "lastLessonAt" = NULL""")
    edges = ("6 days 23:59:00", "7 days 00:01:00", "00:00:01", "-1 day")
    for row, edge in enumerate(edges):
        lent.prod_sql(
            f"""UPDATE weekly_lesson_completions SET "lastLessonAt" = now() AT TIME ZONE 'UTC' - interval '{edge}'
                 WHERE id = (SELECT id FROM weekly_lesson_completions ORDER BY id OFFSET {row} LIMIT 1)"""
        )
    zone = "ALTER ROLE egrow_operator {} TimeZone"
    with altered(lent, f"{zone.format('SET')} = 'Pacific/Kiritimati'", zone.format("RESET")):
        assert lent.ok("streaks", "quick").json["completions_this_week"] == 2


def test_an_empty_academy(pair: Pair) -> None:
    pair.prod_sql("TRUNCATE users CASCADE")
    report = pair.ok("streaks", "full").json
    assert [report[key] for key in ("total_users", "users_with_streaks", "total_badges", "completions_this_week")] == [
        *(0, 0, 0, 0)
    ]
    assert all(report[name] == [] for name in LISTS)
    shown = told(pair, "--lang", "es", "streaks", "full")
    assert "Total usuarios: 0" in shown
    assert "Sistema de rachas activo" not in shown


# ----------------------------------------------------------------------------------------------------- inconsistencies

NEWEST = """(SELECT id FROM user_streaks WHERE "currentStreak" > 0 ORDER BY "weekStartDate" DESC, id LIMIT 1)"""


def test_lessons_of_a_week(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    user, lessons = lent.prod_sql(f'SELECT "userId", "currentWeekLessons" FROM user_streaks WHERE id = {NEWEST}')[0]
    found = streak(f'UPDATE user_streaks SET "currentWeekLessons" = "currentWeekLessons" + 3 WHERE id = {NEWEST}')
    assert found["kind"] == "week_lessons"
    assert (found["user"], found["recorded"], found["expected"]) == (user, lessons + 3, lessons)
    assert found["week"].startswith(str(lent.prod_sql('SELECT max("weekStartDate")::date FROM user_streaks')[0][0]))
    assert found["badge"] is None


def test_a_week_whose_completions_are_gone(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    found = streak(
        f"""DELETE FROM weekly_lesson_completions AS w USING user_streaks AS s
             WHERE s.id = {NEWEST} AND w."userId" = s."userId" AND w."weekStart" = s."weekStartDate" """
    )
    assert (found["kind"], found["expected"]) == ("week_lessons", 0)
    assert found["recorded"] > 0


def test_a_streak_above_the_longest(streak: Callable[[str], dict[str, Any]]) -> None:
    found = streak(f'UPDATE user_streaks SET "currentStreak" = "longestStreak" + 1 WHERE id = {NEWEST}')
    assert found["kind"] == "current_streak"
    assert found["recorded"] == found["expected"] + 1


def test_points_that_the_recovery_history_does_not_show(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    user, points = lent.prod_sql('SELECT "userId", "pointsSpent" FROM streak_recovery_history ORDER BY id LIMIT 1')[0]
    found = streak(f"""DELETE FROM streak_recovery_history WHERE "userId" = '{user}'""")
    assert found["kind"] == "recovery_points"
    assert (found["user"], found["recorded"], found["expected"]) == (user, points, 0)
    assert found["week"]


def test_points_in_several_weeks_are_added(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    user, points = lent.prod_sql('SELECT "userId", "pointsSpent" FROM streak_recovery_history ORDER BY id LIMIT 1')[0]
    found = streak(
        f"""UPDATE user_streaks SET "pointsSpentOnRecovery" = 1
             WHERE id = (SELECT id FROM user_streaks WHERE "userId" = '{user}' ORDER BY "weekStartDate" LIMIT 1)"""
    )
    assert (found["recorded"], found["expected"]) == (points + 1, points)


def test_a_badge_above_the_longest_streak(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    found = streak(
        """UPDATE user_streak_badges AS b SET "streakWhenEarned" = 99
            WHERE id = (SELECT id FROM user_streak_badges ORDER BY id LIMIT 1)"""
    )
    assert (found["kind"], found["recorded"]) == ("badge", 99)
    assert found["expected"] < 99
    assert found["badge"] in [
        badge for (badge,) in lent.prod_sql('SELECT DISTINCT "badgeLevel"::text FROM user_streak_badges')
    ]


def test_a_badge_of_somebody_without_a_week(lent: Pair, streak: Callable[[str], dict[str, Any]]) -> None:
    found = streak(
        """INSERT INTO user_streak_badges (id, "userId", "badgeLevel", "streakWhenEarned")
           SELECT 'x', u.id, 'LEYENDA', 1 FROM users AS u
            WHERE NOT EXISTS (SELECT FROM user_streaks AS s WHERE s."userId" = u.id) LIMIT 1"""
    )
    assert (found["kind"], found["week"], found["badge"], found["expected"]) == ("badge", None, "LEYENDA", 0)


def test_more_inconsistencies_than_a_person_reads(lent: Pair) -> None:
    lent.prod_sql('UPDATE user_streaks SET "currentWeekLessons" = -1')
    weeks = lent.prod_sql("SELECT count(*) FROM user_streaks")[0][0]
    report = lent.cli("streaks", "full").json
    assert report["inconsistencies_total"] == len(report["inconsistencies"]) == weeks
    spanish = told(lent, "--lang", "es", "streaks", "full", code=5)
    assert f"… y {weeks - 20} más (--limit)\n⚠️ {weeks} inconsistencias\n" in spanish
    assert "Sistema de rachas activo" not in spanish
    assert "-1 lecciones registradas" in spanish


# ---------------------------------------------------------------------------------------------------- other databases


@pytest.mark.parametrize("what", ["quick", "full"])
def test_a_database_without_streaks(shared_pair: Pair, what: str) -> None:
    badges = ("ALTER TABLE user_streak_badges RENAME TO b", "ALTER TABLE b RENAME TO user_streak_badges")
    streaks = ("ALTER TABLE user_streaks SET SCHEMA elsewhere", "ALTER TABLE elsewhere.user_streaks SET SCHEMA public")
    with (
        altered(shared_pair, "CREATE SCHEMA elsewhere", "DROP SCHEMA elsewhere"),
        altered(shared_pair, *badges),
        altered(shared_pair, *streaks),
    ):
        result = shared_pair.cli("streaks", what)
    assert result.exit_code == 4
    assert result.error["code"] == "no-streak-tables"
    assert "public.user_streak_badges, public.user_streaks" in result.error["message"]
    assert "[prod]" in result.error["hint"]
    assert result.json["command"] == f"streaks {what}"


def test_a_table_that_only_full_needs(shared_pair: Pair) -> None:
    away = ("ALTER TABLE streak_recovery_history RENAME TO r", "ALTER TABLE r RENAME TO streak_recovery_history")
    with altered(shared_pair, *away):
        shared_pair.ok("streaks", "quick")
        result = shared_pair.cli("streaks", "full")
    assert result.exit_code == 4
    assert "public.streak_recovery_history" in result.error["message"]


def test_a_column_of_another_name(shared_pair: Pair) -> None:
    rename = "ALTER TABLE user_streaks RENAME {} TO {}"
    names = ('"currentStreak"', "current_streak")
    with altered(shared_pair, rename.format(*names), rename.format(*reversed(names))):
        result = shared_pair.cli("streaks", "quick")
    assert result.exit_code == 4
    assert "public.user_streaks.currentStreak" in result.error["message"]


def test_tables_that_may_not_be_read(shared_pair: Pair) -> None:
    change = "REVOKE SELECT ON user_streaks FROM egrow_operator"
    with altered(shared_pair, change, "GRANT SELECT ON user_streaks TO egrow_operator"):
        result = shared_pair.cli("streaks", "quick")
    assert result.exit_code == 4
    assert 'GRANT SELECT ON "public"."user_streaks" TO "egrow_operator"' in result.error["hint"]


def test_row_security_hides_no_user(shared_pair: Pair) -> None:
    """A number that is too small would be worse than none."""
    role = "ALTER ROLE egrow_operator {}BYPASSRLS"
    before = shared_pair.prod_sql("SELECT rolbypassrls FROM pg_roles WHERE rolname = 'egrow_operator'")[0][0]
    security = "ALTER TABLE users {} ROW LEVEL SECURITY"
    with (
        altered(shared_pair, security.format("ENABLE"), security.format("DISABLE")),
        altered(shared_pair, role.format("NO"), role.format("" if before else "NO")),
    ):
        result = shared_pair.cli("streaks", "quick")
    assert result.exit_code == 4
    assert "row-level security" in result.error["message"]
    assert "BYPASSRLS" in result.error["hint"]


def test_only_production_is_asked_and_has_to_answer(shared_pair: Pair) -> None:
    nowhere = "host=127.0.0.1 port=1 dbname=nowhere"
    logins = dict(shared_pair.logins)
    try:
        shared_pair.configure(logins={"dev": nowhere})
        assert shared_pair.ok("streaks", "quick").json["total_users"] == 150
        shared_pair.configure(logins={"prod": nowhere})
        assert shared_pair.cli("streaks", "quick").exit_code == 7
    finally:
        shared_pair.configure(logins=logins)


def test_one_snapshot_while_people_learn(pair: Pair) -> None:
    """However much is written meanwhile, no number contradicts another."""
    with pair.application():
        for _ in range(3):
            assert pair.ok("streaks", "full").json["inconsistencies"] == []
