"""Asking ``doctor`` without a process of its own, and a database with something wrong at every place."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.app.context import Context
from egrow_replica.app.doctor import doctor
from egrow_replica.errors import EgrowError
from egrow_replica.lab import conninfo
from egrow_replica.model import Check, Server, Severity, Side
from egrow_replica.results import DoctorReport
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

DEV, PROD = Server.DEV, Server.PROD


@dataclass(frozen=True)
class Examined:
    """What doctor said."""

    checks: tuple[Check, ...]
    failure: EgrowError | None

    def of(self, slug: str) -> list[Check]:
        return [check for check in self.checks if check.id == slug]

    def one(self, slug: str, server: Server | None = None) -> Check:
        found = [check for check in self.of(slug) if server is None or check.server == server.value]
        assert len(found) == 1, f"{slug}: {self.lines()}"
        return found[0]

    def lines(self, *severities: Severity) -> set[str]:
        """One line a finding, as the lists of the tests have them; without severities, whatever is not well."""
        wanted = severities or (Severity.ERROR, Severity.WARNING, Severity.INFO)
        return {f"{one.severity} {one.server} {one.id} {one.subject}" for one in self.checks if one.severity in wanted}


def examine(pair: Pair) -> Examined:
    failure: EgrowError | None = None
    try:
        report: object = doctor(Context(load_settings(pair.config), Silence()))
    except EgrowError as error:
        failure, report = error, error.report
    assert isinstance(report, DoctorReport), failure
    return Examined(report.checks, failure)


def stand_by(pair: Pair) -> None:
    """Start both servers again as standbys without a primary."""
    for server in SIDES:
        data = pair.value(server, "SHOW data_directory")
        pair.lab.stop_server(server)
        (Path(data) / "standby.signal").touch()
        pair.lab.start_server(server)
        wait_until(lambda s=server: pair.value(s, "SELECT pg_is_in_recovery()"), 20, what="recovery")


def reload_settings(pair: Pair, server: Server, statement: str) -> None:
    """Run an ALTER SYSTEM and wait until the server has read it."""
    pair.run_sql(server, statement)
    before = pair.value(server, "SELECT pg_conf_load_time()")
    pair.run_sql(server, "SELECT pg_reload_conf()")
    wait_until(lambda: pair.value(server, "SELECT pg_conf_load_time()") != before, 10, what="the settings")


SQL = re.compile(r"(ALTER (?!SYSTEM)|(CREATE|DROP|GRANT|REVOKE|REINDEX|SELECT|UPDATE|ROLLBACK|WITH) )")
COLUMNS = re.compile(r'\[tables\.production_columns\] ("[^"]+") = (\[[^]]+\])')


def apply(pair: Pair, check: Check) -> None:
    """Run a remedy as it was printed, where it says or where it was found."""
    if check.remedy.startswith("chmod "):
        subprocess.run(shlex.split(check.remedy), check=True)
    elif SQL.match(check.remedy):
        here = [DEV if "-- on dev" in check.remedy or check.server is Side.DEV else PROD]
        for server in SIDES if "-- on both servers" in check.remedy else here:
            for statement in check.remedy.partition(" -- ")[0].split("; "):
                pair.run_sql(server, statement.replace("%", "%%"))
    elif check.id == "large-objects" and (found := COLUMNS.search(check.remedy)):
        own = {json.loads(found[1]).removeprefix("public."): json.loads(found[2])}
        pair.configure(tables={**pair.tables, "production_columns": own})


def with_changes(dsn: str, **changes: str) -> str:
    return conninfo.write({**conninfo.parse(dsn), **changes})


@contextmanager
def stand_in(port: int, change: Callable[[bytes], bytes] = bytes, source: str = "127.0.0.1") -> Iterator[str]:
    """Between us and a server: it passes everything on from an address, and changes what the server answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
                    threading.Thread(target=pump, args=(client, server, bytes), daemon=True).start()
                    threading.Thread(target=pump, args=(server, client, change), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield str(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def pump(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError), source, target:
        while data := source.recv(65536):
            target.sendall(change(data))


@contextmanager
def let_in(pair: Pair, line: str, server: Server = DEV) -> Iterator[None]:
    """With a line in front of a server's pg_hba.conf."""
    path = Path(pair.value(server, "SHOW hba_file"))
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{line}\n{before}", encoding="utf-8")
    try:
        reload_settings(pair, server, "SELECT 1")
        yield
    finally:
        path.write_text(before, encoding="utf-8")
        reload_settings(pair, server, "SELECT 1")


TABLES = """
SET ROLE academy_owner;
SET search_path = public;
CREATE TYPE "Level" AS ENUM ('low', 'high');
CREATE TYPE "Rank" AS ENUM ('first', 'second');
CREATE DOMAIN price AS numeric(10, 2);
CREATE DOMAIN lo AS oid;
CREATE TABLE "Artículo" (
    id int PRIMARY KEY, "shortName" varchar(40), weight numeric(8, 2), level "Level", cost price, note text, place text,
    spot text, since timestamp(6), rank "Rank", number int NOT NULL DEFAULT 0);
CREATE TABLE topics (id int PRIMARY KEY, slug text NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX topics_slug_key ON topics (slug);
CREATE TABLE regions (id int, area text, PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE regions_north PARTITION OF regions FOR VALUES IN ('north');
CREATE TABLE silent (id int PRIMARY KEY, body text);
CREATE TABLE whole (id int PRIMARY KEY, body text);
CREATE TABLE forgetful (id int PRIMARY KEY, body text);
CREATE TABLE late (id int CONSTRAINT late_key PRIMARY KEY, body text);
CREATE TABLE files (id int PRIMARY KEY, data lo, number oid);
CREATE TABLE loose (id int PRIMARY KEY, body text, cost price);
CREATE TABLE marks (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE holders (id int PRIMARY KEY, mark text REFERENCES marks (code));
INSERT INTO marks VALUES (1, 'gold'), (2, 'silver'), (3, 'lead');
INSERT INTO regions VALUES (3, 'north');
INSERT INTO topics SELECT n, 'topic-' || n, '2026-01-01' FROM generate_series(1, 6) AS n;
INSERT INTO "Artículo" (id, place, spot) VALUES (1, 'here', 'a'), (2, 'there', 'b');
"""
CONTENT = ["Artículo", "topics", "regions", "silent", "whole", "forgetful", "late", "files", "loose", "marks"]

ON_DEV = """
SET search_path = public;
SET ROLE academy_owner;
ALTER TYPE "Level" ADD VALUE 'middle' BEFORE 'high';
CREATE TYPE "Kind" AS ENUM ('it''s', 'other');
ALTER TABLE "Artículo" ADD COLUMN kind "Kind" NOT NULL DEFAULT 'it''s';
ALTER TABLE "Artículo" ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED;
ALTER TABLE "Artículo" ADD COLUMN later int, ADD COLUMN last int;
CREATE TABLE regions_west PARTITION OF regions FOR VALUES IN ('west');
ALTER TABLE silent REPLICA IDENTITY NOTHING;
ALTER TABLE whole REPLICA IDENTITY FULL;
INSERT INTO regions VALUES (1, 'north'), (2, 'west');
UPDATE regions SET area = 'west' WHERE id = 3;
INSERT INTO loose VALUES (1, 'bad', 1), (2, 'good', -1), (3, NULL, 1), (4, 'good', 1);
ALTER TABLE loose ADD CONSTRAINT decent CHECK (body <> 'bad') NOT VALID, ADD CONSTRAINT said NOT NULL body NOT VALID;
UPDATE marks SET code = 'iron' WHERE id = 1;
UPDATE marks SET code = 'tin' WHERE id = 3;
INSERT INTO late VALUES (1, 'x'), (2, 'x');
ALTER TABLE late ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
RESET ROLE;
REVOKE CREATE ON DATABASE {database} FROM egrow_operator;
"""
#: In a statement of its own: a new label cannot be used in the transaction that made it.
ROWS_ON_DEV = """
INSERT INTO public."Artículo" (id, "shortName", weight, level, cost, note, place, spot) VALUES
    (10, repeat('x', 30), 1, 'low', 1, 'n', 'p', 'c'),
    (11, 'short', 123456.78, 'low', 1, 'n', 'p', 'd'),
    (12, 'short', 1, 'middle', 1, 'n', 'p', 'e'),
    (13, 'short', 1, 'low', 1, 'n', NULL, 'f'),
    (14, 'short', 1, 'low', 1, 'forbidden', 'p', 'g'),
    (15, 'short', 1, 'low', 1, 'n', 'p', 'same'),
    (16, 'short', 1, 'low', 1, 'n', 'p', 'same');
UPDATE public.topics SET slug = 'another', "createdAt" = '2025-05-05' WHERE id = 1;
UPDATE public.topics SET slug = 'for a moment' WHERE id = 2;
UPDATE public.topics SET slug = 'topic-2' WHERE id = 3;
UPDATE public.topics SET slug = 'topic-3' WHERE id = 2;
UPDATE public.topics SET slug = 'topic-4-free' WHERE id = 4;
UPDATE public.topics SET slug = 'topic-4' WHERE id = 5;
INSERT INTO public.topics VALUES (20, 'taken', now()), (21, 'topic-5', now());
UPDATE public.courses SET "instructorId" = (SELECT id FROM public.users WHERE email LIKE 'tester1@%')
 WHERE id = (SELECT min(id) FROM public.courses);
"""
ON_PROD = """
SET search_path = public;
ALTER TABLE "Artículo" ALTER COLUMN "shortName" TYPE varchar(10), ALTER COLUMN weight TYPE numeric(4, 2),
    ALTER COLUMN place SET NOT NULL, ALTER COLUMN place TYPE text COLLATE "C", ALTER COLUMN note SET DEFAULT 'none',
    ALTER COLUMN number DROP DEFAULT, ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY,
    ALTER COLUMN since TYPE timestamp(3),
    ADD CONSTRAINT "not forbidden" CHECK (note <> 'forbidden'), ADD CONSTRAINT apart EXCLUDE (id WITH =),
    ADD COLUMN last int, ADD COLUMN later int, ADD COLUMN twice int GENERATED ALWAYS AS (id * 3) STORED;
CREATE UNIQUE INDEX "one spot" ON "Artículo" (spot);
ALTER TYPE "Rank" RENAME VALUE 'first' TO 'third';
ALTER TYPE "Rank" RENAME VALUE 'second' TO 'first';
ALTER TYPE "Rank" RENAME VALUE 'third' TO 'second';
ALTER DOMAIN price ADD CONSTRAINT positive CHECK (VALUE >= 0);
ALTER TABLE topics ADD COLUMN curator int;
UPDATE topics SET curator = 1;
ALTER TABLE topics ALTER COLUMN curator SET NOT NULL;
INSERT INTO topics VALUES (7, 'taken', now(), 1);
ALTER TABLE loose ADD CONSTRAINT decent CHECK (body <> 'bad'), ALTER COLUMN body SET NOT NULL;
INSERT INTO holders VALUES (1, 'gold'), (2, 'silver');
ALTER TABLE late DROP CONSTRAINT late_key, ADD CONSTRAINT late_key PRIMARY KEY (id) DEFERRABLE;
ALTER TABLE forgetful SET UNLOGGED;
CREATE UNLOGGED TABLE public.cache (id int PRIMARY KEY);
GRANT SELECT ON cache TO egrow_operator;
CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN UPDATE public.users SET bio = bio; RETURN NEW; END';
CREATE TRIGGER "Welcome" AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION welcome();
ALTER TABLE courses ENABLE ALWAYS TRIGGER "Welcome";
CREATE TRIGGER "Resting" AFTER UPDATE ON topics FOR EACH ROW EXECUTE FUNCTION welcome();
ALTER TABLE likes ENABLE ROW LEVEL SECURITY;
REVOKE SELECT ON comments FROM egrow_operator;
GRANT INSERT ON users TO egrow_apply;
REVOKE UPDATE ON prices FROM egrow_apply;
ALTER DATABASE {database} CONNECTION LIMIT 4;
"""
#: By itself, and in vain: there are duplicates.
HALF_MADE = """CREATE UNIQUE INDEX CONCURRENTLY "half made" ON public.{table} ({column})"""
