"""A window in a tier, with everything done to users' tables that a case knows, and what the program says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until
from tamper_cases import CELLS, CREATE, HELD, NOISE_AFTER, NOISE_BEFORE, WITH_WAL, Actor, Cell

from egrow_replica.lab.application import Application
from egrow_replica.model import Server

#: Tables of their own kinds of tampering: not one of the cells.
LIVE, EARLY, ORPHAN, CREATED = "public.users", "tamper.early", "tamper.orphan", "tamper.created"

#: Content that only production has, which a row of a user's points at; the application does not know it.
_ORPHAN = """
INSERT INTO courses (id, title, slug, category, "updatedAt") VALUES ('lonely', 'Solo', 'lonely', 'LIDERAZGO', now());
INSERT INTO tamper.orphan VALUES (1, 'lonely');
"""

_TRIGGER = """
CREATE TABLE {schema}.orders (id int GENERATED ALWAYS AS IDENTITY, statement text);
CREATE FUNCTION {schema}.obey() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE one record;
BEGIN
  FOR one IN SELECT statement FROM {schema}.orders ORDER BY id LOOP EXECUTE one.statement; END LOOP;
  RETURN NULL;
END $$;
"""


def prepare_orders(pair: Pair, schema: str = "tamper") -> None:
    """Where the worker's trigger finds what to do."""
    pair.prod_sql(_TRIGGER.format(schema=schema))


def set_trigger(pair: Pair, statements: Iterable[str], schema: str = "tamper") -> None:
    """From now on whoever updates a course does that; the worker too."""
    with pair.connect(Server.PROD) as admin:
        admin.execute(f"DELETE FROM {schema}.orders")
        for statement in statements:
            admin.execute(f"INSERT INTO {schema}.orders (statement) VALUES (%s)", [statement])
        admin.execute(
            f"""BEGIN;
            CREATE TRIGGER obey AFTER UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION {schema}.obey();
            ALTER TABLE courses ENABLE ALWAYS TRIGGER obey;
            COMMIT"""
        )


def remove_trigger(pair: Pair) -> None:
    pair.prod_sql("DROP TRIGGER obey ON courses")


def hide_wal(pair: Pair) -> None:
    pair.prod_sql("REVOKE EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info FROM egrow_operator")


@dataclass
class Tampered:
    """What a window's validations said."""

    tier: str
    pair: Pair
    window: str
    opened: Result
    validated: Result
    closed: Result
    afterwards: Result
    application: list[str]
    left: list[str]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = {one["table"]: one for one in self.validated.json["tables"]}


def tamper(pair: Pair, tier: str, cells: Sequence[Cell], *, special: bool = True) -> Tampered:
    """Open a window, tamper in every way, validate and close it, all while the application writes.

    :param special: also with the tables that are not one of the cells.
    """
    window = f"{tier}{len(cells)}"
    with _people(pair, tier) as people:
        if special:
            pair.prod_sql(_ORPHAN)
        opened = _open(pair, tier, window)
        assert opened.exit_code == 0, str(opened)
        _tamper_all(pair, window, cells, special)
        _wait_for_people(people, tier)
        validated = pair.cli("validate")
        closed = pair.cli("disable")
        afterwards = pair.cli("validate")
        lost = people.verify()
    return Tampered(tier, pair, window, opened, validated, closed, afterwards, lost, pair.leftovers())


@contextmanager
def _people(pair: Pair, tier: str) -> Iterator[Application]:
    """The application at work; where writes are held it is refused meanwhile, and goes on afterwards."""
    if tier not in HELD:
        with pair.application(rate_per_second=30.0) as people:
            yield people
        return
    dba = {"EGROW_REPLICA_PROD__DSN": pair.lab.prod_admin_dsn, "EGROW_REPLICA_MAINTENANCE__ROLES": '["academy_app"]'}
    with Application.start(pair.lab.application_dsn, bin_dir=pair.lab.bin_dir, rate_per_second=30.0) as people:
        people.wait_for_writes(5)
        pair.ok("maintenance", "on", env=dba)
        try:
            _wait_for_people(people, tier)
            yield people
        finally:
            pair.ok("maintenance", "off", env=dba)
        people.wait_for_writes(5)
    people.check()


def _wait_for_people(people: Application, tier: str) -> None:
    """Until they have written a few times, or were refused as often."""
    if tier not in HELD:
        people.wait_for_writes(5)
        return
    refused = people.failures + 5
    wait_until(lambda: people.failures >= refused, 30, what="refused writes")


def prepare(pair: Pair, tier: str) -> None:
    """The tables, and what the operator may not see of the WAL."""
    with pair.connect(Server.PROD) as admin, admin.transaction():
        admin.execute("CREATE SCHEMA tamper AUTHORIZATION academy_owner")
        for table in [*(cell.table for cell in CELLS), EARLY]:
            for statement in CREATE:
                admin.execute(_about(statement, table))
        admin.execute("CREATE TABLE tamper.orphan (id int PRIMARY KEY, course text REFERENCES courses (id))")
    prepare_orders(pair)
    pair.set_up()
    if tier not in WITH_WAL:
        hide_wal(pair)


def _open(pair: Pair, tier: str, window: str) -> Result:
    """Open the window while a transaction is under way that wrote a user's row before the baseline."""
    arguments = ["enable", "--name", window, "--no-backup", *(["--allow-unproven"] if tier == "none" else [])]
    # With WAL the baseline waits for it to end; without, it is still open when the baseline is taken. Where writes are
    # held it is over before: a session that may write would keep the evidence from being exact.
    until = ("keep-wal", "intent") if tier == "wal" else ("baseline", "done")
    with (
        _without_replication(pair, tier),
        pair.holding(Server.PROD, _about("UPDATE {t} SET note = 'early' WHERE id = 3", EARLY)) as early,
    ):
        if tier in HELD:
            early.commit()
            early.close()
        with pair.start(*arguments) as enabling:
            if tier not in HELD:
                wait_until(lambda: enabling.ended or until in pair.journal(window)[1], 60, what=f"{until} of enable")
                early.commit()
            return enabling.result()


@contextmanager
def _without_replication(pair: Pair, tier: str) -> Iterator[None]:
    """Take away what keeping WAL needs; given back, because the role is the servers'."""
    if tier in WITH_WAL:
        yield
        return
    pair.prod_sql("ALTER ROLE egrow_operator NOREPLICATION")
    try:
        yield
    finally:
        pair.prod_sql("ALTER ROLE egrow_operator REPLICATION")


def _tamper_all(pair: Pair, window: str, cells: Sequence[Cell], special: bool) -> None:
    origin = pair.common(window)
    busy = [cell.table for cell in cells if cell.busy]
    run_as(pair, None, [_about(one, table) for table in busy for one in NOISE_BEFORE])
    for actor in (Actor.PEOPLE, Actor.CONTROLLER):
        chosen = [cell for cell in cells if cell.actor is actor]
        run_as(pair, origin if actor is Actor.CONTROLLER else None, _statements(chosen))
    if special:
        _tamper_specially(pair, origin)
    _tamper_through_worker(pair, cells)
    run_as(pair, None, [_about(one, cell.table) for cell in cells for one in cell.case.afterwards])
    run_as(pair, None, [_about(one, table) for table in busy for one in NOISE_AFTER])


def _tamper_specially(pair: Pair, origin: str) -> None:
    live = "UPDATE users SET bio = 'X' WHERE id = (SELECT min(id) FROM users)"
    orphan = "DELETE FROM courses WHERE id = 'lonely'"
    run_as(pair, origin, [live, "SET session_replication_role = replica", orphan])
    run_as(pair, None, ["SET ROLE academy_owner", _about(CREATE[0], CREATED), _about(CREATE[-1], CREATED)])


def _tamper_through_worker(pair: Pair, cells: Sequence[Cell]) -> None:
    chosen = [cell for cell in cells if cell.actor is Actor.WORKER]
    orders = [_about(one, cell.table) for cell in chosen for one in cell.case.in_trigger or ()]
    set_trigger(pair, orders)
    course, title = pair.dev_sql("UPDATE courses SET title = title || ' *' WHERE id = (SELECT min(id) FROM courses)"
                                 " RETURNING id, title")[0]  # fmt: skip
    arrived = "SELECT title FROM courses WHERE id = %s"
    wait_until(lambda: pair.value(Server.PROD, arrived, course) == title, 30, what="the edit of a course")
    remove_trigger(pair)


def _statements(cells: Iterable[Cell]) -> list[str]:
    return [_about(one, cell.table) for cell in cells for one in cell.case.statements]


def _about(statement: str, table: str) -> str:
    return statement.replace("{t}", table)


def run_as(pair: Pair, origin: str | None, statements: Iterable[str]) -> None:
    """Run statements on one connection; with an origin, they are the window's."""
    with pair.connect(Server.PROD) as connection:
        if origin is not None:
            wait_until(lambda: take_origin(connection, origin), 30, what=f"origin {origin} being free")
        for statement in statements:
            connection.execute(statement.encode())


def take_origin(connection: Connection[Any], origin: str) -> bool:
    """Whether the session has the origin now: only one can, and the server frees it a moment after a session's end."""
    try:
        connection.execute("SELECT pg_replication_origin_session_setup(%s)", [origin])
    except psycopg.errors.ObjectInUse:
        return False
    return True
