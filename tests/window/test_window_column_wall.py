"""The second wall by column: what reconciles may write the columns that travel, and no other."""

from __future__ import annotations

import psycopg
import pytest
from support.pair import Pair

from egrow_replica.model import Server

MAY = "SELECT has_column_privilege('egrow_reconcile', 'public.courses', %s, 'INSERT, UPDATE')"


def warned(pair: Pair) -> list[str]:
    return [one["message"] for one in pair.cli("doctor").json["checks"] if one["subject"] == "egrow_reconcile"]


def reconciled_as(pair: Pair, window: str) -> str:
    """The role that a window's reconcile wrote content as, as its log has it."""
    log = pair.directory / f"{window}.log"
    pair.ok("--verbose", "--log-file", str(log), "enable", "--name", window, "--no-backup")
    lines = log.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if "CREATE TEMPORARY TABLE pg_temp" in line)
    return "egrow_reconcile" if "egrow_reconcile" in "".join(lines[max(0, first - 3) : first]) else "egrow_apply"


def test_the_reconcile_may_write_what_travels_and_no_counter(pair: Pair) -> None:
    assert pair.value(Server.PROD, MAY, "title")
    assert not pair.value(Server.PROD, MAY, "studentsCount")
    with pair.connect(Server.PROD) as connection:
        connection.execute("SET ROLE egrow_reconcile")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute('UPDATE courses SET "studentsCount" = 0')
    assert warned(pair) == []
    assert reconciled_as(pair, "held") == "egrow_reconcile"
    pair.ok("disable")
    assert pair.leftovers() == []


def test_a_column_that_came_after_setup(pair: Pair) -> None:
    """The window goes on with the weaker wall and says so; setup, run again, gives the new column too."""
    pair.both_sql("ALTER TABLE courses ADD COLUMN extra int")
    assert any("may not write public.courses.extra" in one for one in warned(pair))
    assert reconciled_as(pair, "weaker") == "egrow_apply"
    pair.ok("disable")
    pair.set_up()
    assert warned(pair) == []
    pair.dev_sql("UPDATE courses SET extra = 1")
    assert reconciled_as(pair, "held-again") == "egrow_reconcile"
    pair.ok("disable")


def test_roles_that_an_earlier_version_set_up(pair: Pair) -> None:
    """There the role has no privilege in this database."""
    pair.prod_sql("DROP OWNED BY egrow_reconcile")
    assert warned(pair)
    pair.ok("sync", "--name", "earlier", "--no-backup")
    pair.set_up()
    assert warned(pair) == []


def test_a_column_that_became_productions(pair: Pair) -> None:
    pair.configure(tables={"preset": "egrow-academy"}, **{"tables.production_columns": {"courses": ["title"]}})
    assert any("may write title, which does not travel" in one["message"] for one in pair.cli("doctor").json["checks"])
    pair.set_up()
    assert not pair.value(Server.PROD, MAY, "title")
