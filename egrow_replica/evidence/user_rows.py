"""Rows of a user's table that a window changed: which they are, and the SQL that would put them back.

The SQL is for a person to read and to run; nothing of it is ever sent by the controller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from egrow_replica.catalog import Column, Table
from egrow_replica.db import SQL, Composable, Door, Identifier, Literal, columns, query, relation
from egrow_replica.db.copied import TextValues, copied_rows
from egrow_replica.db.expressions import cast, is_one_of, null, numbers
from egrow_replica.evidence.fingerprint import newer, origin_of_newer
from egrow_replica.guard import Policy, read_name, vet
from egrow_replica.results import RowChange

#: How many rows of a table are named and have SQL; of the others it is said how many there are.
MOST_ROWS = 10_000
#: Of larger tables nobody looks for rows that are gone: all of its keys would have to be held here.
MOST_KEYS = 2_000_000
#: Types of PostgreSQL's own without an equality, or with one that does not look at the whole value.
_WITHOUT_EQUALITY = frozenset({"json", "xml", "point", "lseg", "path", "box", "polygon", "line", "circle"})


@dataclass(frozen=True)
class ChangedUserRow:
    """What became of a row.

    :ivar origin: that of its last writer; ``None`` where the server does not know it, or the row is gone.
    :ivar before: ``None`` where it was not there, ``after`` where it is not there now.
    :ivar change: ``None`` where nobody knows what it was before.
    """

    origin: int | None
    before: TextValues | None
    after: TextValues | None
    change: RowChange | None


@dataclass(frozen=True)
class TableRows:
    """A table, the columns that tell its rows apart, and those that a dump has of it: all that are not generated."""

    table: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> TableRows | None:
        """How rows of a table are told apart; ``None`` where nothing does: no unique index without NULL."""
        never_null = {column.name for column in table.columns if column.not_null}
        keys = [one for one in table.unique_keys if one.is_plain and never_null.issuperset(one.columns)]
        if not keys:
            return None
        key = max(keys, key=lambda one: one.is_primary).columns
        return cls(table, key, tuple(column.name for column in table.columns if not column.generated))

    def column(self, name: str) -> Column:
        """A column by its name."""
        found = self.table.column(name)
        assert found is not None, "it was read"
        return found

    def key_of(self, values: TextValues) -> TextValues:
        """A row's key."""
        return tuple(values[self.columns.index(name)] for name in self.key)

    def shown(self, row: ChangedUserRow) -> str:
        """A row's key for a person, ``id=5``."""
        key = self.key_of(row.after or row.before or ())
        return ", ".join(f"{name}={value}" for name, value in zip(self.key, key, strict=True))

    def differing(self, row: ChangedUserRow) -> tuple[str, ...]:
        """The columns in which a row that is still there is another than it was."""
        if row.before is None or row.after is None:
            return ()
        pairs = zip(self.columns, row.before, row.after, strict=True)
        return tuple(name for name, was, now in pairs if was != now)


def changed_rows(
    door: Door,
    rows: TableRows,
    since: str,
    *,
    origins: Iterable[int] | None,
    dumped: Iterable[TextValues] | None,
    gone: bool,
) -> tuple[list[ChangedUserRow], int]:
    """The first :data:`MOST_ROWS` rows that are newer than a transaction id, and how many more there are.

    :param origins: only those whose last writer had one of these; ``None``: the server knows no writers.
    :param dumped: the rows as they were; rows that are as they were are left out. ``None``: nobody knows.
    :param gone: also rows that are not there any more.
    """
    written: dict[TextValues, tuple[int | None, TextValues]] = {}
    more = 0
    for number, *values in copied_rows(door.copy_out(_written_statement(rows, since, origins))):
        if len(written) == MOST_ROWS:
            more += 1
            continue
        row = tuple(values)
        written[rows.key_of(row)] = (None if number is None else int(number), row)
    if dumped is None:
        return [ChangedUserRow(origin, None, row, None) for origin, row in written.values()], more
    there = set(copied_rows(door.copy_out(_keys_statement(rows)))) if gone else None
    found: list[ChangedUserRow] = []
    for before in dumped:
        key = rows.key_of(before)
        if key in written:
            origin, after = written.pop(key)
            if before != after:
                found.append(ChangedUserRow(origin, before, after, RowChange.UPDATED))
        elif there is not None and key not in there:
            if len(found) < MOST_ROWS:
                found.append(ChangedUserRow(None, before, None, RowChange.DELETED))
            else:
                more += 1
    found += [ChangedUserRow(origin, None, row, RowChange.INSERTED) for origin, row in written.values()]
    return found, more


def _written_statement(rows: TableRows, since: str, origins: Iterable[int] | None) -> Composable:
    origin = cast(null(), "int8") if origins is None else origin_of_newer(since)
    written = newer(since) if origins is None else is_one_of(origin, numbers(origins))
    read, table = columns(rows.columns, "t"), relation(rows.table.name)
    return query("evidence/user_rows", origin=origin, columns=read, table=table, written=written)


def _keys_statement(rows: TableRows) -> Composable:
    return query("evidence/user_keys", key=columns(rows.key, "t"), table=relation(rows.table.name))


def put_back(rows: TableRows, changed: Collection[ChangedUserRow]) -> Iterator[str]:
    """The statements after which these rows are as they were: each does nothing to a row that was written since.

    What came goes first, so that a key that was changed is free for the row that had it.

    :raises Refused: a statement is not provably one that writes nothing but this table.
    """
    own = [column.type.removesuffix("[]") for column in rows.table.columns if "." in column.type]
    policy = Policy.for_content((rows.table.name,), types=[read_name(name) for name in own])
    compose = {RowChange.INSERTED: _delete, RowChange.UPDATED: _update, RowChange.DELETED: _insert}
    for change, statement in compose.items():
        for row in changed:
            if row.change is change:
                yield vet(statement(rows, row).as_string(None), policy).text


def _update(rows: TableRows, row: ChangedUserRow) -> Composable:
    assert row.before is not None
    names = rows.differing(row)
    was = dict(zip(rows.columns, row.before, strict=True))
    assigned = [SQL("{} = {}").format(Identifier(name), _value(was[name], rows.column(name))) for name in names]
    statement = SQL("UPDATE ONLY {} SET {} WHERE {}")
    return statement.format(relation(rows.table.name), SQL(", ").join(assigned), _still(rows, row, names))


def _delete(rows: TableRows, row: ChangedUserRow) -> Composable:
    return SQL("DELETE FROM ONLY {} WHERE {}").format(relation(rows.table.name), _still(rows, row, rows.columns))


def _insert(rows: TableRows, row: ChangedUserRow) -> Composable:
    # An identity column takes a value only so; without one the clause means nothing.
    statement = SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) ON CONFLICT DO NOTHING")
    columns_of = map(rows.column, rows.columns)
    values = SQL(", ").join(map(_value, row.before or (), columns_of))
    return statement.format(relation(rows.table.name), columns(rows.columns), values)


def _still(rows: TableRows, row: ChangedUserRow, names: Iterable[str]) -> Composable:
    """Whether a row is in these columns still what the window left."""
    now = dict(zip(rows.columns, row.after or (), strict=True))
    by_key = [SQL("{} = {}").format(Identifier(name), _value(now[name], rows.column(name))) for name in rows.key]
    same = [_same(rows.column(name), now[name]) for name in names if name not in rows.key]
    return SQL(" AND ").join([*by_key, *same])


def _same(column: Column, value: str | None) -> Composable:
    name: Composable = Identifier(column.name)
    base_type = column.base_type.removeprefix("_")
    if not base_type or base_type in _WITHOUT_EQUALITY:  # of a type of one's own nobody knows what its equality is
        name = SQL("{}::pg_catalog.text").format(name)
        return SQL("{} IS NOT DISTINCT FROM {}").format(name, _of_type(value, "pg_catalog.text"))
    return SQL("{} IS NOT DISTINCT FROM {}").format(name, _value(value, column))


def _value(value: str | None, column: Column) -> Composable:
    """A value; without a type, it takes that of the column, which the guard wants to be said of what has parts."""
    if value is not None and value[:1] in ("{", "[", "("):
        return _of_type(value, column.type)
    return SQL("NULL") if value is None else Literal(value)


def _of_type(value: str | None, type_name: str) -> Composable:
    # The server's own text for the type (format_type), quoted where it has to be.
    return SQL("{}::{}").format(SQL("NULL") if value is None else Literal(value), SQL(type_name))
