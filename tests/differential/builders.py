"""Every statement that the project composes, made by the project's own code over a door that sends nothing."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from psycopg.sql import Composable
from pydantic import SecretStr

from egrow_replica.backup import content_files
from egrow_replica.catalog import ContentTable, ForeignKey, OwnedSequence, Scope
from egrow_replica.catalog.roles import APPLY_ROLE, MAINTENANCE_ROLE
from egrow_replica.catalog.tables import Column, Relation, Table, UniqueKey
from egrow_replica.content import (
    Overwritten,
    OwnColumns,
    Restore,
    Traces,
    Writer,
    left_rows_statement,
    look_at_rows,
    planned_statements,
    recent_rows,
    values_statement,
    write_differences,
)
from egrow_replica.content.compare import TableDifference, bytes_of, compare_table, hashes_of, keys_there
from egrow_replica.content.fetching import KEYS_NAMED, rows_from_dev
from egrow_replica.content.moves import all_different
from egrow_replica.content.reading import read_rows, rows_by_key, sample_rows
from egrow_replica.content.restore import parts_statement
from egrow_replica.content.staging import Stage
from egrow_replica.db import SQL, Door, Identifier, Literal, parse_dsn, query
from egrow_replica.db.queries import _text
from egrow_replica.errors import EgrowError, StatementFailed
from egrow_replica.evidence import fingerprint, orphans
from egrow_replica.evidence import rows as evidence_rows
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication import origins, publication, roles, sequences, slot, subscription
from egrow_replica.replication.names import ObjectNames
from egrow_replica.settings import sql_directory
from egrow_replica.window import hold, journal

SEED: Final = 0x1234_5678_9ABC_DEF0


class Rendered(NamedTuple):
    """A composed statement and the builder that made it."""

    builder: str
    text: str


class PaperDoor(Door):
    """A door to nowhere: it vets and notes what would be sent, and answers so that the builders go on."""

    def __init__(self, server: Server, policy: Policy) -> None:
        self.server = server
        self.policy = policy
        self.sent = None
        self.noted: list[str] = []
        self._answers = 0

    @property
    def version(self) -> int:
        return 180000

    @property
    def role(self) -> str:
        return "egrow_operator"

    def note(self, wanted: Composable | str) -> None:
        """Compose, vet and keep."""
        text = wanted if isinstance(wanted, str) else wanted.as_string(None)
        self.noted.append(text)

    def execute(self, query: Composable | str, parameters: Sequence[Any] = ()) -> int:
        self.note(query)
        return 0

    def rows(self, model: Any, query: Composable | str, parameters: Sequence[Any] = ()) -> list[Any]:
        self.note(query)
        self._answers += 1
        answer = _ANSWERS.get(model.__name__)
        return [] if answer is None else [model(**answer(self._answers))]

    def value(self, query: Composable | str, parameters: Sequence[Any] = ()) -> Any:
        self.note(query)
        self._answers += 1
        return self._answers

    def values(self, query: Composable | str, parameters: Sequence[Any] = ()) -> list[Any]:
        self.note(query)
        return []

    def numbers(self, query: Composable | str, parameters: Sequence[Any] = ()) -> array[int]:
        self.note(query)
        return array("q", [1])

    def stream(self, model: Any, query: Composable | str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        return iter(self.rows(model, query, parameters))

    def tuples(self, query: Composable | str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """As a bucket of a comparison, which no other builder's answer equals."""
        self.note(query)
        self._answers += 1
        yield 0, self._answers, self._answers, id(self)

    def copy_out(self, query: Composable | str) -> Iterator[bytes]:
        self.note(query)
        return iter(())

    def copy_in(self, query: Composable | str, blocks: Iterable[bytes]) -> int:
        self.note(query)
        for _ in blocks:
            pass
        return 0


_ANSWERS: Final[dict[str, Any]] = {
    "RowHash": lambda n: {"key_hash": n, "row_hash": n},
    "_Extras": lambda n: {"keys": n.to_bytes(8, "big"), "origin": 1},
}


def rendered(scope: Scope, *, names: str = "egrow_w") -> list[Rendered]:
    """Every statement for the tables of a scope; also every file under ``sql/``.

    :param names: what publication, slot, subscription and origin are called.
    """
    found: dict[str, Rendered] = {}
    builders = (
        *(_comparison, _reconcile, _restore, _own_columns, _evidence),
        *(_backup, _replication, _setup, _maintenance),
    )
    for builder in builders:
        for text in builder(scope, names):
            found.setdefault(text, Rendered(builder.__name__.strip("_"), text))
    for name, text in _files():
        found.setdefault(text, Rendered(name, text))
    return list(found.values())


def _doors(scope: Scope) -> tuple[PaperDoor, PaperDoor]:
    return (
        PaperDoor(Server.DEV, Policy.reading()),
        PaperDoor(Server.PROD, Policy.for_window(content=scope.names, roles=[APPLY_ROLE])),
    )


def _comparison(scope: Scope, _: str) -> list[str]:
    dev, prod = _doors(scope)
    for table in scope.tables:
        compare_table(dev, prod, table, SEED)
        hashes_of(dev, table, SEED, [1, 2], filtered=True)
        keys_there(dev, table, SEED, [1, 2])
        bytes_of(dev, table, SEED, [1, 2])
        many = range(KEYS_NAMED + 1)
        for rows in (len(many), 3 * len(many)):  # all of the table, or marked ones
            list(rows_from_dev(dev, table, SEED, TableDifference(dev_rows=rows, new=many)))
        for since in (None, [1, 2]):
            recent_rows(prod, table, SEED, "4711", since)
        for with_values in (False, True):
            list(read_rows(dev, table, SEED, [1], filtered=True, with_values=with_values))
        sample_rows(dev, table, SEED, 1)
        rows_by_key(dev, table, SEED, [["1"] * len(table.key)])
    return dev.noted + prod.noted


def _reconcile(scope: Scope, _: str) -> list[str]:
    dev, prod = _doors(scope)
    differences = {table.name: TableDifference(new={1, -2}, updated={3}) for table in scope.tables}
    writer = Writer(prod, APPLY_ROLE, 2.5)
    writer.begin()
    writer.become_operator()
    with suppress(EgrowError):
        write_differences(dev, writer, scope, differences, SEED, lambda _: None)
    for door, statement in planned_statements(dev, prod, scope, differences, SEED):
        door.execute(statement)
    for position, table in enumerate(scope.tables):
        stage = Stage(prod, table, f"egrow_stage_{position}", SEED, table.column_names, is_large=True)
        stage.update()
        stage.waiting()
        stage.missing()
        stage.local_edits("4711")
        stage.refuse_collisions()
        stage.refuse_alike_keys()
        stage.insert()
    return dev.noted + prod.noted


def _restore(scope: Scope, _: str) -> list[str]:
    noted: list[str] = []
    for since in (None, "4711"):
        _dev, prod = _doors(scope)
        overwritten = tuple(
            Overwritten(table=table.name, columns=table.columns[-1:], key_hashes=(1,), value_hashes=(2,))
            for table in scope.tables
        )
        traces = Traces({scope.names[0]: frozenset({1})}, frozenset({1}), since, overwritten)
        restoring = Restore(Writer(prod, APPLY_ROLE, 2.5), scope, SEED, traces, lambda _: (), keep_referenced=True)
        for act in (restoring.foresee, restoring.run):
            with suppress(EgrowError):  # the paper's answers are not always plausible
                act()
        for one, own in restoring._overwritten(restoring._staged()):
            prod.note(restoring._own_statement("content/put_back_own", one, own))
        noted += prod.noted
    return noted + [
        parts_statement(key, table, table, SEED).as_string(None) for key in scope.foreign_keys for table in scope.tables
    ]


def _own_columns(scope: Scope, _: str) -> list[str]:
    _dev, prod = _doors(scope)
    for table in scope.tables:
        own = OwnColumns(table=table.name, groups=(table.columns[:1], table.columns[1:]), mask=7)
        prod.execute(values_statement(table, own, SEED))
        prod.execute(left_rows_statement(table, SEED))
        with suppress(TypeError):  # the paper's answer has no values to look at
            list(look_at_rows(prod, table, own, SEED, defaultdict(int, {1: 1}), SQL("NULL::pg_catalog.int8")))
        all_different(prod, table, SEED, table.key_columns)
    return prod.noted


def _evidence(scope: Scope, _: str) -> list[str]:
    _dev, prod = _doors(scope)
    for table in scope.tables:
        for since in (None, "4711"):
            with suppress(StatementFailed):  # on paper no name leads anywhere
                fingerprint.measure([prod], [fingerprint.Wanted(_found(table), table.columns)], SEED, since)
        for key, ours in ((table.key, [1, 2]), ((), None)):
            evidence_rows.newer_rows(prod, table.name, key, "4711", [(0, 256)], origins=ours)
    orphans.count_all(prod, scope.foreign_keys)
    return prod.noted


def _found(table: ContentTable) -> Table:
    """The table as a catalog would show it."""
    relation = Relation(
        name=table.name,
        oid=table.oid,
        filenode=table.oid,
        kind="r",
        persistence="p",
        owner="owner",
        row_security=False,
        replica_identity="d",
        is_partition=False,
        partition_root=None,
        has_children=False,
        has_parents=False,
        has_rules=False,
        estimated_rows=0,
        bytes=8192,
        heap_pages=1,
    )
    return Table(relation=relation, columns=table.columns, unique_keys=())


def _backup(scope: Scope, _: str) -> list[str]:
    _dev, prod = _doors(scope)
    for table in scope.tables:
        for key in (table.key, ()):
            list(content_files._stream(prod, table.name, table.stored_columns, key))
    return prod.noted


def _owner(name: str) -> ObjectNames:
    """The names of which all objects are called ``name``."""
    return ObjectNames(window=name.removeprefix("egrow_"), id="", production="1/2")


def _replication(scope: Scope, names: str) -> list[str]:
    dev, prod = _doors(scope)
    for operations in (("insert",), ("insert", "update")):
        for statement in publication.create_statements(_owner(names), scope, operations):
            dev.execute(statement)
    publication.read(dev, names)
    dev.value(query("replication/publication_comment"), [names])
    dev.execute(query("replication/drop_publication", publication=Identifier(names)))
    slot.get(dev, names)
    slot.current_lsn(dev)
    slot.has_confirmed(dev, names, "0/1")
    dev.execute(query("replication/drop_slot", slot=Literal(names)))
    stream = parse_dsn(SecretStr("host=127.0.0.1 port=1 password=it's"), name="stream")
    prod.execute(subscription.create_statement(prod, names, stream, prod.version))
    prod.execute(subscription.owner_statement(names, APPLY_ROLE))
    prod.execute(subscription.enable_statement(names))
    for what in ("disable_subscription", "detach_slot", "drop_subscription"):
        prod.execute(query(f"replication/{what}", subscription=Identifier(names)))
    subscription.conflicts(prod, names)
    subscription.workers(prod, names)
    prod.value(query("replication/processes"), [[1]])
    subscription.tables(prod, names)
    for statement in (origins.create_statement(names), origins.use_statement(names)):
        prod.execute(statement)
    origins.drop(prod, names)
    origins.all_origins(prod)
    with suppress(StopIteration):  # a sequence of a table that is not content
        sequences.move(prod, sequences.targets(dev, prod, scope))
    return dev.noted + prod.noted


def _setup(scope: Scope, _: str) -> list[str]:
    door = PaperDoor(Server.PROD, Policy.for_setup(content=scope.names))
    place = roles.Place(
        database="acad-emy",
        schemas=("public", "Catálogo"),
        owners=("owner", 'o"dd'),
        content=scope.names,
        sequences=tuple(sequence.name for sequence in scope.sequences),
        publish=("insert", "update", "delete"),
        held=("app", 'o"dd app'),
    )
    login, stream = roles.Login("egrow_operator", "SCRAM-SHA-256$4096:x"), roles.Login("egrow_stream", None)
    for statement in (
        *roles.content_roles(door, place, {}),
        *roles.production_operator(door, place, login, {}),
        *roles.development_logins(place, login, stream, {}),
        *journal.create_statements(),
        *journal.owner_statements('odd "role"'),
    ):
        door.execute(statement)
    return door.noted


def _maintenance(_: Scope, names: str) -> list[str]:
    policy = Policy.for_maintenance(held=[names], database="acad-emy", keeper=MAINTENANCE_ROLE)
    door = PaperDoor(Server.PROD, policy)
    door.execute(query("hold/become", role=Identifier(MAINTENANCE_ROLE)))
    for value in ("on", "off", None):
        door.execute(hold.setting_statement(names, "acad-emy", value))
    door.execute(hold.end_statement(names))
    return door.noted


#: What stands in a file's placeholders where no builder above came by.
_PARTS: Final[dict[str, Composable]] = {
    "slot": Literal("egrow_s"),
    "lsn": Literal("0/1"),
    "table": Identifier("public", "courses"),
    "source": Identifier("public", "courses"),
    "condition": SQL("true"),
    "stage": Identifier("x"),
    "columns": SQL("id"),
    "key": SQL("id"),
    "key_hash": SQL("t.id::int8"),
    "matches": SQL("t.id = 1"),
    "filter": SQL("t.id > 1"),
    "parts": SQL("title AS part"),
    "predicate": SQL("(id > 2)"),
    "values": SQL("lower(title)"),
    "origin": SQL("NULL::int8"),
    "written": SQL("t.id > 3"),
    "id": SQL("pg_catalog.pg_current_xact_id_if_assigned()"),
    "relations": query("evidence/wal_relations"),
    "assignments": SQL("title = 'x'"),
    "backwards": SQL("t.id DESC"),
    "overriding": SQL("OVERRIDING SYSTEM VALUE"),
    "milliseconds": Literal("100"),
    "kinds": query("evidence/wal_kinds"),
    "records": query("evidence/wal_records", kinds=query("evidence/wal_kinds")),
}


def _files() -> Iterator[tuple[str, str]]:
    """Files of ``sql/`` that can be filled without a builder; the others are the builders' to fill."""
    directory = Path(str(sql_directory()))
    for path in sorted(directory.glob("*/*.sql")):
        name = path.relative_to(directory).with_suffix("").as_posix()
        if name.startswith("academy/"):
            continue  # the lab's scripts for psql
        wanted = set(re.findall(r"\{(\w+)\}", _text(name)))
        if wanted <= _PARTS.keys():
            yield name, query(name, **{part: _PARTS[part] for part in wanted}).as_string(None)


def unfilled_files() -> dict[str, re.Pattern[str]]:
    """The other files, each with the pattern of what is made of it."""
    directory = Path(str(sql_directory()))
    found = {}
    for path in sorted(directory.glob("*/*.sql")):
        name = path.relative_to(directory).with_suffix("").as_posix()
        if name.startswith("academy/"):
            continue
        pieces = [piece.replace("{{", "{").replace("}}", "}") for piece in re.split(r"\{\w+\}", _text(name))]
        found[name] = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    return found


# ----------------------------------------------------------------------------------------------------- made up tables

_TYPES: Final = (
    "int4",
    "text",
    "numeric",
    "timestamptz",
    "interval",
    "bpchar",
    "uuid",
    "jsonb",
    "float8",
    "",
    "citext",
)


def _column(name: str, base_type: str, identity: str = "") -> Column:
    return Column(
        relation_oid=1, name=name, type=base_type or 'public."Enum"', base_type=base_type, not_null=False,
        has_default=False, generated=False, identity=identity, enum_labels=(),
    )  # fmt: skip


def _unique(name: str, *columns: str, nulls_equal: bool = False) -> UniqueKey:
    return UniqueKey(
        relation_oid=1, name=name, is_primary=False, is_replica_identity=False, immediate=True, is_plain=True,
        nulls_equal=nulls_equal, columns=columns,
    )  # fmt: skip


def _table(name: QualifiedName, columns: tuple[Column, ...], key: tuple[str, ...], **more: Any) -> ContentTable:
    values: dict[str, Any] = {
        "partitioned": False,
        "unique_keys": (),
        "production_columns": (),
        "filter": None,
        "stored_columns": tuple(column.name for column in columns),
    }
    return ContentTable(name=name, oid=1, columns=columns, key=key, **(values | more))


def varied_scope() -> Scope:
    """Odd names, composite keys, partitions, filters, every way to hash a column."""
    every = tuple(_column(f"c{position}", kind) for position, kind in enumerate(_TYPES))
    odd = (
        "id",
        'do"uble',
        "with space",
        "Upper",
        "ñandú",
        "select",
        "t",
        "s",
        "a.b",
        "x" * 63,
        "{brace}",
        "100%",
        "a'b",
    )
    tables = (
        _table(QualifiedName("public", "courses"), (_column("id", "int4"), _column("title", "text")), ("id",)),
        _table(QualifiedName("public", "every"), every, ("c0", "c1"), unique_keys=(_unique("u", "c1", "c2"),)),
        _table(QualifiedName("Catálogo", "Mixed Case"), tuple(_column(name, "text") for name in odd), odd[:3],
               unique_keys=(_unique("u", "Upper"), _unique("v", "a'b", "t", nulls_equal=True))),
        _table(QualifiedName("a.b", 'q"uote'), (_column("id", "int8", "a"), _column("b", "text")), ("id",)),
        _table(QualifiedName("select", "from"), (_column("order", "int4"), _column("group", "")), ("order",),
               partitioned=True),
        _table(QualifiedName("public", "filtered"), (_column("id", "int4"), _column("status", "")), ("id",),
               filter="status <> 'DRAFT' AND (lower(title) LIKE 'x%' OR a IS NULL)"),
        _table(QualifiedName("public", "only_key"), (_column("id", "uuid"),), ("id",)),
        _table(QualifiedName("public", "sequenced"), (_column("id", "int8", "d"),), ("id",), partitioned=True),
    )  # fmt: skip
    return Scope(
        tables=tables,
        sequences=(
            OwnedSequence(name=QualifiedName("public", "courses_id_seq"), relation_oid=1, column="id", increment=1),
            OwnedSequence(name=QualifiedName("a.b", 'odd "seq'), relation_oid=1, column="id", increment=-1),
        ),
        foreign_keys=(
            _foreign_key("public", "enrollments", ("course",), "public", "courses", ("id",)),
            _foreign_key("public", "every", ("c0", "c1"), "public", "every", ("c0", "c1")),
            _foreign_key("Users", "odd ones", ("a b",), "select", "from", ("order",)),
        ),
    )


def _foreign_key(
    schema: str, table: str, columns: tuple[str, ...], to_schema: str, to_table: str, referenced: tuple[str, ...]
) -> ForeignKey:
    return ForeignKey(
        name="fk", table=QualifiedName(schema, table), references=QualifiedName(to_schema, to_table), columns=columns,
        referenced_columns=referenced, partitioned=False, references_partitioned=to_schema == "select",
    )  # fmt: skip


__all__ = ["PaperDoor", "Rendered", "rendered", "unfilled_files", "varied_scope"]
