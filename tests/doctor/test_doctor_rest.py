"""What the other worlds do not hold: standbys, encodings, programs, tables of every wrong kind, and a clean lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from doctor_world import DEV, PROD, examine, reload_settings
from support.pair import Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Severity
from egrow_replica.window.checks import backups

OLD = Path("/usr/lib/postgresql/15/bin")
WRONG_TABLES = """
SET ROLE academy_owner;
CREATE VIEW public.seen AS SELECT 1 AS id;
CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES IN (1);
CREATE TABLE public.ruled (id int PRIMARY KEY);
CREATE RULE "R" AS ON INSERT TO public.ruled DO ALSO NOTHING;
CREATE TABLE public.mother (id int PRIMARY KEY);
CREATE TABLE public.child (PRIMARY KEY (id)) INHERITS (public.mother);
CREATE UNLOGGED TABLE public.brief (id int PRIMARY KEY);
CREATE TABLE public.shut (id int PRIMARY KEY);
ALTER TABLE public.shut ENABLE ROW LEVEL SECURITY;
"""
WRONG = {
    "error dev not-a-table public.seen",
    "error prod not-a-table public.seen",
    "error dev partition public.parts_1",
    "error prod partition public.parts_1",
    "error prod rule public.ruled",
    "error dev inheritance public.child",
    "error prod inheritance public.child",
    "error dev unlogged public.brief",
    "error prod unlogged public.brief",
    "error prod row-security public.shut",
    "error dev unknown-table public.curses",
    "error prod unknown-table public.curses",
    "error dev row-filter public.lessons",
    "error prod unknown-column public.courses",
    "error prod key-column public.courses",
}


def test_a_clean_lab(new_pair: Callable[..., Pair]) -> None:
    """Nothing but what is meant: the tables that are in no list. Test and live ids of the preset's are elsewhere."""
    own = {"courses": ["studentsCount", "rating"], "events": ["currentCapacity"]}
    own |= {"resources": ["downloadsCount", "rating"], "promotions": ["currentImpressions"]}
    content = ["courses", "lessons", "resources", "events", "promotions"]
    pair = new_pair(set_up=False)
    pair.configure(tables={"content": content, "user": ["users"], "production_columns": own})
    pair.set_up()
    reload_settings(pair, DEV, "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'")
    try:
        found = examine(pair)
    finally:
        reload_settings(pair, DEV, "ALTER SYSTEM RESET max_slot_wal_keep_size")
    lines = {line for line in found.lines() if " stream-reach " not in line}
    assert lines == {"info prod unclassified unclassified tables"}


def test_tables_of_every_wrong_kind(pair: Pair) -> None:
    pair.both_sql(WRONG_TABLES)
    names = ["seen", "parts_1", "ruled", "child", "brief", "shut", "curses"]
    pair.configure(
        tables={
            "preset": "egrow-academy",
            "content": names,
            "filters": {"lessons": "true"},
            "production_columns": {"courses": ["raiting", "id"]},
        }
    )
    assert WRONG - examine(pair).lines() == set()


def test_programs_directories_and_probes(shared_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = shared_pair.directory / "no programs"
    empty.mkdir(exist_ok=True)
    (shared_pair.directory / "a file").touch()
    section = {"bin_dir": str(empty), "directory": "a file"}
    shared_pair.configure(backup=section, validate={"probes": ["SELECT false"]})
    found = examine(shared_pair)
    wrong = {one.subject: one for one in found.checks if one.severity is Severity.ERROR}
    assert wrong.keys() == {"backup directory", "pg_dump", "probes"}
    assert str(empty) in wrong["pg_dump"].message
    assert "a file" in wrong["backup directory"].message
    shared_pair.configure(backup={}, validate={"probes": ["SELECT true"]})
    monkeypatch.setattr(backups, "shutil", SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1)))
    assert examine(shared_pair).one("backup-space").severity is Severity.WARNING


def test_another_encoding(shared_pair: Pair) -> None:
    with shared_pair.connect(PROD) as prod:
        prod.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        dsn = conninfo.write({**conninfo.parse(shared_pair.logins["prod"]), "dbname": "latin"})
        shared_pair.configure(logins={"prod": dsn})
        assert examine(shared_pair).one("encoding").severity is Severity.ERROR
    finally:
        shared_pair.prod_sql("DROP DATABASE latin WITH (FORCE)")


def test_a_superuser(shared_pair: Pair) -> None:
    shared_pair.use_superuser()
    found = examine(shared_pair)
    assert found.one("superuser").severity is Severity.WARNING
    assert found.failure is None


#: What makes the stream's role wrong, and what is told of it.
STREAM = {
    "ALTER ROLE egrow_stream NOLOGIN": "may not log in",
    "ALTER ROLE egrow_stream NOREPLICATION": "may not replicate",
    "REVOKE CONNECT ON DATABASE {database} FROM egrow_stream, PUBLIC": "may not connect",
    "ALTER ROLE egrow_stream VALID UNTIL 'tomorrow'": "less than a day",
}


def test_the_streams_role(pair: Pair) -> None:
    """The remedies put right what they are printed for."""
    try:
        for statement in STREAM:
            pair.dev_sql(statement.format(database=pair.database))
        found = examine(pair).of("stream-role")
        assert len(found) == len(STREAM)
        for message in STREAM.values():
            assert [message in one.message for one in found].count(True) == 1
        for one in found:
            pair.dev_sql(one.remedy)
        assert [one.severity for one in examine(pair).of("stream-role")] == [Severity.OK]
    finally:
        pair.dev_sql("ALTER ROLE egrow_stream LOGIN REPLICATION VALID UNTIL '2099-01-01'")


@pytest.mark.slow
def test_a_server_without_the_second_wall(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False, load=False, bin_dir=OLD)
    pair.both_sql("CREATE TABLE things (id int PRIMARY KEY)")
    pair.configure(tables={"content": ["things"]})
    pair.use_superuser()
    found = examine(pair)
    assert found.one("second-wall").severity is Severity.WARNING
    assert found.of("capability")
    assert [one.severity for one in found.of("output-plugin")] in ([Severity.OK], [Severity.INFO])
