"""Writing rows from a staging table into a content table, in an order in which no unique value clashes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from egrow_replica.catalog import ContentTable, UniqueKey, key_hash
from egrow_replica.content.compare import estimated_rows
from egrow_replica.db import SQL, Composable, Composed, Door, Identifier, columns, query, relation
from egrow_replica.db.expressions import Expression, cast, equal, record, same, value_of, written
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import Model, QualifiedName


class Collision(Model):
    """A row that wants a unique value which another row holds."""

    wanting: str
    holding: str
    value: str


class _Alike(Model):
    """Two keys that look different and are equal to the server."""

    wanting: str
    holding: str


#: From this part of a table's rows on, so much of it is read or written that all of it may be read.
LARGE_PART = 20


@dataclass
class Stage:
    """A temporary table beside a content table, for the length of one transaction.

    :ivar columns: what it holds: the travelling columns, or all that a backup keeps.
    :ivar rows: how many it holds; ``is_large``: they are a large part of those that the table has, or more.
    """

    door: Door
    table: ContentTable
    name: str
    seed: int
    columns: tuple[str, ...]
    rows: int = 0
    is_large: bool = False

    @property
    def identifier(self) -> Identifier:
        """Its name, to stand behind ``pg_temp.``."""
        return Identifier(self.name)

    def create(self) -> None:
        """Make it, empty."""
        self.door.execute(self._create_statement())

    def fill(self, blocks: Iterable[bytes], *, how: str = "content/copy_stage_in") -> int:
        """Feed it from a COPY stream, then make it ready to be joined; the number of rows."""
        self.rows = self.door.copy_in(self._copy_statement(how), blocks)
        self.door.execute(self._analyze_statement())
        self.is_large = is_large_part(self.door, self.rows, self.table.name)
        return self.rows

    @contextmanager
    def joined(self) -> Iterator[None]:
        """A block whose statements join it with its table, or with others: none of them reads a table again and again.

        Few rows are looked up by index, each alone. Many are joined as a whole, whatever the planner takes the table
        for, which may have no statistics and grows while it is written.
        """
        with whole_joins(self.door) if self.is_large else nullcontext():
            yield

    def planned_fill(self) -> Iterator[Composed]:
        """What :meth:`create` and :meth:`fill` send."""
        yield self._create_statement()
        yield self._copy_statement("content/copy_stage_in")
        yield self._analyze_statement()

    def planned_update(self) -> Iterator[Composed]:
        """What :meth:`update` sends, as often as it takes."""
        if changing := self.changing_columns:
            yield self._update_statement(changing)

    def planned_insert(self) -> Iterator[Composed]:
        """What :meth:`insert` sends."""
        yield self._insert_statement()

    def update(self) -> int:
        """Give existing rows the staged values, round by round while unique values become free; rows changed."""
        changing = self.changing_columns
        if not changing:
            return 0
        statement = self._update_statement(changing)
        with self.joined():
            updated = self.door.execute(statement)
            if self.table.unique_keys:
                while (more := self.door.execute(statement)) > 0:
                    updated += more
        return updated

    def waiting(self) -> int:
        """Rows that still look different from the staged ones."""
        changing = self.changing_columns
        if not changing:
            return 0
        with self.joined():
            return int(self.door.value(self._count_statement("content/count_waiting", changing)))

    def missing(self) -> int:
        """Staged rows that the table does not have."""
        matches = self.table.matches("t", "s")
        statement = query("content/count_missing", stage=self.identifier, source=self.table.source, matches=matches)
        with self.joined():
            return int(self.door.value(statement))

    def local_edits(self, since: str) -> int:
        """Rows that look different because an ordinary transaction wrote them last, not before the id ``since``."""
        changing = self.changing_columns
        if not changing:
            return 0
        with self.joined():
            return int(self.door.value(self._count_statement("content/count_local_edits", changing), [since]))

    def refuse_waiting(self) -> None:
        """See that every update was possible.

        :raises PreflightFailed: rows exchange a unique value, or want one that another row keeps.
        """
        if self.table.unique_keys and (waiting := self.waiting()):
            self.refuse_collisions()
            raise PreflightFailed(f"{waiting} rows of {self.table.name} cannot take their unique values")

    def insert(self) -> array[int]:
        """Add the staged rows that the table lacks; the hashes of their keys.

        :raises PreflightFailed: a row wants a unique value that another row has.
        """
        self.refuse_collisions()
        with self.joined():
            return self.door.numbers(self._insert_statement())

    def _create_statement(self) -> Composed:
        return query(
            "content/create_stage",
            stage=self.identifier,
            columns=columns(self.columns, "t"),
            source=self.table.source,
        )

    def _copy_statement(self, how: str) -> Composed:
        return query(how, stage=self.identifier, columns=columns(self.columns))

    def _analyze_statement(self) -> Composed:
        return query("content/analyze_stage", stage=self.identifier)

    def _insert_statement(self) -> Composed:
        return query(
            "content/insert_rows",
            table=relation(self.table.name),
            source=self.table.source,
            stage=self.identifier,
            columns=columns(self.columns),
            new=columns(self.columns, "s"),
            overriding=SQL("OVERRIDING SYSTEM VALUE" if self.table.identity_always else ""),
            matches=self.table.matches("t", "s"),
            key_hash=key_hash(self.table.key_columns, "t", self.seed),
        )

    @property
    def changing_columns(self) -> list[str]:
        """Columns that an update gives the staged values."""
        return [c.name for c in self.table.columns if c.name not in self.table.key and c.identity != "a"]

    def _update_statement(self, changing: list[str]) -> Composed:
        assignments = SQL(", ").join(
            SQL("{} = {}").format(Identifier(name), Identifier("s", name)) for name in changing
        )
        return query(
            "content/update_rows",
            source=self.table.source,
            stage=self.identifier,
            assignments=assignments,
            matches=self.table.matches("t", "s"),
            old=columns(changing, "t"),
            new=columns(changing, "s"),
            no_collision=self._no_collision(),
        )

    def _no_collision(self) -> Composable:
        free = [
            SQL("NOT EXISTS (SELECT FROM {} AS o WHERE {} AND NOT ({}))").format(
                self.table.source, written(same_unique_value(key, "o", "s")), written(self.table.matches("o", "s"))
            )
            for key in self.table.unique_keys
        ]
        return SQL(" AND ").join(free) if free else SQL("true")

    def _count_statement(self, name: str, changing: list[str]) -> Composed:
        return query(
            name,
            stage=self.identifier,
            source=self.table.source,
            matches=self.table.matches("t", "s"),
            old=columns(changing, "t"),
            new=columns(changing, "s"),
        )

    def refuse_alike_keys(self) -> None:
        """Name the staged rows whose keys are, for production, the keys of rows that were taken for others.

        :raises PreflightFailed: there are some.
        """
        statement = query(
            "content/alike_keys",
            wanting=row_text(self.table.key, "s"),
            holding=row_text(self.table.key, "t"),
            stage=self.identifier,
            source=self.table.source,
            matches=self.table.matches("t", "s"),
            staged_hash=key_hash(self.table.key_columns, "s", self.seed),
            key_hash=key_hash(self.table.key_columns, "t", self.seed),
        )
        with self.joined():
            found = self.door.rows(_Alike, statement)
        if found:
            raise PreflightFailed(
                f"{self.table.name}: dev's row with key {found[0].wanting} is for production the row with key "
                f"{found[0].holding}" + (f", and {len(found) - 1} more" if len(found) > 1 else ""),
                hint="The key's collation or type holds them for equal. Give both rows the same key, letter by letter.",
                code="keys-alike",
            )

    def refuse_collisions(self) -> None:
        """Name the rows whose unique values another row has.

        :raises PreflightFailed: there are some.
        """
        for key in self.table.unique_keys:
            found = self._collisions(key)
            if found:
                raise PreflightFailed(
                    f"{self.table.name}: {_sentence(found[0], key)}"
                    + (f", and {len(found) - 1} more" if len(found) > 1 else ""),
                    hint=f"Give the rows different values of ({', '.join(key.columns)}), then try again.",
                    code="unique-collision",
                )

    def _collisions(self, key: UniqueKey) -> list[Collision]:
        statement = query(
            "content/collisions",
            stage=self.identifier,
            source=self.table.source,
            matches=self.table.matches("t", "s"),
            same_value=same_unique_value(key, "t", "s"),
            wanting=row_text(self.table.key, "s"),
            holding=row_text(self.table.key, "t"),
            value=row_text(key.columns, "s"),
        )
        with self.joined():
            return self.door.rows(Collision, statement)


def is_large_part(door: Door, rows: int, table: QualifiedName) -> bool:
    """Whether so many rows are looked up in a table that it may as well be read as a whole."""
    return rows * LARGE_PART >= estimated_rows(door, table)


@contextmanager
def whole_joins(door: Door) -> Iterator[None]:
    """A block whose statements join tables as wholes. One that fails ends the transaction, and the setting with it."""
    door.execute(query("content/set_nested_loops", value=SQL("off")))
    yield
    door.execute(query("content/set_nested_loops", value=SQL("on")))


def _sentence(collision: Collision, key: UniqueKey) -> str:
    wanted = f"({', '.join(key.columns)}) = {collision.value}"
    return f"the row with key {collision.wanting} wants {wanted}, which the row with key {collision.holding} has"


def row_text(names: tuple[str, ...], alias: str) -> Expression:
    """A key as PostgreSQL writes a row: ``(a,b)``."""
    return cast(record(value_of(alias, name) for name in names), "text")


def same_unique_value(key: UniqueKey, left: str, right: str) -> Expression:
    """The condition under which a unique index holds two rows for equal."""
    if not key.nulls_equal:
        return same(key.columns, left, right)
    # Of records NULLs are equal too (record_eq in rowtypes.c), and by such a condition tables can be joined as wholes,
    # as they cannot by IS NOT DISTINCT FROM.
    return equal(_record(key.columns, left), _record(key.columns, right))


def _record(names: tuple[str, ...], alias: str) -> Expression:
    """Columns as one value. The cast keeps PostgreSQL from comparing them one by one."""
    return cast(record(value_of(alias, name) for name in names), "record")
