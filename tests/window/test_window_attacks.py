"""Attacks that once succeeded: what a DBA, an application or another program does at the worst moment."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Connection
from support.command import Running
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

PRESET = {"preset": "egrow-academy"}


@pytest.mark.parametrize("superuser", [False, True], ids=["operator", "superuser"])
def test_dev_and_production_are_swapped(pair: Pair, superuser: bool) -> None:
    """Production has had windows; now somebody mixes up the two connection strings."""
    if superuser:
        pair.use_superuser()
    pair.ok("sync", "--name", "first", "--no-backup")
    shutil.rmtree(pair.backups)
    pair.configure(logins={"dev": pair.logins["prod"], "prod": pair.logins["dev"], "stream": pair.logins["prod"]})
    with pair.unchanged():
        result = pair.cli("enable")
    assert result.exit_code == 4, str(result)
    assert "swapped" in result.error["message"]


@pytest.mark.parametrize("condition", ["status = 'NOWHERE'", "nothing = 1"])
def test_a_row_filter_that_dev_does_not_understand(pair: Pair, condition: str) -> None:
    pair.configure(tables={**PRESET, "filters": {"courses": condition}}, window={"publish": ["insert"]})
    with pair.unchanged():
        result = pair.cli("enable")
    assert result.exit_code == 4, str(result)
    assert result.error["hint"]


def test_a_label_with_a_quote_in_the_remedy(pair: Pair) -> None:
    pair.dev_sql("ALTER TYPE \"CourseStatus\" ADD VALUE 'COMING''SOON'")
    with pair.unchanged():
        result = pair.cli("enable")
    assert "ADD VALUE 'COMING''SOON'" in result.error["hint"]


def test_not_null_on_production_only(pair: Pair) -> None:
    pair.prod_sql("UPDATE events SET location = '' WHERE location IS NULL")
    pair.prod_sql("ALTER TABLE events ALTER COLUMN location SET NOT NULL")
    with pair.unchanged():
        result = pair.cli("enable")
    assert result.exit_code == 4, str(result)
    assert "location" in result.message
    assert "NOT NULL" in result.message


def test_every_usage_error_has_a_hint(pair: Pair) -> None:
    assert pair.cli("setup", "--apply", "--remove").error["hint"]


@pytest.mark.parametrize("kind", ["expression", "partial"])
def test_a_collision_that_only_an_index_sees(pair: Pair, kind: str) -> None:
    """lower(slug), or slug of published courses: not a plain unique key, and still seen before anything is begun."""
    index = "(lower(slug))" if kind == "expression" else "(slug) WHERE status = 'PUBLISHED'"
    pair.both_sql(f"DROP INDEX courses_slug_key; CREATE UNIQUE INDEX courses_slug_key ON courses {index}")
    course = """INSERT INTO courses (id, title, slug, "updatedAt", category, status)
                VALUES (%s, '', 'same', now(), 'LIDERAZGO', 'PUBLISHED')"""
    pair.prod_sql(course, "local")
    pair.dev_sql(course, "from-dev")
    with pair.unchanged():
        result = pair.cli("enable", "--no-backup")
    assert result.exit_code == 4, str(result)
    assert "from-dev" in result.message
    assert result.error["hint"]
    assert pair.leftovers() == []


def test_a_superuser_first_and_the_operator_later(pair: Pair) -> None:
    logins = dict(pair.logins)
    pair.use_superuser()
    pair.ok("sync", "--no-backup")
    pair.configure(logins=logins)
    pair.ok("status")
    pair.ok("sync", "--no-backup")


@contextmanager
def stopped_at_the_reconcile(pair: Pair, name: str) -> Iterator[tuple[Connection[Any], Running]]:
    """A window whose reconcile waits for a lock that came after the preflight and the rehearsal had looked for one."""
    with pair.start("enable", "--name", name, "--no-backup") as running:
        wait_until(lambda: ("rehearsal", "done") in pair.journal(name)[1], what="the rehearsal")
        with pair.holding(Server.PROD, "LOCK TABLE courses IN SHARE MODE") as holder:
            wait_until(lambda: ("reconcile", "intent") in pair.journal(name)[1], what="the reconcile")
            yield holder, running


def test_restore_means_the_last_closed_window(pair: Pair) -> None:
    """A later window that was rolled back changed nothing; what is to be put back is the one before it."""
    baseline = pair.content()
    pair.ok("sync", "--name", "closed-one", "--no-backup")
    pair.dev_sql("UPDATE courses SET title = title || '!'")
    with stopped_at_the_reconcile(pair, "rolled-back-one") as (_, running):
        running.send(signal.SIGINT)
        running.result()
    assert pair.journal("rolled-back-one")[0] == "rolled_back"
    restored = pair.ok("restore")
    assert restored.json["window"]["name"] == "closed-one"
    assert pair.content() == baseline


COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""


def test_a_rule_that_appears_during_the_window(pair: Pair) -> None:
    """ENABLE ALWAYS makes it fire under the replica role, with the rights of the table's owner."""
    pair.ok("enable", "--name", "a-rule", "--no-backup")
    pair.dev_sql(COURSE, "n", "n")
    wait_until(lambda: pair.prod_sql("SELECT 1 FROM courses WHERE id = 'n'"), what="the course")
    pair.prod_sql(
        "CREATE RULE r AS ON DELETE TO courses DO ALSO DELETE FROM achievements;"
        "ALTER TABLE courses ENABLE ALWAYS RULE r"
    )
    achievements = pair.content(tables=["achievements"])
    pair.cli("disable")
    result = pair.cli("restore")
    assert pair.content(tables=["achievements"]) == achievements, "a user table was emptied"
    assert result.exit_code == 3, str(result)


def test_a_user_table_that_the_stream_truncates(pair: Pair) -> None:
    """Nothing of a TRUNCATE stays in the rows, and the application may write more than there was."""
    pair.ok("enable", "--name", "truncating", "--no-backup")
    pair.prod_sql(
        """CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
           AS 'BEGIN TRUNCATE achievements; RETURN NEW; END';
           CREATE TRIGGER evil AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION evil();
           ALTER TABLE courses ENABLE ALWAYS TRIGGER evil"""
    )
    pair.dev_sql(COURSE, "n", "n")
    wait_until(lambda: pair.prod_sql("SELECT 1 FROM courses WHERE id = 'n'"), what="the course")
    pair.prod_sql(
        """INSERT INTO achievements (id, "userId", type, title, description)
           SELECT 'x' || n, (SELECT min(id) FROM users), '', '', '' FROM generate_series(1, 100) AS n"""
    )
    result = pair.cli("validate")
    assert result.exit_code == 5, str(result)
    tables: dict[str, Any] = {one["table"]: one["verdict"] for one in result.json["tables"]}
    assert tables["public.achievements"] in ("touched", "unproven")


def test_the_same_name_in_another_database_of_the_servers(pair: Pair, shared_pair: Pair) -> None:
    """Slots and origins belong to the whole server: one window must not take another's away."""
    pair.ok("enable", "--name", "june", "--no-backup")
    shared_pair.cli("enable", "--name", "june", "--no-backup")
    status = pair.ok("status").json
    assert status["slot"] is not None
    assert status["warnings"] == []
    origins = [name for (name,) in pair.prod_sql("SELECT roname FROM pg_replication_origin")]
    assert [name for name in origins if not name.startswith("pg_")], "the first window's origin is gone"
    pair.ok("disable")
    shared_pair.cli("disable")


def test_a_controller_that_lost_its_lock_touches_nothing_more(pair: Pair) -> None:
    """Its lock's connection broke; another controller took over and must not be disturbed."""
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'egrow%%/write'"
    with stopped_at_the_reconcile(pair, "lost-lock") as (holder, first):
        wait_until(lambda: pair.prod_sql(waits), what="the reconcile's wait")
        pair.prod_sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pair.start("enable") as second:
            lost = first.result()
            holder.rollback()
            taken_over = second.result()
    assert lost.exit_code in (7, 8), str(lost)
    assert lost.json["rolled_back"] is False, str(lost)
    assert taken_over.exit_code == 0, str(taken_over)
    assert pair.ok("status").json["window"]["state"] == "streaming"
    pair.ok("disable")
    assert pair.leftovers() == []


@pytest.mark.slow
def test_a_lock_that_is_held_too_long_says_what_to_do(pair: Pair) -> None:
    with pair.holding(Server.DEV, "UPDATE users SET bio = ''"):
        result = pair.cli("enable", "--no-backup", seconds=120)
    assert result.exit_code == 6, str(result)
    assert result.error["hint"]


def test_ctrl_c_still_answers(pair: Pair) -> None:
    with stopped_at_the_reconcile(pair, "interrupted") as (_, running):
        running.send(signal.SIGINT)
        result = running.result()
    assert result.json["rolled_back"] is True
    assert pair.leftovers() == []


def test_a_misspelt_column_names_the_nearest(pair: Pair) -> None:
    pair.configure(tables={**PRESET, "production_columns": {"courses": ["studentCount"]}})
    assert "studentsCount" in pair.cli("enable").message
