"""The apply worker itself: a real subscription over all cases at once, and what it wrote besides content."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from effects_cases_tables import KEYS
from effects_cases_triggers import BODIES, TRIGGERS
from effects_world import BASE, Case, World, facts_of, refused_by_guard

from egrow_replica.model import Server

#: Rows 1 and 3 are referred to; the key that changes is not the row that goes.
CHANGES = {
    "i": "INSERT INTO {t} (id, title, slug) VALUES (9, 'new', 'nine')",
    "u": "UPDATE {t} SET title = 'other' WHERE id = 2",
    "d": "DELETE FROM {t} WHERE id = 1",
    "k": "UPDATE {t} SET id = 13 WHERE id = 3",
}
CASES = [case for case in (*TRIGGERS, *BODIES, *KEYS) if not case.alone]


@contextmanager
def _connected(world: World, server: Server, database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(world.lab.on(database).admin_dsn(server), autocommit=True) as connection:
        yield connection


def test_the_worker_writes_nothing_that_was_called_harmless(world: World) -> None:
    name = "streamed"
    for server in Server:
        world.lab.create_database(server, name, template="template1")
    try:
        _stream(world.on(name), name)
    finally:
        for server in (Server.PROD, Server.DEV):
            world.lab.drop_database(server, name)


def _stream(world: World, name: str) -> None:
    planted = {world.plant(case): case for case in CASES}
    refused = {schema: refused_by_guard(facts_of(world, schema)).get("apply", "") for schema in planted}
    seen = 0
    with _connected(world, Server.DEV, name) as dev, _connected(world, Server.PROD, name) as prod:
        _publish(dev, planted)
        _subscribe(world, prod, name)
        try:
            for letter, change in CHANGES.items():
                before = _states(prod, planted)
                for schema in planted:
                    text = change.replace("{t}", f"{schema}.courses")
                    if not _fails(prod, text):
                        dev.execute(text.encode())
                _catch_up(dev, prod)
                after = _states(prod, planted)
                for schema, case in planted.items():
                    wrote = before[schema] != after[schema]
                    assert not wrote or letter in refused[schema], f"{case.name}: {letter} wrote another table"
                    seen += wrote
        finally:
            prod.execute("DROP SUBSCRIPTION streamed")
    sys.stdout.write(f"\n{len(planted)} cases streamed, {seen} writes beyond content, each refused beforehand\n")
    assert seen > 40


def _fails(prod: psycopg.Connection[Any], change: str) -> bool:
    """Whether the write fails anyway, which would stop the stream for all others."""
    try:
        with prod.transaction(force_rollback=True):
            prod.execute("SET LOCAL search_path = ''")
            prod.execute("SET LOCAL session_replication_role = replica")
            prod.execute(change.encode())
            prod.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error:
        return True
    return False


def _publish(dev: psycopg.Connection[Any], planted: dict[str, Case]) -> None:
    for schema in planted:
        dev.execute(f"CREATE SCHEMA {schema}".encode())
        dev.execute(BASE.replace("{s}", schema).encode())
    columns = '(id, title, slug, "updatedAt")'
    tables = ", ".join(f"{schema}.courses {columns}" for schema in planted)
    dev.execute(f"CREATE PUBLICATION streamed FOR TABLE {tables}".encode())


def _subscribe(world: World, prod: psycopg.Connection[Any], name: str) -> None:
    dsn = world.lab.on(name).dev_admin_dsn.replace("'", "''")
    prod.execute(
        f"CREATE SUBSCRIPTION streamed CONNECTION '{dsn}' PUBLICATION streamed WITH (copy_data = false)".encode()
    )


def _catch_up(dev: psycopg.Connection[Any], prod: psycopg.Connection[Any]) -> None:
    (target,) = dev.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
    end = time.monotonic() + 30
    caught = "SELECT confirmed_flush_lsn >= %s FROM pg_replication_slots WHERE slot_name = 'streamed'"
    while dev.execute(caught, [target]).fetchone() != (True,):
        assert time.monotonic() < end, prod.execute("SELECT * FROM pg_stat_subscription_stats").fetchall()
        time.sleep(0.05)


def _states(prod: psycopg.Connection[Any], planted: dict[str, Case]) -> dict[str, tuple[Any, ...]]:
    """A picture of every table but content, by schema."""
    tables = prod.execute(
        "SELECT n.nspname, c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND c.relname NOT IN ('courses', 'lessons') ORDER BY 1, 2"
    ).fetchall()
    found: dict[str, tuple[Any, ...]] = dict.fromkeys(planted, ())
    for schema, table in tables:
        if schema in found:
            assert re.fullmatch(r"[\w.\"]+", table)
            rows = prod.execute(f"SELECT array_agg(t::text ORDER BY t::text) FROM {table} AS t".encode()).fetchone()
            found[schema] += (table, rows)
    return found
