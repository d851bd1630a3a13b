"""The academy's data: the guide's figures, no contradictions, the same again for the same seed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from egrow_replica.lab.academy import load_academy
from egrow_replica.lab.lab import Lab
from egrow_replica.lab.psql import psql_command, psql_environment
from egrow_replica.model import Server
from egrow_replica.settings import sql_directory

FIGURES = """
SELECT (SELECT count(*) FROM users),
       (SELECT count(DISTINCT "userId") FROM user_streaks WHERE "currentStreak" > 0),
       (SELECT count(*) FROM user_streak_badges),
       (SELECT count(*) FROM weekly_lesson_completions
         WHERE "lastLessonAt" >= (now() AT TIME ZONE 'UTC') - INTERVAL '7 days')
"""

#: Counts back from now(), so they differ from one load to the next.
RELATIVE = {"user_streaks", "weekly_lesson_completions", "user_points_history", "streak_recovery_history"}

CONTENT = ("courses", "lessons", "resources", "events", "promotions", "products", "prices")


def test_production_at_scale_1_has_the_figures_of_the_guide(lab: Lab) -> None:
    assert lab.psql(Server.PROD, FIGURES) == "150|45|89|127"


def test_figures_grow_with_the_scale(lab: Lab, database: Callable[..., str]) -> None:
    other = lab.on(database(Server.PROD))
    load_academy(
        Server.PROD, other.prod_admin_dsn, bin_dir=lab.bin_dir, app_password=lab.passwords.application, scale=3, seed=1
    )
    assert other.psql(Server.PROD, FIGURES) == "450|135|267|381"
    assert other.psql(Server.PROD, "SELECT count(*) FROM courses WHERE slug ~ '^curso-'") == "72"


def test_a_few_thousand_rows_around_them(lab: Lab) -> None:
    counts = {
        table: int(lab.psql(Server.PROD, f'SELECT count(*) FROM "{table}"')) for table in tables(lab, Server.PROD)
    }
    assert 4000 < sum(counts.values()) < 10_000
    assert [table for table, count in counts.items() if count == 0] == []
    assert len(counts) == 35


@pytest.mark.parametrize(
    ("finding", "sql"),
    [
        (
            "a week's lessons are not the sum over its courses",
            """SELECT count(*) FROM user_streaks s FULL JOIN
                 (SELECT "userId", "weekStart", sum("lessonsCompletedInWeek") AS lessons FROM weekly_lesson_completions
                   GROUP BY 1, 2) w ON w."userId" = s."userId" AND w."weekStart" = s."weekStartDate"
                WHERE s."currentWeekLessons" IS DISTINCT FROM w.lessons""",
        ),
        (
            "a streak longer than the longest",
            'SELECT count(*) FROM user_streaks WHERE "currentStreak" > "longestStreak"',
        ),
        (
            "points spent that the history does not show",
            """SELECT count(*) FROM
                 (SELECT "userId", sum("pointsSpentOnRecovery") AS spent FROM user_streaks GROUP BY 1) s
               FULL JOIN (SELECT "userId", sum("pointsSpent") AS spent FROM streak_recovery_history GROUP BY 1) h
               USING ("userId") WHERE coalesce(s.spent, 0) <> coalesce(h.spent, 0)""",
        ),
        (
            "a badge for a streak that never was",
            """SELECT count(*) FROM user_streak_badges b WHERE "streakWhenEarned" >
                 ALL (SELECT "longestStreak" FROM user_streaks s WHERE s."userId" = b."userId")""",
        ),
        (
            "points that their history does not show",
            """SELECT count(*) FROM (SELECT DISTINCT ON ("userId") "userId", "totalPoints" FROM user_streaks
                                      ORDER BY "userId", "weekStartDate" DESC) s
               LEFT JOIN (SELECT "userId", sum("pointsEarned") AS points FROM user_points_history GROUP BY 1) h
               USING ("userId") WHERE s."totalPoints" <> coalesce(h.points, 0)""",
        ),
    ],
)
def test_streaks_are_consistent(lab: Lab, finding: str, sql: str) -> None:
    assert lab.psql(Server.PROD, sql) == "0", finding


@pytest.mark.parametrize("server", list(Server))
def test_no_orphans(lab: Lab, server: Server) -> None:
    keys = lab.psql(
        server,
        """SELECT c.conrelid::regclass, a.attname, c.confrelid::regclass FROM pg_constraint c
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'""",
    ).splitlines()
    assert len(keys) == 42
    queries = []
    for line in keys:
        table, column, target = line.split("|")
        queries.append(f"""SELECT '{line}' FROM {table} t WHERE "{column}" IS NOT NULL
                              AND NOT EXISTS (SELECT FROM {target} r WHERE r.id = t."{column}")""")
    assert lab.psql(server, " UNION ALL ".join(queries)) == ""


def test_foreign_keys_act_as_in_the_real_database(lab: Lab) -> None:
    rows = lab.psql(
        Server.PROD,
        """SELECT conname, confdeltype, confupdtype FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'c'
            ORDER BY conname COLLATE "C" """,
    ).splitlines()
    assert rows == [
        "comments_parentId_fkey|n|c",
        "courses_instructorId_fkey|n|c",
        "payments_courseId_fkey|n|c",
        "payments_subscriptionId_fkey|n|c",
        "security_logs_userId_fkey|n|c",
        "subscriptions_priceId_fkey|r|c",
    ]


@pytest.mark.parametrize("server", list(Server))
def test_same_seed_same_rows(lab: Lab, database: Callable[..., str], server: Server) -> None:
    again, other = (lab.on(database(server)) for _ in range(2))
    for each, seed in ((again, 1), (other, 2)):
        load_academy(
            server, each.admin_dsn(server), bin_dir=lab.bin_dir, app_password=lab.passwords.application, seed=seed
        )
    assert fingerprints(again, server) == fingerprints(lab, server)
    first, second = fingerprints(lab, server), fingerprints(other, server)
    assert {table for table in first if first[table] == second[table] != "0 0"} == {"_prisma_migrations"}


def test_dev_differs_in_every_way_that_matters(lab: Lab) -> None:
    for table in CONTENT:
        dev, prod = rows_by_id(lab, Server.DEV, table), rows_by_id(lab, Server.PROD, table)
        assert dev.keys() - prod.keys(), f"nothing new in {table}"
        assert any(dev[key] != prod[key] for key in dev.keys() & prod.keys()), f"nothing edited in {table}"
        if table not in ("products", "prices"):
            assert prod.keys() - dev.keys(), f"nothing only in production's {table}"
    test_mode = "SELECT bool_and(\"stripeProductId\" ~ '^prod_test_') FROM products"
    assert (lab.psql(Server.DEV, test_mode), lab.psql(Server.PROD, test_mode)) == ("t", "f")
    for column, table in (
        ("studentsCount", "courses"),
        ("downloadsCount", "resources"),
        ("currentCapacity", "events"),
        ("currentImpressions", "promotions"),
    ):
        total = f'SELECT sum("{column}") FROM {table}'
        assert lab.psql(Server.DEV, total) != lab.psql(Server.PROD, total)


def test_dev_names_only_instructors_that_production_knows(lab: Lab) -> None:
    on_dev = set(lab.psql(Server.DEV, 'SELECT "instructorId" FROM courses WHERE "instructorId" IS NOT NULL').split())
    assert on_dev
    assert on_dev <= set(lab.psql(Server.PROD, "SELECT id FROM users").split())


def test_content_holds_what_is_hard_to_carry(lab: Lab) -> None:
    large = "SELECT count(*) FROM lessons WHERE pg_column_size(content) > 3000"
    assert int(lab.psql(Server.DEV, large)) > 10
    hard = """SELECT bool_or("shortDescription" IS NULL), bool_or("shortDescription" = ''), bool_or(meta IS NULL),
                     bool_or(title ~ '[^ -~]'), bool_or(title ~ ' $'), bool_or(title ~ '"') FROM courses"""
    assert lab.psql(Server.DEV, hard) == "t|t|t|t|t|t"


def test_the_application_may_write_rows_and_nothing_else(lab: Lab) -> None:
    sql = """SELECT bool_and(pg_catalog.has_table_privilege('academy_app', oid, 'SELECT, INSERT, UPDATE, DELETE')),
                    bool_or(pg_catalog.has_table_privilege('academy_app', oid, 'TRUNCATE')),
                    bool_and(relowner = 'academy_owner'::regrole)
               FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"""
    assert lab.psql(Server.PROD, sql) == "t|f|t"


def test_scripts_run_as_init_scripts_of_the_image(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    """The postgres image runs each file with ``psql -v ON_ERROR_STOP=1 --no-psqlrc -f``, without our variables."""
    scripts = tmp_path / "docker-entrypoint-initdb.d"
    shutil.copytree(sql_directory() / "academy", scripts)
    other = lab.on(database(Server.PROD))
    for name in ("01-schema.sql", "02-production.sql"):
        command = [*psql_command(lab.bin_dir), "-f", str(scripts / name)]
        subprocess.run(command, env=psql_environment(other.prod_admin_dsn), check=True, cwd="/")
    assert other.psql(Server.PROD, FIGURES) == "150|45|89|127"


def tables(lab: Lab, server: Server) -> list[str]:
    sql = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
    return lab.psql(server, sql).splitlines()


def fingerprints(lab: Lab, server: Server) -> dict[str, str]:
    parts = []
    for table in tables(lab, server):
        row = "to_jsonb(t)"
        if table in RELATIVE:
            columns = f"""SELECT array_agg(attname::text) FROM pg_attribute
                           WHERE attrelid = '{table}'::regclass AND atttypid = 'timestamp'::regtype"""
            row = f"to_jsonb(t) - ({columns})"
        value = f"coalesce(sum(hashtextextended(({row})::text, 0)), 0)"
        parts.append(f"""SELECT '{table}', count(*) || ' ' || {value} FROM "{table}" t""")
    return dict(line.split("|") for line in lab.psql(server, " UNION ALL ".join(parts)).splitlines())


def rows_by_id(lab: Lab, server: Server, table: str) -> dict[str, str]:
    lines = lab.psql(server, f'SELECT id, to_jsonb(t) FROM "{table}" t').splitlines()
    return dict(line.split("|", 1) for line in lines)
