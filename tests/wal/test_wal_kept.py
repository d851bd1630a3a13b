"""Which content tables lost no row and no key: where none did, no row that points there has become an orphan."""

from __future__ import annotations

import pytest
from wal_world import World

KEPT = {"app.courses"}  # the other one is partitioned: its orphans are always counted


def kept(world: World, *statements: str, ours: bool = False) -> set[str]:
    state = world.begin()
    (world.ours if ours else world.local)(*statements)
    return {str(name) for name in world.findings(state).kept}


@pytest.mark.parametrize("ours", [False, True])
def test_additions_and_other_columns_keep(world: World, ours: bool) -> None:
    statements = (
        "INSERT INTO app.courses (id, title) VALUES (900, repeat('t', 9000))",
        "UPDATE app.courses SET title = repeat('u', 9000)",
        "UPDATE app.courses SET title = 'short'",  # TOAST loses rows
    )
    assert kept(world, *statements, ours=ours) == KEPT


@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM app.courses WHERE id = 1",
        "UPDATE app.courses SET id = 901 WHERE id = 1",
        "TRUNCATE app.courses CASCADE",
        "VACUUM FULL app.courses",
        "ALTER TABLE app.courses SET UNLOGGED",
    ],
)
def test_what_may_lose_a_row_does_not_keep(world: World, statement: str, ours: bool) -> None:
    assert "app.courses" not in kept(world, statement, ours=ours)


def test_a_rolled_back_delete_keeps(world: World) -> None:
    assert kept(world, "BEGIN", "DELETE FROM app.courses WHERE id = 1", "ROLLBACK") == KEPT


def test_a_table_in_the_place_of_another_does_not_keep(world: World) -> None:
    statements = ("ALTER TABLE app.courses RENAME TO old", "ALTER TABLE app.quiet RENAME TO courses")
    assert kept(world, *statements) == set()
