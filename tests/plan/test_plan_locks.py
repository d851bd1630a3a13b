"""The locks that a plan names are those that its statements take on a real server, and no others."""

from __future__ import annotations

import re
import threading
from typing import Any

from support.pair import Pair

from egrow_replica.model import Server

#: Locks of this session on users' relations, by name.
_HELD = """
    SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.pid = pg_backend_pid() AND l.granted AND n.nspname = 'public' AND c.relkind IN ('r', 'S')"""

#: Those of the window's sessions and of its backup; its workers are the stream, which goes on.
_HELD_BY_US = """
    SELECT DISTINCT c.relname, l.mode, l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a USING (pid)
     WHERE l.granted AND l.locktype = 'relation' AND n.nspname = 'public' AND c.relkind IN ('r', 'S', 'p')
       AND l.database = a.datid AND a.datname = current_database() AND a.backend_type = 'client backend'
       AND a.application_name LIKE 'egrow%' AND a.query NOT LIKE '%_size(%'"""

#: The step that has begun and has not ended.
_AT_WORK = "SELECT step FROM (SELECT * FROM egrow_replica.step ORDER BY id DESC LIMIT 1) s WHERE status = 'intent'"


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
        # What only reads is not among a plan's statements; the next test sees it.
        planned = _planned(steps[name], server)
        assert held <= planned, name
        assert {lock for lock in planned - held if lock[1] != "AccessShareLock"} == set(), name


def test_a_sequence_that_moves_is_locked_too(pair: Pair) -> None:
    pair.both_sql("CREATE TABLE public.notes (id serial PRIMARY KEY, body text)")
    pair.dev_sql("INSERT INTO notes (body) SELECT 'n' FROM generate_series(1, 7)")
    pair.configure(tables={"preset": "egrow-academy", "content": ["notes"]})
    pair.set_up()
    step = next(step for step in pair.ok("plan").json["steps"] if step["name"] == "reconcile")
    assert any("setval" in text and "'7'" in text for text in step["sql"])
    held = _held(pair, step, Server.PROD)
    assert ("notes_id_seq", "RowExclusiveLock") in held
    assert held <= _planned(step, Server.PROD)


class _Watcher:
    """Looks at the locks of a running command's sessions, as often as it can.

    Asking for a table's size locks it as a reader does, for the moment of the call. That does not count, so a reader's
    lock has to be there at two looks in a row, and not in a statement that asks for sizes.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._stop = threading.Event()
        self.seen: set[tuple[str, Server, str, str]] = set()
        self.looks = 0

    def __enter__(self) -> _Watcher:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        before: dict[Server, set[tuple[Any, ...]]] = {server: set() for server in Server}
        with self._pair.connect(Server.PROD) as prod, self._pair.connect(Server.DEV) as dev:
            while not self._stop.is_set():
                step = prod.execute(_AT_WORK).fetchone()
                for server, connection in ((Server.PROD, prod), (Server.DEV, dev)):
                    held = set(connection.execute(_HELD_BY_US).fetchall())
                    lasting = {one for one in held if one in before[server] or one[1] != "AccessShareLock"}
                    before[server] = held
                    if step is not None and step == prod.execute(_AT_WORK).fetchone():
                        self.seen |= {(step[0], server, name, mode) for name, mode, _ in lasting}
                self.looks += 1


def test_a_window_takes_no_lock_that_is_not_planned(pair: Pair) -> None:
    """What sessions of the window hold while a step is at work; a reader's locks last as long as its snapshot."""
    pair.dev_sql("UPDATE courses SET description = repeat(title, 2000)")
    steps = pair.ok("plan", "--name", "locks").json["steps"]
    # The journal has to be there before anybody can look into it.
    with _Watcher(pair) as watcher:
        pair.ok("enable", "--name", "locks")
    pair.ok("disable")
    reading: dict[Server, set[str]] = {server: set() for server in Server}
    allowed: set[tuple[str, Server, str, str]] = set()
    for step in steps:
        for server in Server:
            planned = _planned(step, server)
            reading[server] |= {name for name, _ in planned}  # every other lock is more than a reader's
            allowed |= {(step["name"], server, *one) for one in planned}
            allowed |= {(step["name"], server, name, "AccessShareLock") for name in reading[server]}
    assert watcher.looks > 20
    assert {mode for _, _, _, mode in watcher.seen} >= {"AccessShareLock", "RowExclusiveLock"}
    assert watcher.seen - allowed == set()
