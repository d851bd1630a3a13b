"""What is protected is one question with one answer, whoever asks: the catalog, or who reads WAL."""

from __future__ import annotations

import pytest
from wal_world import World

from egrow_replica.catalog import protected, read_relations
from egrow_replica.evidence.wal_relations import Side, read_place
from egrow_replica.model import QualifiedName

#: Tables beside content, and whether they are protected.
CASES = {
    "a table of nobody's": ("CREATE TABLE app.stray (id int)", "app.stray", True),
    "a partition of a partition of content": (
        "CREATE TABLE app.lessons_3 PARTITION OF app.lessons FOR VALUES FROM (200) TO (300) PARTITION BY RANGE (id);"
        "CREATE TABLE app.lessons_3a PARTITION OF app.lessons_3 FOR VALUES FROM (200) TO (300)",
        "app.lessons_3a",
        False,
    ),
    "a partition that was detached": ("ALTER TABLE app.lessons DETACH PARTITION app.lessons_2", "app.lessons_2", True),
    "what inherits from content": ("CREATE TABLE app.old_courses () INHERITS (app.courses)", "app.old_courses", True),
    "a table of content's name elsewhere": (
        "CREATE SCHEMA other; CREATE TABLE other.courses (id int)",
        "other.courses",
        True,
    ),
    "a table beside the extension": ("CREATE TABLE egrow_ext.notes (id int)", "egrow_ext.notes", True),
    "unlogged": ("CREATE UNLOGGED TABLE app.volatile (id int)", "app.volatile", True),
    "the journal": ("SELECT 1", "egrow_replica.step", False),
    "content": ("SELECT 1", "app.courses", False),
}


@pytest.fixture
def all_cases(world: World) -> World:
    assert world.scope.tables  # as it was when the window opened
    for statements, _, _ in CASES.values():
        world.local(*statements.split(";"))
    return world


def test_catalog_and_wal_agree_on_what_is_protected(all_cases: World) -> None:
    with all_cases.admin_door() as door:
        relations = read_relations(door)
        catalog = {table.name for table in protected(relations.values(), all_cases.scope.names)}
        place = read_place(door, all_cases.scope)
    wal = {table.name for table in relations.values() if table.holds_rows and place.side(table.oid) is Side.PROTECTED}
    assert catalog == wal
    for case, (_, name, expected) in CASES.items():
        assert (QualifiedName.parse(name) in catalog) is expected, case
