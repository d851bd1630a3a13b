"""Orphans are counted the same with an index on the referencing column, where no whole table is read, and without."""

from __future__ import annotations

import pytest
from wal_world import World

from egrow_replica.catalog import read_foreign_keys
from egrow_replica.evidence import count_all


def orphans(world: World) -> dict[str, int]:
    with world.admin_door() as door:
        return {one.table.name: one.count for one in count_all(door, read_foreign_keys(door))}


@pytest.mark.parametrize(("kind", "name"), [("int", "number"), ("text", "word")])
def test_an_index_changes_no_count(world: World, kind: str, name: str) -> None:
    expression = "n" if kind == "int" else "CASE n % 3 WHEN 0 THEN 'Ñ' WHEN 1 THEN 'a' ELSE '_' END || n"
    world.local(
        f"CREATE TABLE app.{name}s (key {kind} PRIMARY KEY)",
        f"INSERT INTO app.{name}s SELECT {expression} FROM generate_series(1, 40) AS n",
        f"CREATE TABLE app.plain (id int, key {kind} REFERENCES app.{name}s)",
        f"INSERT INTO app.plain SELECT n, NULLIF({expression}, (SELECT min(key) FROM app.{name}s))"
        " FROM generate_series(1, 40) AS n, generate_series(1, 5)",
        f"CREATE TABLE app.indexed (id int, key {kind} REFERENCES app.{name}s)",
        "CREATE INDEX ON app.indexed (key, id)",
        f"CREATE TABLE app.partly (id int, key {kind} REFERENCES app.{name}s)",
        "CREATE INDEX ON app.partly (key) WHERE id > 20",
        *(f"INSERT INTO app.{one} TABLE app.plain" for one in ("indexed", "partly")),
    )
    assert orphans(world) == {"plain": 0, "indexed": 0, "partly": 0}
    world.local(
        "SET session_replication_role = replica",
        f"DELETE FROM app.{name}s WHERE key IN (SELECT key FROM app.plain WHERE id % 7 = 0)",
    )
    assert orphans(world) == {"plain": 25, "indexed": 25, "partly": 25}
    world.local("SET session_replication_role = replica", f"DELETE FROM app.{name}s")
    assert len(set(orphans(world).values())) == 1
