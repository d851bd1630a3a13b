"""The locks that a plan names are those that its statements take on a real server, and no others."""

from __future__ import annotations

import re
from typing import Any

from support.pair import Pair

from egrow_replica.model import Server

#: Locks of this session on users' relations, by name.
_HELD = """
    SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.pid = pg_backend_pid() AND l.granted AND n.nspname = 'public' AND c.relkind IN ('r', 'S')"""


def _planned(step: dict[str, Any], server: Server) -> set[tuple[str, str]]:
    """(table, mode as pg_locks writes it)."""
    return {
        (table.removeprefix("public."), one["mode"].title().replace(" ", "") + "Lock")
        for one in step["locks"]
        if one["server"] == server
        for table in one["tables"]
    }


def _held(pair: Pair, step: dict[str, Any], server: Server) -> set[tuple[str, str]]:
    """What the step's statements for a server take, in a transaction that is rolled back."""
    setup = ["SET LOCAL session_replication_role = replica"]
    with pair.holding(server, *setup) as connection:
        for one in step["statements"]:
            if (
                one["server"] != server
                or one["purpose"] == "journal"
                or one["sql"].endswith("FROM STDIN (FORMAT binary)")
            ):
                continue
            sql = re.sub(r"'\{<\d+ key hashes>\}'", "'{1}'", one["sql"].replace("'<seed>'", "'1'"))
            if sql.startswith("COPY"):
                with connection.cursor().copy(sql.encode()) as copy:
                    list(copy)
            else:
                connection.execute(sql.encode())
        return set(connection.execute(_HELD).fetchall())


def test_the_locks_are_those_that_the_statements_take(shared_pair: Pair) -> None:
    report = shared_pair.ok("plan").json
    steps = {step["name"]: step for step in report["steps"]}
    for name, server in (("reconcile", Server.PROD), ("reconcile", Server.DEV), ("publication", Server.DEV)):
        held = _held(shared_pair, steps[name], server)
        assert held, name
        assert held == _planned(steps[name], server), name


def test_a_sequence_that_moves_is_locked_too(pair: Pair) -> None:
    pair.both_sql("CREATE TABLE public.notes (id serial PRIMARY KEY, body text)")
    pair.dev_sql("INSERT INTO notes (body) SELECT 'n' FROM generate_series(1, 7)")
    pair.configure(tables={"preset": "egrow-academy", "content": ["notes"]})
    pair.set_up()
    step = next(step for step in pair.ok("plan").json["steps"] if step["name"] == "reconcile")
    assert any("setval" in text and "'7'" in text for text in step["sql"])
    held = _held(pair, step, Server.PROD)
    assert ("notes_id_seq", "RowExclusiveLock") in held
    assert held == _planned(step, Server.PROD)
