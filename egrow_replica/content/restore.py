"""Putting content back to the baseline without harming what users did meanwhile."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from egrow_replica.catalog import ContentTable, ForeignKey, Scope, key_hash, row_hash
from egrow_replica.content.foresight import Returning, dangling, unique_obstacles
from egrow_replica.content.own_columns import Overwritten
from egrow_replica.content.reconcile import Writer
from egrow_replica.content.staging import Stage, is_large_part, whole_joins
from egrow_replica.db import (
    SQL,
    Composable,
    Composed,
    Door,
    Identifier,
    columns,
    int8_array,
    query,
    relation,
    unpacked,
)
from egrow_replica.db.expressions import (
    Expression,
    any_of,
    array_parameter,
    cast,
    is_one_of,
    null,
    origin_of,
    points_at,
    shown_key,
    written,
)
from egrow_replica.db.queries import Part
from egrow_replica.errors import EgrowError, PreflightFailed, ValidationFailed
from egrow_replica.model import Model, QualifiedName
from egrow_replica.results import RestoredTable


@dataclass(frozen=True)
class Traces:
    """By what a row that the window made is recognised.

    :ivar made: noted key hashes, by table.
    :ivar origins: numbers of the origins that only the window can have written under.
    :ivar since: transaction id of the baseline; ``None`` where production does not track commits, so
        that only noted rows are recognised.
    :ivar overwritten: values of production's own columns that the window overwrote.
    """

    made: dict[QualifiedName, frozenset[int]]
    origins: Container[int]
    since: str | None
    overwritten: tuple[Overwritten, ...] = ()


@dataclass(frozen=True)
class AllBut(Container[int]):
    """Every number but some."""

    numbers: frozenset[int]

    def __contains__(self, number: object) -> bool:
        return number is not None and number not in self.numbers


class _Extras(Model):
    """Rows that the baseline does not have, of one origin; ``keys`` are packed."""

    origin: int | None
    keys: bytes


class _OverwrittenRow(Model):
    shown: str
    unchanged: bool


@dataclass
class _Restoring:
    """One table on its way back.

    :ivar own: how many of production's own values were put back.
    :ivar own_left: rows in which people have changed them since.
    :ivar removable: the window's rows, by key hash; ``kept``: those that are referenced, and ``parts`` of such rows.
    """

    stage: Stage
    removable: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    local: int = 0
    reverted: int = 0
    removed: int = 0
    reinserted: int = 0
    own: int = 0
    own_left: list[str] = field(default_factory=list)

    @property
    def report(self) -> RestoredTable:
        return RestoredTable(
            table=self.stage.table.name,
            reverted=self.reverted,
            removed=self.removed,
            reinserted=self.reinserted,
            kept_referenced=len(self.kept),
            kept_parts=len(self.parts),
            locally_edited=self.local,
            production_columns=self.own,
            production_columns_left=tuple(self.own_left),
        )


@dataclass(frozen=True)
class Foresight:
    """What a restore would do now, and each reason for which it would stop instead."""

    tables: list[RestoredTable]
    obstacles: list[EgrowError]


class Restore:
    """Restoring all content tables inside the caller's transaction.

    Of the rows that the window made only those are removed that nobody needs: not one that a remaining row references,
    and not one that is a part of such a row. A foreign key with ON DELETE CASCADE says that: who enrolled in a course
    of the window finds its lessons too.

    :param files: the baseline's rows of a table, as COPY wrote them.
    :param keep_referenced: keep rows that others reference; else stop.
    """

    def __init__(
        self,
        writer: Writer,
        scope: Scope,
        seed: int,
        traces: Traces,
        files: Callable[[ContentTable], Iterable[bytes]],
        *,
        keep_referenced: bool,
    ) -> None:
        self._writer = writer
        self._door = writer.door
        self._scope = scope
        self._seed = seed
        self._traces = traces
        self._files = files
        self._keep_referenced = keep_referenced

    def run(self) -> list[RestoredTable]:
        """Write, under the writer's role, which the caller has begun with; the caller commits.

        :raises ValidationFailed: rows are referenced, and that was to stop it; nothing is committed.
        :raises PreflightFailed: a unique value of the baseline is taken.
        """
        tables = self._staged()
        for one in tables:
            one.reverted = one.stage.update()
        for one in tables:
            self._lock(one)
        self._writer.become_operator()  # who may read users' tables
        self._keep(tables, _as_it_is)
        self._writer.become(self._writer.role)
        for error in self._kept_obstacles(tables):
            raise error
        for one in tables:
            self._remove(one)
        for one in tables:
            if one.removed and one.stage.table.unique_keys:
                # A unique value that a removed row held is free only now.
                one.reverted += one.stage.update()
            one.stage.refuse_waiting()
        for one in tables:
            one.reinserted = len(one.stage.insert())
        for one, own in self._overwritten(tables):
            with one.stage.joined():
                one.own += self._door.execute(self._own_statement("content/put_back_own", one, own), _hashes(own))
            one.own_left += [f"{row.shown} ({', '.join(own.names)})" for row in self._overwritten_rows(one, own)]
        return [one.report for one in tables]

    def foresee(self) -> Foresight:
        """What :meth:`run` would do; only temporary tables are written, and no row is locked.

        The caller's own role has to read users' tables too.
        """
        tables = self._staged()
        for one in tables:
            one.reverted = one.stage.waiting()
            one.reinserted = one.stage.missing()
        self._keep(tables, _as_it_will_be)
        for one, own in self._overwritten(tables):
            rows = self._overwritten_rows(one, own)
            one.own += sum(row.unchanged for row in rows)
            one.own_left += [f"{row.shown} ({', '.join(own.names)})" for row in rows if not row.unchanged]
        for one in tables:
            one.removed = len(one.removable)
        obstacles = [*self._kept_obstacles(tables), *self._obstacles(tables)]
        return Foresight([one.report for one in tables], obstacles)

    def _obstacles(self, tables: list[_Restoring]) -> Iterator[EgrowError]:
        returning = {one.stage.table.name: Returning(one.stage, one.removable) for one in tables}
        taken = [sentence for one in returning.values() for sentence in unique_obstacles(one)]
        if taken:
            yield PreflightFailed(
                "; ".join(taken), hint="Give the rows different values, then try again.", code="unique-collision"
            )
        for key in self._scope.foreign_keys:
            one = returning.get(key.table)
            rows = dangling(key, one, returning) if one is not None else []
            if rows:
                yield ValidationFailed(
                    f"{key.table}: {named(rows)} of the baseline point at rows of {key.references} that are gone "
                    f"({key.name})",
                    hint="See to these rows first; the content stays as it is.",
                    code="new-orphans",
                )

    def _overwritten(self, tables: list[_Restoring]) -> Iterator[tuple[_Restoring, Overwritten]]:
        by_name = {one.stage.table.name: one for one in tables}
        for own in self._traces.overwritten:
            one = by_name.get(own.table)
            always = any(column.identity == "a" for column in own.columns)  # takes no other value
            if one is not None and {*own.names} <= {*one.stage.columns} and not always:
                yield one, own

    def _overwritten_rows(self, one: _Restoring, own: Overwritten) -> list[_OverwrittenRow]:
        statement = self._own_statement("content/overwritten_rows", one, own)
        with one.stage.joined():
            return self._door.rows(_OverwrittenRow, statement, _hashes(own))

    def _own_statement(self, name: str, one: _Restoring, own: Overwritten) -> Composable:
        parts: dict[str, Part] = {
            "source": one.stage.table.source,
            "stage": one.stage.identifier,
            "matches": one.stage.table.matches("t", "s"),
            "key_hash": self._key_hash(one.stage.table, "t"),
            "value_hash": row_hash(own.columns, "t", self._seed),
            "old": columns(own.names, "t"),
            "new": columns(own.names, "s"),
        }
        if name == "content/overwritten_rows":
            return query(name, shown=shown_key("t", one.stage.table.key), **parts)
        assignments = SQL(", ").join(SQL("{} = {}").format(Identifier(c), Identifier("s", c)) for c in own.names)
        return query(name, assignments=assignments, **parts)

    def _staged(self) -> list[_Restoring]:
        return [self._stage(position, table) for position, table in enumerate(self._scope.tables)]

    def _stage(self, position: int, table: ContentTable) -> _Restoring:
        stage = Stage(self._door, table, f"egrow_stage_{position}", self._seed, table.stored_columns)
        stage.create()
        stage.fill(self._files(table), how="content/copy_file_in")
        one = _Restoring(stage)
        if self._traces.since is not None:
            one.local = stage.local_edits(self._traces.since)
        made = self._traces.made.get(table.name, frozenset())
        for extras in self._extras(stage):
            keys = unpacked([extras.keys])
            ours = keys if extras.origin in self._traces.origins else made.intersection(keys)
            one.removable.update(ours)
            one.local += len(keys) - len(ours)
        return one

    def _extras(self, stage: Stage) -> list[_Extras]:
        origin = origin_of("t") if self._traces.since is not None else cast(null(), "int4")
        statement = query(
            "content/rows_not_staged",
            key_hash=self._key_hash(stage.table, "t"),
            origin=origin,
            source=stage.table.source,
            stage=stage.identifier,
            matches=stage.table.matches("t", "s"),
        )
        with stage.joined():
            return self._door.rows(_Extras, statement)

    def _lock(self, one: _Restoring) -> None:
        if one.removable:
            self._door.execute(self._by_key("content/lock_rows", one.stage.table), [int8_array(one.removable)])

    def _remove(self, one: _Restoring) -> None:
        if one.removable:
            statement = self._by_key("content/delete_rows", one.stage.table)
            one.removed = self._door.execute(statement, [int8_array(one.removable)])

    def _by_key(self, name: str, table: ContentTable) -> Composable:
        return query(name, source=table.source, key_hash=self._key_hash(table, "t"))

    def _keep(self, tables: list[_Restoring], reading: _Reading) -> None:
        """Take from the removable rows those that a remaining row needs, until nothing changes."""
        by_name = {one.stage.table.name: one for one in tables}
        changed = True
        while changed:
            changed = False
            for key in self._scope.foreign_keys:
                target, source = by_name.get(key.references), by_name.get(key.table)
                if target is not None and target.removable:
                    kept = self._referenced(key, target, source, reading)
                    target.removable -= kept
                    target.kept |= kept
                    changed |= bool(kept)
                if key.owns and source is not None and target is not None and source.removable:
                    parts = self._parts(key, source, target)
                    source.removable -= parts
                    source.parts |= parts
                    changed |= bool(parts)

    def _referenced(
        self, key: ForeignKey, one: _Restoring, referencing: _Restoring | None, reading: _Reading
    ) -> set[int]:
        removed = any_of([])
        parameters = [int8_array(one.removable)]
        if referencing is not None and referencing.removable:
            removed = is_one_of(self._key_hash(referencing.stage.table, "r"), array_parameter(2, "int8"))
            parameters.append(int8_array(referencing.removable))
        statement = query(
            "content/referenced_rows",
            source=one.stage.table.source,
            key_hash=self._key_hash(one.stage.table, "t"),
            referencing=reading(key, referencing.stage if referencing is not None else None),
            matches=_references(key),
            removed=removed,
        )
        with self._looking_up(len(one.removable), key.table):
            return {int(value) for value in self._door.values(statement, parameters)}

    def _parts(self, key: ForeignKey, one: _Restoring, owner: _Restoring) -> set[int]:
        stays = owner.kept | owner.parts
        if not stays:
            return set()
        statement = parts_statement(key, one.stage.table, owner.stage.table, self._seed)
        parameters = [int8_array(one.removable), int8_array(stays)]
        with self._looking_up(len(one.removable), owner.stage.table.name):
            return {int(value) for value in self._door.values(statement, parameters)}

    def _looking_up(self, rows: int, table: QualifiedName) -> AbstractContextManager[None]:
        """A block that looks for so many rows' relatives in another table: each by index, or all in one reading."""
        return whole_joins(self._door) if is_large_part(self._door, rows, table) else nullcontext()

    def _kept_obstacles(self, tables: list[_Restoring]) -> Iterator[EgrowError]:
        kept = {str(one.stage.table.name): len(one.kept) for one in tables if one.kept}
        if kept and not self._keep_referenced:
            listed = ", ".join(f"{count} rows of {table}" for table, count in kept.items())
            yield ValidationFailed(
                f"users' rows reference what the window made: {listed}",
                hint="Keep these rows with --referenced keep, or see to the users' rows first.",
                code="referenced-rows",
            )

    def _key_hash(self, table: ContentTable, alias: str) -> Expression:
        return key_hash(table.key_columns, alias, self._seed)


#: Where the rows of a foreign key's table are looked for, and its stage where it is content.
_Reading = Callable[[ForeignKey, Stage | None], Composable]


def _as_it_is(key: ForeignKey, stage: Stage | None) -> Composable:
    return SQL("{}{}").format(SQL("" if key.partitioned else "ONLY "), relation(key.table))


def _as_it_will_be(key: ForeignKey, stage: Stage | None) -> Composable:
    """The table as it would be once its rows have their staged values."""
    if stage is None or not {*key.columns} <= {*stage.columns}:
        return _as_it_is(key, stage)
    names = tuple(dict.fromkeys((*stage.table.key, *key.columns)))
    return SQL(
        "(SELECT {} FROM {} AS n WHERE NOT EXISTS (SELECT FROM pg_temp.{} AS s WHERE {})"
        " UNION ALL SELECT {} FROM pg_temp.{} AS b)"
    ).format(
        columns(names, "n"),
        _as_it_is(key, stage),
        stage.identifier,
        written(stage.table.matches("n", "s")),
        columns(names, "b"),
        stage.identifier,
    )


def _hashes(own: Overwritten) -> list[list[int]]:
    return [list(own.key_hashes), list(own.value_hashes)]


def _references(key: ForeignKey) -> Expression:
    return points_at(key.columns, key.referenced_columns, "r", "t")


def parts_statement(key: ForeignKey, table: ContentTable, owner: ContentTable, seed: int) -> Composed:
    """What asks which rows of a table, ``$1``, are parts of rows of another, ``$2``."""
    return query(
        "content/parts_of_kept",
        source=table.source,
        key_hash=key_hash(table.key_columns, "r", seed),
        kept=owner.source,
        kept_hash=key_hash(owner.key_columns, "t", seed),
        matches=_references(key),
    )


def named(rows: Sequence[str], limit: int = 3) -> str:
    """Some keys, and how many more there are."""
    more = f" and {len(rows) - limit} more" if len(rows) > limit else ""
    return f"rows {', '.join(rows[:limit])}{more}"


def recent_rows(
    door: Door, table: ContentTable, seed: int, since: str, origins: Sequence[int] | None = None
) -> array[int]:
    """Key hashes of the rows that were not written before the transaction id ``since``.

    :param origins: only through one of these; by whomever where ``None``.
    """
    name = "content/recent_rows" if origins is None else "content/recent_rows_of_origins"
    statement = query(name, key_hash=key_hash(table.key_columns, "t", seed), source=table.source)
    parameters: list[object] = [since] if origins is None else [since, list(origins)]
    return door.numbers(statement, parameters)
