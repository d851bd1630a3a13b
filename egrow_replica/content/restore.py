"""Putting content back to the baseline without harming what users did meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from egrow_replica.catalog import ContentTable, ForeignKey, Scope, key_hash
from egrow_replica.catalog.roles import RESTORE_ROLE
from egrow_replica.content.reconcile import Writer
from egrow_replica.content.staging import Stage
from egrow_replica.db import SQL, Composable, Door, Identifier, query, relation
from egrow_replica.errors import ValidationFailed
from egrow_replica.model import Model, QualifiedName
from egrow_replica.results import RestoredTable


@dataclass(frozen=True)
class Traces:
    """By what a row that the window made is recognised.

    :ivar made: noted key hashes, by table.
    :ivar origins: numbers of our origins.
    :ivar since: transaction id of the baseline; ``None`` where production does not track commits, so
        that only noted rows are recognised.
    """

    made: dict[QualifiedName, frozenset[int]]
    origins: frozenset[int]
    since: str | None


class _Extra(Model):
    key_hash: int
    origin: int | None


@dataclass
class _Restoring:
    """One table on its way back."""

    stage: Stage
    removable: set[int] = field(default_factory=set)
    local: int = 0
    reverted: int = 0
    removed: int = 0
    reinserted: int = 0
    kept: int = 0

    @property
    def report(self) -> RestoredTable:
        return RestoredTable(
            table=self.stage.table.name,
            reverted=self.reverted,
            removed=self.removed,
            reinserted=self.reinserted,
            kept_referenced=self.kept,
            locally_edited=self.local,
        )


class Restore:
    """Restoring all content tables inside the caller's transaction.

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
        """Write; the caller commits.

        :raises ValidationFailed: rows are referenced, and that was to stop it; nothing is committed.
        :raises PreflightFailed: a unique value of the baseline is taken.
        """
        tables = self._staged()
        for one in tables:
            one.reverted = one.stage.update()
        for one in tables:
            self._lock(one)
        self._keep_what_is_referenced(tables)
        for one in tables:
            self._remove(one)
        for one in tables:
            # A unique value that a removed row held is free only now.
            one.reverted += one.stage.update()
            one.stage.refuse_waiting()
        for one in tables:
            one.reinserted = len(one.stage.insert())
        return [one.report for one in tables]

    def foresee(self) -> list[RestoredTable]:
        """Count what :meth:`run` would do; only temporary tables are written."""
        tables = self._staged()
        for one in tables:
            one.reverted = one.stage.waiting()
            one.reinserted = one.stage.missing()
        self._keep_what_is_referenced(tables)
        for one in tables:
            one.removed = len(one.removable)
        return [one.report for one in tables]

    def _staged(self) -> list[_Restoring]:
        return [self._stage(position, table) for position, table in enumerate(self._scope.tables)]

    def _stage(self, position: int, table: ContentTable) -> _Restoring:
        stage = Stage(self._door, table, f"egrow_stage_{position}", self._seed, table.stored_columns)
        stage.create()
        stage.fill([self._files(table)], how="content/copy_file_in")
        one = _Restoring(stage)
        if self._traces.since is not None:
            one.local = stage.local_edits(self._traces.since)
        made = self._traces.made.get(table.name, frozenset())
        for extra in self._extras(stage):
            if extra.key_hash in made or extra.origin in self._traces.origins:
                one.removable.add(extra.key_hash)
            else:
                one.local += 1
        return one

    def _extras(self, stage: Stage) -> list[_Extra]:
        origin: Composable = SQL("NULL::pg_catalog.int4")
        if self._traces.since is not None:
            origin = SQL("(pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident::pg_catalog.int8")
        return self._door.rows(
            _Extra,
            query(
                "content/rows_not_staged",
                key_hash=self._key_hash(stage.table, "t"),
                origin=origin,
                source=stage.table.source,
                stage=stage.identifier,
                matches=stage.table.matches("t", "s"),
            ),
        )

    def _lock(self, one: _Restoring) -> None:
        if one.removable:
            self._door.execute(self._by_key("content/lock_rows", one.stage.table), [sorted(one.removable)])

    def _remove(self, one: _Restoring) -> None:
        if one.removable:
            statement = self._by_key("content/delete_rows", one.stage.table)
            one.removed = self._door.execute(statement, [sorted(one.removable)])

    def _by_key(self, name: str, table: ContentTable) -> Composable:
        return query(name, source=table.source, key_hash=self._key_hash(table, "t"))

    def _keep_what_is_referenced(self, tables: list[_Restoring]) -> None:
        """Take from the removable rows those that a remaining row references, until nothing changes."""
        self._writer.become_operator()  # who may read users' tables
        by_name = {one.stage.table.name: one for one in tables}
        changed = True
        while changed:
            changed = False
            for key in self._scope.foreign_keys:
                one = by_name.get(key.references)
                if one is not None and one.removable and (kept := self._referenced(key, one, by_name)):
                    one.removable -= kept
                    one.kept += len(kept)
                    changed = True
        self._writer.become(RESTORE_ROLE)
        if not self._keep_referenced:
            _refuse_kept(tables)

    def _referenced(self, key: ForeignKey, one: _Restoring, by_name: dict[QualifiedName, _Restoring]) -> set[int]:
        referencing = by_name.get(key.table)
        removed: Composable = SQL("false")
        parameters = [sorted(one.removable)]
        if referencing is not None and referencing.removable:
            removed = SQL("{} = ANY ($2::pg_catalog.int8[])").format(self._key_hash(referencing.stage.table, "r"))
            parameters.append(sorted(referencing.removable))
        matches = SQL(" AND ").join(
            SQL("{} = {}").format(Identifier("r", name), Identifier("t", referenced))
            for name, referenced in zip(key.columns, key.referenced_columns, strict=True)
        )
        statement = query(
            "content/referenced_rows",
            source=one.stage.table.source,
            key_hash=self._key_hash(one.stage.table, "t"),
            referencing=SQL("{}{}").format(SQL("" if key.partitioned else "ONLY "), relation(key.table)),
            matches=matches,
            removed=removed,
        )
        return {int(value) for value in self._door.values(statement, parameters)}

    def _key_hash(self, table: ContentTable, alias: str) -> Composable:
        return key_hash(table.key_columns, alias, self._seed)


def _refuse_kept(tables: list[_Restoring]) -> None:
    kept = {str(one.stage.table.name): one.kept for one in tables if one.kept}
    if kept:
        listed = ", ".join(f"{count} rows of {table}" for table, count in kept.items())
        raise ValidationFailed(
            f"users' rows reference what the window made: {listed}",
            hint="Keep these rows with --referenced keep, or see to the users' rows first.",
            code="referenced-rows",
        )


def recent_rows(
    door: Door, table: ContentTable, seed: int, since: str, origins: Sequence[int] | None = None
) -> list[int]:
    """Key hashes of the rows that were not written before the transaction id ``since``.

    :param origins: only through one of these; by whomever where ``None``.
    """
    name = "content/recent_rows" if origins is None else "content/recent_rows_of_origins"
    statement = query(name, key_hash=key_hash(table.key_columns, "t", seed), source=table.source)
    parameters: list[object] = [since] if origins is None else [since, list(origins)]
    return [int(value) for value in door.values(statement, parameters)]
