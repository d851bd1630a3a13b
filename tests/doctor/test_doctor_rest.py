"""What the other worlds do not hold: standbys, encodings, programs, tables of every wrong kind, and a clean lab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from doctor_world import DEV, PROD, apply, examine, let_in, reload_settings, stand_in, with_changes
from support.pair import Pair, open_directory

from egrow_replica.lab import conninfo
from egrow_replica.lab.binaries import server_user
from egrow_replica.model import Severity, Side

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
    pair.configure(window={"max_wal_retained": "64MB"})  # whatever this machine's disk has
    reload_settings(pair, DEV, "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'")
    try:
        found = examine(pair)
    finally:
        reload_settings(pair, DEV, "ALTER SYSTEM RESET max_slot_wal_keep_size")
    lines = {line for line in found.lines() if " stream-reach " not in line}
    assert lines == {"info prod unclassified unclassified tables"}


def test_names_that_are_nearly_right(shared_pair: Pair) -> None:
    """Of the tables that could be meant: a user table is never content, and what all names share makes none alike."""
    shared_pair.configure(
        tables={"preset": "egrow-academy", "content": ["prodcut"], "user": ["posts", "user", "Lesson_Progres", "xyz"]}
    )
    found = examine(shared_pair)
    remedies = {one.subject: one.remedy for one in (*found.of("unknown-user-table"), *found.of("unknown-table"))}
    nearest = "The nearest existing name is public."
    assert remedies == {
        "public.posts": f"{nearest}community_posts.",
        "public.user": f"{nearest}users.",
        "public.Lesson_Progres": f"{nearest}lesson_progress.",
        "public.xyz": "No name there is like it.",
        "public.prodcut": f"{nearest}products.",
    }


def test_a_backup_directory_that_others_may_only_look_into_is_no_matter(shared_pair: Pair) -> None:
    """As a clone has it; each backup in it is 0700."""
    shared_pair.backups.mkdir(exist_ok=True)
    shared_pair.backups.chmod(0o755)
    assert examine(shared_pair).of("backup-mode") == []


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
    found = examine(pair)
    assert WRONG - found.lines() == set()
    apply(pair, found.one("rule"))
    assert examine(pair).of("rule") == []


def test_functions_that_planning_runs(pair: Pair) -> None:
    pair.both_sql(
        """
        CREATE FUNCTION public.usual(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
        CREATE INDEX only_usual ON public.users (id) WHERE public.usual(1)
        """
    )
    found = {(one.server, one.subject, one.severity) for one in examine(pair).of("planned-functions")}
    assert found == {(side, "public.users", Severity.WARNING) for side in (Side.DEV, Side.PROD)}


def test_programs_directories_and_probes(shared_pair: Pair) -> None:
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


def test_a_database_that_is_larger_than_the_disk(shared_pair: Pair) -> None:
    """A file with nothing in it makes the database as large as it says."""
    assert examine(shared_pair).of("backup-space") == []
    oid = shared_pair.value(PROD, "SELECT oid FROM pg_database WHERE datname = current_database()")
    hollow = Path(shared_pair.value(PROD, "SHOW data_directory")) / "base" / str(oid) / "hollow"
    try:
        with hollow.open("wb") as file:
            file.truncate(shutil.disk_usage(shared_pair.directory).free * 2 + 2**30)
        hollow.chmod(0o644)
        found = examine(shared_pair).one("backup-space")
    finally:
        hollow.unlink()
    assert found.severity is Severity.WARNING
    assert str(shared_pair.backups) in found.subject


def test_a_disk_that_a_slot_could_fill(shared_pair: Pair) -> None:
    """Dev is on this machine, so its disk can be looked at; how much a slot may keep is a matter of configuration."""
    shared_pair.configure(window={"max_wal_retained": "1MB"})
    assert "free for" in examine(shared_pair).one("slot-space").message
    shared_pair.configure(window={"max_wal_retained": "9000TB"})
    found = examine(shared_pair).one("slot-space")
    assert found.severity is Severity.WARNING
    assert found.subject == shared_pair.value(DEV, "SHOW data_directory")
    assert re.match(r"ALTER SYSTEM SET max_slot_wal_keep_size = '\d+MB'; ", found.remedy)


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


#: What WAL as evidence stands on, taken away one by one; and the first words of what is said.
NO_EVIDENCE = {
    "ALTER ROLE egrow_operator NOREPLICATION": "our role may not make a slot",
    "REVOKE USAGE ON SCHEMA egrow_ext FROM egrow_operator": "our role may not read WAL",
    "DROP EXTENSION pg_walinspect": "the extension pg_walinspect is not in the schema",
}


def test_evidence_that_production_cannot_give(pair: Pair) -> None:
    """Each remedy puts right what it is printed for."""
    pair.configure(evidence={"require": "wal"})
    for statement, message in NO_EVIDENCE.items():
        pair.prod_sql(statement)
        try:
            found = examine(pair).one("wal-evidence")
            assert found.severity is Severity.ERROR
            assert found.message.startswith(message)
        finally:
            apply(pair, found)
    assert [one.severity for one in examine(pair).of("wal-evidence")] == [Severity.OK]


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
    assert {one.severity for one in found.of("collation-version")} == {Severity.OK}
    assert found.one("drift-locale").severity is Severity.OK
    assert found.one("second-wall").severity is Severity.WARNING
    assert found.of("capability")
    assert [one.severity for one in found.of("output-plugin")] in ([Severity.OK], [Severity.INFO])


@pytest.mark.slow
def test_encrypted_connections(new_lab: Callable[..., Pair]) -> None:
    """On PostgreSQL 15, because the wheel of 18 comes without OpenSSL; for the server we come from another address."""
    with open_directory() as directory:
        settings = {"ssl": "on", **certificate(directory)}
        pair = new_lab(set_up=False, load=False, bin_dir=OLD, dev_settings=settings)
        pair.both_sql("CREATE TABLE things (id int PRIMARY KEY)")
        pair.configure(tables={"content": ["things"]})
        pair.use_superuser()
        dev = pair.logins["dev"]
        port = int(conninfo.parse(dev)["port"])
        with let_in(pair, "host all all 127.0.0.2/32 scram-sha-256"), stand_in(port, source="127.0.0.2") as other:
            for mode, severity in (("disable", Severity.WARNING), ("require", Severity.OK)):
                pair.configure(logins={"dev": with_changes(dev, port=other, sslmode=mode)})
                assert examine(pair).one("tls", DEV).severity is severity


def certificate(directory: Path) -> dict[str, str]:
    """A certificate of the server's own, made for this test; where its settings say that it is."""
    key, crt = directory / "server.key", directory / "server.crt"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(crt)], check=True, capture_output=True)
    if user := server_user():
        for path in (key, crt):
            os.chown(path, user.uid, user.gid)
    key.chmod(0o600)
    return {"ssl_key_file": str(key), "ssl_cert_file": str(crt)}
