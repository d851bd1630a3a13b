"""``maintenance on | off | status``: who is held, for how long, and what is given back."""

from __future__ import annotations

import signal

import psycopg
import pytest
from maintenance_world import APP, as_application, is_held, people, settings, wait_for_refusals, writes
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server


def test_writes_are_refused_meanwhile_and_go_on_afterwards(held: Pair) -> None:
    before = settings(held)
    with people(held) as application:
        on = held.ok("maintenance", "on", "--reason", "a release", "--duration", "2min").json
        assert on["in_force"] is True
        assert on["hold"]["roles"] == [{"role": APP, "before": None}]
        assert on["hold"]["held_since"] > on["hold"]["begun_at"]
        assert on["sessions_ended"] >= 1
        wait_for_refusals(application)
        with as_application(held) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM users").fetchone() == (True,)
        assert held.ok("maintenance", "status").json["hold"] == on["hold"]
        assert held.ok("status").json["hold"]["reason"] == "a release"
        off = held.ok("maintenance", "off").json
        assert off["in_force"] is False
        assert off["sessions_ended"] >= 1
    assert settings(held) == before
    assert held.ok("maintenance", "status").json["hold"] is None
    assert "hold" not in held.ok("status").json


@pytest.mark.parametrize("value", ["FALSE", *(pytest.param(one, marks=pytest.mark.slow) for one in ("off", "on"))])
def test_what_was_there_before_is_given_back(held: Pair, value: str) -> None:
    database = f'"{held.database}"'
    held.prod_sql(f"ALTER ROLE {APP} SET default_transaction_read_only = off; ALTER ROLE {APP} SET work_mem = '8MB'")
    for setting in ("work_mem = '9MB'", f"default_transaction_read_only = '{value}'", "lock_timeout = '7s'"):
        held.prod_sql(f"ALTER ROLE {APP} IN DATABASE {database} SET {setting}")
    before = settings(held)
    try:
        held.ok("maintenance", "on")
        assert is_held(held)
        assert writes(held) is False
        held.ok("maintenance", "off")
        assert settings(held) == before
        assert writes(held) is (value != "on")
    finally:
        held.prod_sql(f"ALTER ROLE {APP} RESET ALL; ALTER ROLE {APP} IN DATABASE {database} RESET ALL")


def test_a_transaction_has_time_to_end(held: Pair) -> None:
    with as_application(held) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE users SET bio = 'slow' WHERE id = (SELECT min(id) FROM users)")
        with held.start("maintenance", "on") as running:
            wait_until(lambda: running.ended or is_held(held), what="the setting")
            connection.execute("COMMIT")
            result = running.result()
        assert result.exit_code == 0, str(result)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert held.value(Server.PROD, "SELECT bio FROM users ORDER BY id LIMIT 1") == "slow"


def test_a_session_of_ours_that_is_ended_in_the_middle(held: Pair) -> None:
    """The roles read only by then, and that is what is said."""
    held.configure(maintenance={"roles": [APP], "grace": "30s"})
    ours = "application_name = 'egrow-replica/maintenance/on'"
    with as_application(held) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE users SET bio = 'slow' WHERE id = (SELECT min(id) FROM users)")
        with held.start("maintenance", "on") as running:
            wait_until(lambda: running.ended or is_held(held), what="the setting")
            held.prod_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
            result = running.result()
        connection.rollback()
    assert result.exit_code == 7, str(result)
    assert f"writes of {APP} are held" in result.message
    assert "maintenance off" in result.message
    held.ok("maintenance", "off")
    assert not is_held(held)


def test_one_that_does_not_end_is_ended(held: Pair) -> None:
    held.configure(maintenance={"roles": [APP], "grace": "300ms"})
    with as_application(held) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE users SET bio = 'lost' WHERE id = (SELECT min(id) FROM users)")
        held.ok("maintenance", "on")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert held.value(Server.PROD, "SELECT bio FROM users ORDER BY id LIMIT 1") != "lost"


def test_whoever_is_not_held_is_named(held: Pair) -> None:
    held.prod_sql(
        f"CREATE ROLE stray LOGIN IN ROLE {APP}; CREATE ROLE clerk LOGIN; GRANT UPDATE (bio) ON users TO clerk"
    )
    try:
        with held.connect(Server.PROD):
            on = held.ok("maintenance", "on").json
        others = {one["role"]: one for one in on["not_held"]}
        assert others["stray"]["why"] == f"member of {APP}"
        assert others["clerk"]["why"] == "owns or may write protected tables"
        assert others["postgres"]["why"] == "superuser"
        assert others["postgres"]["sessions"] >= 1
        assert not {APP, "egrow_operator", "egrow_apply"} & set(others)
        assert any("of postgres" in one for one in on["warnings"])
        found = held.cli("doctor").json["checks"]
        assert {one["subject"] for one in found if one["id"] == "not-held"} >= {"stray", "clerk", "postgres"}
        assert [one["severity"] for one in found if one["id"] == "hold"] == ["info"]
    finally:
        held.prod_sql("REVOKE ALL ON users FROM clerk; REVOKE UPDATE (bio) ON users FROM clerk; DROP ROLE stray, clerk")


def test_states_that_do_not_fit(held: Pair) -> None:
    off = held.cli("maintenance", "off")
    assert (off.exit_code, off.error["code"]) == (8, "not-held")
    held.ok("maintenance", "on")
    with held.unchanged():
        on = held.cli("maintenance", "on")
    assert (on.exit_code, on.error["code"]) == (8, "already-held")


CANNOT = {
    (): (2, "configuration"),
    ("nobody_knows",): (4, "unknown-role"),
    ("academy_owner",): (4, "role-without-login"),
    ("postgres",): (3, "refused"),
    ("egrow_operator",): (3, "refused"),
    (APP, "egrow_apply"): (3, "refused"),
    ("egrow_maintenance",): (3, "refused"),
}


def test_roles_that_cannot_be_held(held: Pair) -> None:
    with held.unchanged():
        for roles, expected in CANNOT.items():
            held.configure(maintenance={"roles": roles})
            result = held.cli("maintenance", "on")
            assert (result.exit_code, result.error["code"]) == expected, str(result)
            assert result.error["hint"]
        result = held.cli("enable", "--maintenance")
        assert held.cli("setup").exit_code == expected[0]
    assert (result.exit_code, result.error["code"]) == expected, str(result)


@pytest.mark.parametrize(
    "arguments", [["maintenance", "on", "--duration", "soon"], ["sync", "--maintenance", "--duration", "0"],
                  ["enable", "--duration", "5min"]],
)  # fmt: skip
def test_words_that_do_not_fit(held: Pair, arguments: list[str]) -> None:
    assert held.cli(*arguments).exit_code == 2


def test_missing_rights_are_named_with_the_grant(held: Pair) -> None:
    held.prod_sql("REVOKE egrow_maintenance FROM egrow_operator")
    try:
        with held.unchanged():
            result = held.cli("maintenance", "on")
        assert (result.exit_code, result.error["code"]) == (4, "privilege")
        (check,) = [one for one in held.cli("doctor").json["checks"] if one["id"] == "maintenance"]
        assert check["severity"] == "warning"
        held.prod_sql(check["remedy"])
        held.ok("maintenance", "on")
    finally:
        held.prod_sql("GRANT egrow_maintenance TO egrow_operator WITH INHERIT FALSE, SET TRUE")


def test_the_operator_is_not_what_the_application_is(held: Pair) -> None:
    with psycopg.connect(held.lab.prod_dsn, autocommit=True) as operator:
        for statement in (f"SET ROLE {APP}", f"ALTER ROLE {APP} NOLOGIN", "CREATE ROLE x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                operator.execute(statement)
        with pytest.raises(psycopg.Error):  # 18 answers it with an internal error
            operator.execute(f"GRANT {APP} TO egrow_operator")
        operator.execute("SET ROLE egrow_maintenance")
        for statement in (f"SET ROLE {APP}", "SELECT FROM users", "UPDATE users SET bio = ''"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                operator.execute(statement)


def test_off_gives_back_what_a_killed_on_had_begun(held: Pair) -> None:
    before = settings(held)
    held.configure(maintenance={"roles": [APP], "grace": "60s"})
    with as_application(held) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT pg_current_xact_id()")
        with held.start("maintenance", "on") as running:
            wait_until(lambda: running.ended or is_held(held), what="the setting")
            running.kill()
        status = held.ok("maintenance", "status").json
        assert status["hold"]["held_since"] is None
        assert any("not complete" in one for one in status["warnings"])
        held.ok("maintenance", "off")
        connection.execute("COMMIT")  # a session from before the hold is not ended
    assert settings(held) == before


@pytest.mark.slow
def test_off_finishes_what_a_killed_off_had_begun(held: Pair) -> None:
    held.ok("maintenance", "on")
    held.configure(maintenance={"roles": [APP], "grace": "60s"})
    with as_application(held) as connection:
        connection.execute("BEGIN")
        with held.start("maintenance", "off") as running:
            wait_until(lambda: running.ended or not is_held(held), what="the setting")
            running.kill()
        (warning,) = held.ok("maintenance", "status").json["warnings"]
        assert f"of {APP}" in warning
        held.configure(maintenance={"roles": [APP], "grace": "1ms"})
        assert held.ok("maintenance", "off").json["sessions_ended"] == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert held.cli("maintenance", "off").exit_code == 8


@pytest.mark.slow
def test_an_interrupted_on_leaves_nothing(held: Pair) -> None:
    before = settings(held)
    held.configure(maintenance={"roles": [APP], "grace": "60s"})
    with as_application(held) as connection:
        connection.execute("BEGIN")
        with held.start("maintenance", "on") as running:
            wait_until(lambda: running.ended or is_held(held), what="the setting")
            running.send(signal.SIGINT)
            assert running.result().exit_code == 130
    assert settings(held) == before
    assert held.ok("maintenance", "status").json["in_force"] is False


def test_a_prepared_transaction_is_in_the_way(held: Pair) -> None:
    with as_application(held) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT pg_current_xact_id()")
        connection.execute("PREPARE TRANSACTION 'theirs'")
        result = held.cli("maintenance", "on")
        connection.execute("ROLLBACK PREPARED 'theirs'")
    assert (result.exit_code, result.error["code"]) == (4, "prepared-transaction")


def test_setup_does_not_take_away_what_releases(held: Pair) -> None:
    held.ok("maintenance", "on")
    admins = {"EGROW_DEV_ADMIN_DSN": held.lab.dev_admin_dsn, "EGROW_PROD_ADMIN_DSN": held.lab.prod_admin_dsn}
    with held.unchanged():
        result = held.cli("setup", "--remove", env=admins)
    assert result.exit_code == 8, str(result)
    assert "maintenance off" in result.error["hint"]


def test_an_overdue_hold_is_told_everywhere(held: Pair) -> None:
    held.ok("maintenance", "on", "--duration", "1ms")
    assert held.ok("maintenance", "status").json["hold"]["overdue"] is True
    for command in ("status", "maintenance status"):
        assert any("overdue" in one for one in held.ok(*command.split()).json["warnings"])
    assert [one["severity"] for one in held.cli("doctor").json["checks"] if one["id"] == "hold"] == ["warning"]


def test_what_somebody_changed_meanwhile_is_told(held: Pair) -> None:
    held.ok("maintenance", "on")
    held.prod_sql(f'ALTER ROLE {APP} IN DATABASE "{held.database}" SET default_transaction_read_only = off')
    off = held.ok("maintenance", "off").json
    assert off["warnings"] == [f"somebody had set {APP} to off during the hold"]
    assert settings(held) == []


def test_a_journal_of_an_earlier_version_is_completed(held: Pair) -> None:
    held.prod_sql("DROP TABLE egrow_replica.hold")
    assert "hold" not in held.ok("status").json
    assert held.ok("maintenance", "status").json["in_force"] is False
    assert held.cli("maintenance", "off").exit_code == 8
    held.ok("maintenance", "on")
    held.ok("maintenance", "off")
