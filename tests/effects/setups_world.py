"""A server on which set-ups are planted, what the analysis says of them, and a picture of what is not content."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path as Directory
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from setups_model import CONTENT, EFFECTS, USERS, WRITERS, Path, SetUp

from egrow_replica.catalog.scope import Scope, content_table
from egrow_replica.catalog.tables import read_owned_sequences, read_relations, read_tables
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.effects.checks import validate_window
from egrow_replica.effects.read import read_effects
from egrow_replica.errors import StatementFailed, ValidationFailed
from egrow_replica.evidence import WalWitness, judged_transaction
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

TABLES = ("courses", "lessons")
TRAVELLING = ("id", "title", "slug", "n", "tags", "data", "updatedAt")
EXTENSIONS = ("dblink", "postgres_fdw", "moddatetime", "fuzzystrmatch")
ROLES = ("studio", "people")

#: A library's own name → the name under which a copy of it lies elsewhere.
DISGUISES = {"refint": "moddatetime", "dblink": "citext", "tablefunc": "unaccent", "autoinc": "insert_username"}

#: What is done to ``courses``. Somebody refers to row 1.
WRITES = {
    "i": "INSERT INTO {t} (id, title, slug, n, tags, data, \"updatedAt\") VALUES (9, 'new', 'nine', 9,"
    " '{{a}}'::text[], '{{\"a\": \"y\"}}'::jsonb, '2020-01-02')",
    "u": "UPDATE {t} SET title = 'other', slug = 's', n = n + 1, tags = '{{c}}'::text[],"
    ' data = \'{{"a": "z"}}\'::jsonb, "updatedAt" = \'2020-01-03\' WHERE id = 2',
    "k": "UPDATE {t} SET id = 11 WHERE id = 1",
    "d": "DELETE FROM {t} WHERE id = 1",
    "a": "ANALYZE {t}",
}
#: Commands that go beside content.
COMMANDS = (
    "CREATE SCHEMA walks",
    "CREATE EXTENSION unaccent SCHEMA walks",
    "ALTER SCHEMA walks OWNER TO studio",
    "DROP EXTENSION unaccent",
    "DROP SCHEMA walks",
)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Production:
    """One database of a lab's production.

    :ivar libraries: a directory with libraries under other libraries' names.
    """

    lab: Lab
    database: str
    libraries: Directory

    @property
    def dsn(self) -> str:
        return self.lab.on(self.database).prod_admin_dsn

    @contextmanager
    def connect(self) -> Iterator[Connection[Any]]:
        """A superuser's connection, each statement a transaction."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            yield connection

    @contextmanager
    def door(self) -> Iterator[Door]:
        with connect(parse_dsn(SecretStr(self.dsn), name="prod"), Server.PROD, Policy.reading(), what="test") as door:
            yield door

    @contextmanager
    def planted(self, set_up: SetUp) -> Iterator[tuple[Production, str]]:
        """Plant a set-up, in a database of its own where it needs that; the schema that it is in. Taken away after."""
        if set_up.alone:
            with self.another() as own:
                yield own, own.plant(set_up)
            return
        schema = self.plant(set_up)
        try:
            yield self, schema
        finally:
            with self.connect() as connection:
                connection.execute("SET client_min_messages = error")
                connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
                for name in (schema, f"{schema}_a,{schema}_b", f"{schema}_b"):
                    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
                connection.execute(
                    sql.SQL("DROP SERVER IF EXISTS {} CASCADE").format(sql.Identifier(f"{schema}_again"))
                )

    @contextmanager
    def another(self) -> Iterator[Production]:
        """A database of its own."""
        name = f"own{next(_numbers)}"
        self.lab.create_database(Server.PROD, name, template="template1")
        own = Production(self.lab, name, self.libraries)
        own.prepare()
        try:
            yield own
        finally:
            self.lab.drop_database(Server.PROD, name)

    def prepare(self) -> None:
        """Make the roles and extensions that set-ups take for granted."""
        with self.connect() as connection:
            for role in ROLES:
                if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchall():
                    connection.execute(f"CREATE ROLE {role}".encode())
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}".encode())
            connection.execute("CREATE SCHEMA IF NOT EXISTS egrow_ext")
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA egrow_ext")

    def plant(self, set_up: SetUp, schema: str | None = None) -> str:
        """Plant a set-up in a schema of its own. Return the schema's name."""
        schema = schema or f"s{next(_numbers)}"
        with self.connect() as connection:
            connection.execute("SET client_min_messages = error")
            for text in planting(set_up):
                connection.execute(self.filled(text, schema, set_up).encode())
        return schema

    def filled(self, text: str, schema: str, set_up: SetUp) -> str:
        """SQL of a set-up with everything that it names."""
        values = {"s": schema, "lib": str(self.libraries), "db": self.database, "effect": EFFECTS[set_up.effect]}
        server = conninfo_to_dict(self.dsn)
        values |= {name: str(server[name]) for name in ("host", "port", "password")}
        for name in ("effect", *values):
            text = text.replace(f"{{{name}}}", values[name])
        return text


def planting(set_up: SetUp) -> list[str]:
    """The statements that plant a set-up, role by role."""
    return [
        "CREATE SCHEMA {s} AUTHORIZATION studio",
        "GRANT USAGE ON SCHEMA {s} TO PUBLIC; GRANT CREATE ON SCHEMA {s} TO people;"
        "GRANT CREATE, USAGE ON SCHEMA public TO studio, people",
        f"SET ROLE studio; {CONTENT} {set_up.both}",
        "GRANT SELECT, REFERENCES ON {s}.courses, {s}.lessons TO people",
        f"SET ROLE people; {USERS} {WRITERS} RESET ROLE;",
        f"SET ROLE studio; {set_up.sql} RESET ROLE;",
    ]


@contextmanager
def a_production(bin_dir: Directory | None = None) -> Iterator[Production]:
    with tempfile.TemporaryDirectory(prefix="egrow-test-", ignore_cleanup_errors=True) as name:
        directory = Directory(name)
        directory.chmod(0o755)
        with Lab.start(directory / "lab", bin_dir=bin_dir, load=False) as lab:
            production = Production(lab, "academy", disguised(directory, lab.bin_dir))
            production.prepare()
            yield production


def disguised(directory: Directory, bin_dir: Directory) -> Directory:
    """Copies of libraries under other names, as deep as the originals lie: they look for theirs relative to that."""
    (lib,) = {path.parent for path in bin_dir.parent.rglob("refint.so")}
    for beside in lib.parents[2].glob("*.libs"):
        (directory / beside.name).symlink_to(beside)
    directory = directory / "as" / "deep" / "libraries"
    directory.mkdir(parents=True)
    for name, disguise in DISGUISES.items():
        shutil.copy(lib / f"{name}.so", directory / f"{disguise}.so")
        (directory / f"{disguise}.so").chmod(0o755)
    directory.chmod(0o755)
    return directory


# ---------------------------------------------------------------------------------------------------------- analysis


def content_of(door: Door, schema: str) -> Scope:
    """Content as a configuration would name it: what does not travel is production's own."""
    relations = read_relations(door)
    tables = read_tables(door, [relations[QualifiedName(schema, name)] for name in TABLES])
    content = [content_table(table, table, _own_columns(table), None) for table in tables.values()]
    found = tuple(table for table in content if table is not None)
    assert len(found) == len(TABLES), "no content, as a configuration would have it"
    return Scope(
        tables=found, sequences=tuple(read_owned_sequences(door, [table.oid for table in found])), foreign_keys=()
    )


def _own_columns(table: Any) -> tuple[str, ...]:
    names = (column.name for column in table.columns)
    return tuple(name for name in names if name == "price" or name.startswith("own_"))


def refusals(production: Production, schema: str) -> list[str]:
    """What the program refuses to open a window for, as ``doctor`` would say it."""
    with production.door() as door:
        scope = content_of(door, schema)
        facts = read_effects(door, scope)
    if len(scope.tables) < len(TABLES):
        return ["without a key it cannot be content"]
    return [finding.check.message for finding in validate_window(facts, deletes=True) if finding.refused]


# ------------------------------------------------------------------------------------------------------------- deeds


def write(production: Production, schema: str, set_up: SetUp) -> list[str]:
    """Write content as nobody should: a superuser under the replica role, with a commit. What failed."""
    failed = []
    with production.connect() as connection:
        connection.execute("SET search_path = ''")
        if set_up.path is Path.DDL:
            for command in COMMANDS:
                connection.execute(command.encode())
            return []
        connection.execute("SET session_replication_role = replica")
        for letter in set_up.event:
            try:
                connection.execute(WRITES[letter].format(t=f"{schema}.courses").encode())
            except psycopg.Error as error:
                failed.append(f"{letter}: {error}")
    return failed


#: What has rows, and whether it is content, a partition or child of it; without the sequences of its columns.
_OTHERS = """
WITH RECURSIVE t (oid) AS (
  SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = %(schema)s AND c.relname = ANY (%(tables)s)
  UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN t ON t.oid = i.inhparent
), owned (oid) AS (
  SELECT d.objid FROM pg_depend AS d JOIN t ON t.oid = d.refobjid
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
)
SELECT c.oid::regclass::text, CASE WHEN c.oid IN (SELECT oid FROM t) THEN 'content' ELSE c.relkind::text END
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'S') AND c.oid NOT IN (SELECT oid FROM owned)
 ORDER BY 1
"""
_CATALOGUE = """
SELECT 'relation', concat_ws(' ', c.relname, c.relkind, c.relacl, d.description)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_description AS d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
 WHERE n.nspname = %(schema)s
UNION ALL SELECT 'function', concat_ws(' ', p.oid, p.proname, p.procost) FROM pg_proc AS p
  JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname = %(schema)s
UNION ALL SELECT 'large objects', concat_ws(' ', count(*), min(oid), max(oid)) FROM pg_largeobject_metadata
UNION ALL SELECT 'data of large objects', md5(string_agg(concat_ws(' ', loid, pageno, data), ',' ORDER BY loid, pageno))
  FROM pg_largeobject
UNION ALL SELECT 'setting', concat_ws(' ', setrole, setconfig) FROM pg_db_role_setting WHERE setrole <> 0
UNION ALL SELECT 'slot', slot_name FROM pg_replication_slots WHERE starts_with(slot_name, %(schema)s || '_')
UNION ALL SELECT 'role', concat_ws(' ', rolname, rolsuper) FROM pg_roles WHERE rolname IN ('studio', 'people')
ORDER BY 1, 2
"""


def picture(connection: Connection[Any], schema: str) -> dict[str, str]:
    """Everything that is not content. Rows are copied: a query would be planned, which can set things in motion."""
    found = {}
    names = {"schema": schema, "tables": list(TABLES)}
    for relation, kind in connection.execute(_OTHERS, names).fetchall():
        if kind == "content":
            found[f"prices of {relation}"] = _prices(connection, relation)
            continue
        if kind == "S":
            found[relation] = str(
                connection.execute(f"SELECT last_value, is_called FROM {relation}".encode()).fetchone()
            )
            continue
        found[relation] = _rows(connection, f"COPY {relation} TO STDOUT")
    for number, (kind, text) in enumerate(connection.execute(_CATALOGUE, names).fetchall()):
        found[f"{kind} {number}"] = text
    return found


def _prices(connection: Connection[Any], relation: str) -> str:
    """Production's own column, of the rows that stay."""
    if relation.endswith(".lessons"):
        return ""
    rows = _rows(connection, f"COPY {relation} (id, price) TO STDOUT").splitlines()
    return "\n".join(row for row in rows if row.split("\t")[0] in ("2", "3", "4", "5"))


def _rows(connection: Connection[Any], copy: str) -> str:
    with connection.cursor().copy(copy.encode()) as rows:
        return "".join(sorted(bytes(row).decode() for row in rows))


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What differs between two pictures."""
    return [name for name in sorted(before | after) if before.get(name) != after.get(name)]


# ------------------------------------------------------------------------------------------------------ ours


@contextmanager
def writing(production: Production, schema: str) -> Iterator[tuple[Door, Scope, WalWitness]]:
    """A door as a window's writer has it, of a superuser: no privilege is in the way of what is set in motion."""
    secret = parse_dsn(SecretStr(production.dsn), name="prod")
    witness = WalWitness(lambda: connect(secret, Server.PROD, Policy.for_evidence(), what="wal"))
    with production.door() as door:
        scope = content_of(door, schema)
    policy = Policy.for_window(
        content=scope.names, sequences=[sequence.name for sequence in scope.sequences], origin="egrow_set_ups"
    )
    with connect(secret, Server.PROD, policy, what="test", read_only=False) as door, closing(witness):
        yield door, scope, witness


def write_judged(production: Production, schema: str, set_up: SetUp) -> list[ValidationFailed | StatementFailed]:
    """Write content as a window does, one change a transaction. Return what the judge or the server refused."""
    refused: list[ValidationFailed | StatementFailed] = []
    with writing(production, schema) as (door, scope, witness):
        for letter in set_up.event:
            try:
                with judged_transaction(door, scope, witness) as judge:
                    door.execute("SET LOCAL session_replication_role = replica")
                    door.execute(WRITES[letter].format(t=f"{schema}.courses"))
                assert not judge.unread, judge.unread
            except (ValidationFailed, StatementFailed) as error:
                refused.append(error)
    return refused
