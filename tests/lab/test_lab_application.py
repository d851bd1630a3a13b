"""The application: what production acknowledged is remembered, what became of it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from egrow_replica.errors import ValidationFailed
from egrow_replica.lab.application import Application
from egrow_replica.lab.lab import Lab
from egrow_replica.lab.processes import wait_until
from egrow_replica.model import Server


@pytest.fixture
def production(lab: Lab, database: Callable[..., str]) -> Iterator[Lab]:
    return lab.on(database(Server.PROD, template="academy"))


def start(lab: Lab, **options: object) -> Application:
    return Application.start(lab.application_dsn, rate_per_second=500, bin_dir=lab.bin_dir, **options)


def count(lab: Lab, table: str) -> int:
    return int(lab.psql(Server.PROD, f"SELECT count(*) FROM {table}"))


def test_every_acknowledged_write_is_there(production: Lab) -> None:
    before = count(production, "users")
    with start(production, logout=True) as application:
        application.wait_for_writes(120)
        assert application.verify() == []
        application.wait_for_writes(30)
    assert application.verify() == []
    assert application.failures == 0
    assert count(production, "users") > before
    tables = {table for table, _ in application.ledger._rows}
    assert tables >= {"users", "sessions", "enrollments", "course_progress", "lesson_progress", "user_streaks"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DELETE FROM users WHERE id LIKE 'capp%'", "written by the application, and gone"),
        ("UPDATE users SET email = email || 'x' WHERE id LIKE 'capp%'", "the application wrote capp"),
        ("UPDATE course_progress SET \"currentLesson\" = 999 WHERE id NOT LIKE 'capp%'", "currentLesson is 999"),
    ],
)
def test_damage_is_found(production: Lab, damage: str, message: str) -> None:
    with start(production) as application:
        application.wait_for_writes(60)
    application.check()
    production.psql(Server.PROD, damage)
    assert any(message in line for line in application.verify())
    with pytest.raises(ValidationFailed, match="are not as they were written"):
        application.check()


def test_a_deleted_session_must_not_come_back(production: Lab) -> None:
    with start(production, logout=True) as application:
        assert wait_until(lambda: None in application.ledger._rows.values(), 30)
    gone = next(key for (table, key), values in application.ledger._rows.items() if values is None)
    sql = (
        """INSERT INTO sessions (id, token, "expiresAt", "userId") SELECT '{0}', '{0}', now(), id FROM users LIMIT 1"""
    )
    production.psql(Server.PROD, sql.format(gone))
    assert application.verify() == [f"sessions {gone}: deleted by the application, and there again"]


def test_a_lock_is_waited_for_and_the_waiting_write_is_not_counted(production: Lab) -> None:
    application = start(production)
    application.wait_for_writes(10)
    blocked = """SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                  WHERE NOT granted AND datname = current_database()"""
    waits = f"""
        BEGIN; LOCK TABLE users, course_progress, user_streaks IN ACCESS EXCLUSIVE MODE;
        DO $$ BEGIN
          FOR i IN 1..500 LOOP
            EXIT WHEN ({blocked}) > 0;
            PERFORM pg_sleep(0.02);
          END LOOP;
          PERFORM pg_sleep(0.3);
        END $$;
        SELECT ({blocked}) > 0; COMMIT;"""
    assert production.psql(Server.PROD, waits) == "t"
    application.wait_for_writes(10)
    application.stop()
    assert application.longest_wait > 0.25
    assert application.failures == 0
    assert application.verify() == []


def test_a_refused_write_is_not_counted(production: Lab) -> None:
    production.psql(Server.PROD, "REVOKE INSERT ON sessions FROM academy_app")
    with start(production) as application:
        assert wait_until(lambda: application.failures >= 5, 30)
    assert application.writes == 0 or application.verify() == []
    assert count(production, "users WHERE id LIKE 'capp%'") == 0


def test_it_goes_on_after_its_connection_was_cut(production: Lab) -> None:
    with start(production) as application:
        application.wait_for_writes(10)
        cut = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE usename = 'academy_app' AND datname = current_database()"""
        assert production.psql(Server.PROD, cut) == "1"
        application.wait_for_writes(10)
    assert application.verify() == []


def test_a_second_application_takes_new_numbers(production: Lab) -> None:
    for _ in range(2):
        with start(production) as application:
            application.wait_for_writes(30)
        assert application.failures == 0
        assert application.verify() == []
