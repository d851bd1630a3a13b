"""Content files: what is written is what comes back, and what was tampered with never does."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from backup_world import PASSWORD, Database, table
from psycopg import sql

from egrow_replica.backup import ContentTable, Manifest, read_content
from egrow_replica.errors import BackupFailed

Make = Callable[..., tuple[Path, Manifest]]

EVERYTHING = r"""
CREATE TYPE "Mood, bad" AS ENUM ('so''so', 'a"b', 'ü');
CREATE TABLE public.everything (
    id int PRIMARY KEY, t text, b bytea, j jsonb, a text[], m "Mood, bad", n numeric, i interval,
    "Weird "" col, x" text, made int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO public.everything VALUES
    (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (2, '', '', '""', '{}', 'so''so', 1.0, '1 mon', ''),
    (3, '\N', '\x005c0a', '{"a": "x\ny"}', ARRAY['\N', '', NULL, 'a,b"c'], 'a"b', 'NaN', '30 days', '\.'),
    (4, E'tab\tline\nreturn\rback\\slash\\.', '\xff', 'null', '{{1,2},{3,4}}', 'ü', 1.00, '-1 s', 'ñ€😀'),
    (5, repeat(E'line\n\\', 300000), decode(repeat('00ff0a5c', 250000), 'hex'), '[]', NULL, NULL, 0, NULL, 'x');
"""
COLUMNS = 'id|t|b|j|a|m|n|i|Weird " col, x'


@pytest.fixture
def everything(database: Database, backup: Make) -> tuple[Path, Manifest]:
    database.run(*EVERYTHING.split(";\n")[:-1])
    return backup(table("everything", COLUMNS, "id"), whole_database=False)


def load_into(database: Database, target: sql.Composable, directory: Path, manifest: Manifest, index: int = 0) -> None:
    stored = manifest.content[index]
    columns = sql.SQL(", ").join(map(sql.Identifier, stored.columns))
    with database.cluster.admin(database.name) as connection, connection.cursor() as cursor:
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT text, ENCODING 'UTF8')").format(target, columns)
        with cursor.copy(query) as copy:
            for block in read_content(directory, stored):
                copy.write(block)


def test_every_kind_of_value_comes_back(database: Database, everything: tuple[Path, Manifest]) -> None:
    directory, manifest = everything
    database.run("CREATE TABLE again (LIKE public.everything INCLUDING ALL)")
    load_into(database, sql.Identifier("again"), directory, manifest)
    assert manifest.content[0].rows == 5
    assert manifest.content[0].columns == tuple(COLUMNS.split("|"))
    difference = "SELECT count(*) FROM everything old FULL JOIN again new USING (id) WHERE record_image_ne(old, new)"
    assert database.rows(difference) == [(0,)]
    assert database.rows("SELECT count(*) FROM again") == [(5,)]


NAMES = [
    ("public", "plain"),
    ("public", "Plain"),
    ("public", "with space"),
    ("public", 'quo"te'),
    ("public", "a.b"),
    ("public", "../../etc/passwd"),
    ("public", "semi;colon'--"),
    ("public", "ñandú"),
    ("public", "x" * 63),
    ("public", "%s {} $1"),
    ("Catálogo.x", "Artículo"),
    ("public", "new\nline"),
]


def test_any_name_makes_a_private_file_inside_the_directory(database: Database, backup: Make) -> None:
    tables = []
    with database.cluster.admin(database.name) as admin:
        admin.execute('CREATE SCHEMA "Catálogo.x"')
        for number, name in enumerate(NAMES):
            admin.execute(sql.SQL('CREATE TABLE {} ("I d" int)').format(sql.Identifier(*name)))
            admin.execute(sql.SQL("INSERT INTO {} SELECT generate_series(1, {})").format(sql.Identifier(*name), number))
            tables.append(ContentTable(table=name, columns=("I d",), key=("I d",)))
    directory, manifest = backup(*tables, whole_database=False)
    files = {path.name for path in (directory / "content").iterdir()}
    assert {f"content/{name}" for name in files} == {stored.file for stored in manifest.content}
    assert len(files) == len({name.casefold() for name in files}) == len(NAMES)
    assert [stored.rows for stored in manifest.content] == list(range(len(NAMES)))
    assert [stored.table for stored in manifest.content] == NAMES
    for path in (directory, *directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_partitioned_table_is_read_through_its_root(database: Database, backup: Make) -> None:
    database.run(
        "CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
        "CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2020-01-01')",
        "CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2040-01-01')",
        "INSERT INTO events VALUES (2, '2025-01-01'), (1, '2010-01-01')",
    )
    directory, manifest = backup(table("events", "id|at", "id at"), whole_database=False)
    assert b"".join(read_content(directory, manifest.content[0])) == b"1\t2010-01-01\n2\t2025-01-01\n"


def test_an_empty_table_is_an_empty_file(database: Database, backup: Make) -> None:
    database.run("CREATE TABLE empty (id int)")
    directory, manifest = backup(table("empty", "id"), whole_database=False)
    assert list(read_content(directory, manifest.content[0])) == []
    assert (manifest.content[0].rows, manifest.bytes) == (0, 0)


@pytest.mark.parametrize("damage", ["byte", "shorter", "longer", "missing", "link", "directory", "pipe"])
def test_nothing_is_read_from_a_damaged_file(everything: tuple[Path, Manifest], damage: str, tmp_path: Path) -> None:
    directory, manifest = everything
    path = directory / manifest.content[0].file
    data = bytearray(path.read_bytes())
    if damage == "byte":
        data[-2] ^= 1
        path.write_bytes(data)
    elif damage == "shorter":
        path.write_bytes(data[:-1])
    elif damage == "longer":
        path.write_bytes(data + b"\n")
    else:
        path.rename(tmp_path / "elsewhere")
        if damage == "link":
            path.symlink_to(tmp_path / "elsewhere")
        elif damage == "directory":
            path.mkdir()
        elif damage == "pipe":
            os.mkfifo(path)
    with pytest.raises(BackupFailed) as refusal:
        next(read_content(directory, manifest.content[0]))
    assert refusal.value.hint


def test_a_change_while_it_is_read_fails_the_reader(everything: tuple[Path, Manifest]) -> None:
    directory, manifest = everything
    path = directory / manifest.content[0].file
    reader = read_content(directory, manifest.content[0])
    next(reader)
    with path.open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"!")
    with pytest.raises(BackupFailed, match="sha256"):
        list(reader)


def test_a_table_that_cannot_be_read_is_named(database: Database, backup: Make, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match=r"public\.nowhere") as refusal:
        backup(table("nowhere", "id"), whole_database=False)
    assert refusal.value.hint
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_table_without_the_privilege_is_named(database: Database, backup: Make) -> None:
    database.run("CREATE TABLE closed (id int)", "CREATE ROLE stranger LOGIN")
    try:
        database.run(sql.SQL("ALTER ROLE stranger PASSWORD {}").format(sql.Literal(PASSWORD)).as_string())
        dsn = database.cluster.dsn(database.name, user="stranger")
        with pytest.raises(BackupFailed, match=r"public\.closed") as refusal:
            backup(table("closed", "id"), door_dsn=dsn, whole_database=False)
    finally:
        database.run("DROP ROLE stranger")
    assert "Grant SELECT on public.closed" in refusal.value.hint


def test_row_security_fails_instead_of_hiding_rows(database: Database, backup: Make) -> None:
    database.run("CREATE TABLE hidden (id int)", "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY")
    with pytest.raises(BackupFailed, match="row-level security") as refusal:
        backup(table("hidden", "id"), whole_database=False)
    assert "BYPASSRLS" in refusal.value.hint
